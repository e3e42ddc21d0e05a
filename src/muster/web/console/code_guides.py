"""What the codes of refused customers mean and how to mend them, in words for pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.customer.error_guide import get_guide, get_text
from muster.customer.error_order import ERROR_ROWS
from muster.customer.error_prefix import RELATED_CODES
from muster.customer.errors import Error
from muster.customer.fields import iterate_fields
from muster.loads.mapping.field_paths import format_path
from muster.loads.row_errors import ROW_ERRORS

HELP_PATH: Final = "/console/help/errors"
# Reference pages and those of the console with the same anchors.
_PAGES: Final = {"fields": "/console/help/fields", "errors": HELP_PATH}
_CLASSIFIERS: Final = {f"#{name.lower()}": name for name in CLASSIFIER_NAMES}
# The Markdown of the reference: code, and links to its pages.
_MARKUP: Final = re.compile(
    r"`(?P<code>[^`]+)`|\[(?P<text>[^\]]+)\]\((?:(?P<page>[a-z]+)\.md)?(?P<anchor>#[A-Za-z0-9]+)?\)"
)
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_INDEX: Final = re.compile("[0-9]{1,6}", re.ASCII)
_ELLIPSIS: Final = "…"
# A sender names unknown fields as it likes, and a page has hundreds of texts.
_MAX_LENGTH: Final = 300
_STEPS_BEFORE_FIELD: Final = 2  # `customers` and the index of the customer


class Span(NamedTuple):
    """A piece of a text: code, a link, or neither."""

    text: str
    is_code: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """One of the errors that have a code, and the names of the fields that have it.

    `meaning` and `cure` are for `split_markup`.
    """

    text: str
    meaning: str
    cause: str
    cure: str
    fields: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """The text without its placeholders."""
        return _PLACEHOLDER.sub(_ELLIPSIS, self.text)


class FoundViolation(NamedTuple):
    """A rule that a customer breaks: its code, its text, and the field as the header of a file names it."""

    code: str
    text: str
    field: str


def get_meanings(code: str) -> Sequence[CodeMeaning]:
    """The errors that have a code; none for a code of another version."""
    return _build_meanings().get(code, ())


def describe_violation(code: str, pointer: str, description: str | None = None) -> FoundViolation:
    """A violation from its code and the JSON pointer to its place in the request.

    `description` is the text as it was sent. Without it, the text is that of the catalogue, with what the pointer tells
    in place of the placeholders; a code with several texts has all of them.
    """
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]][_STEPS_BEFORE_FIELD:]
    path = tuple(int(step) if _INDEX.fullmatch(step) else step for step in steps)
    if description is None:
        meanings = get_meanings(code)
        of_field = [meaning for meaning in meanings if path and path[-1] in meaning.fields]
        texts = dict.fromkeys(_fill(meaning.text, code, path) for meaning in of_field or meanings)
        description = " / ".join(texts)
    return FoundViolation(code, cut_text(description), cut_text(format_path(path)))


def cut_text(text: str, length: int = _MAX_LENGTH) -> str:
    """The beginning of a text that a sender can make as long as it likes."""
    return text if len(text) <= length else f"{text[:length]}{_ELLIPSIS}"


def split_markup(markup: str) -> list[Span]:
    """The pieces of a meaning or a cure."""
    spans: list[Span] = []
    end = 0
    for found in _MARKUP.finditer(markup):
        spans.append(Span(markup[end : found.start()]))
        end = found.end()
        if found["code"]:
            spans.append(Span(found["code"], is_code=True))
        else:
            spans.append(Span(found["text"], link=_find_link(found["page"], found["anchor"] or "")))
    return [span for span in [*spans, Span(markup[end:])] if span.text]


def _find_link(page: str | None, anchor: str) -> str:
    """The page of the console for one of the reference; without a page, the anchor on the same one."""
    if page == "classifiers":
        return f"/console/code-lists/{_CLASSIFIERS[anchor]}"
    return f"{_PAGES.get(page or '', '')}{anchor}"


def _fill(template: str, code: str, path: tuple[str | int, ...]) -> str:
    names = [step for step in path if isinstance(step, str)]
    indexes = [str(step) for step in path if isinstance(step, int)]
    name = names[-1] if names else _ELLIPSIS
    known = {
        "Field": name[:1].upper() + name[1:],
        "NAME": name,
        "ENTITYTYPE": next((of for of, start in RELATED_CODES.items() if code.startswith(start)), _ELLIPSIS),
        **dict(zip("ij", indexes, strict=False)),
    }
    return _PLACEHOLDER.sub(lambda found: known.get(found[1], _ELLIPSIS), template)


@cache
def _build_meanings() -> dict[str, list[CodeMeaning]]:
    fields: dict[Error, set[str]] = {}
    for _, field in iterate_fields():
        for error in (field.error, field.absent_error, *field.errors.values()):
            if error is not None:
                fields.setdefault(error, set()).add(field.name)
    meanings: dict[str, list[CodeMeaning]] = {}
    for row in ERROR_ROWS:
        for error in row.errors:
            guide = get_guide(error, row.prefix)
            meaning = CodeMeaning(
                get_text(error, row.prefix), guide.meaning, error.when, guide.cure, frozenset(fields.get(error, ()))
            )
            for code in row.prefix.list_codes(error):
                known = meanings.setdefault(code, [])
                if meaning not in known:
                    known.append(meaning)
    for row_error in ROW_ERRORS:
        cure = f"{row_error.cure[0].upper()}{row_error.cure[1:]}."
        meanings[row_error.code] = [CodeMeaning(row_error.text, "", "", cure)]
    return meanings
