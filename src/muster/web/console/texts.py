"""Texts for people that code makes, in English; a template translates them when it shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TranslatableText:
    """A message, the key of a catalogue, and the values of its placeholders, such as `%(seconds)s`."""

    message: str
    values: Mapping[str, object] = field(default_factory=dict)


def text(message: str, **values: object) -> TranslatableText:
    """A text with these values. Tools find messages by the name of this function."""
    return TranslatableText(message, values)
