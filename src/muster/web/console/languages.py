"""Languages of the console: English, and those that a compiled catalogue in `locale/` has.

CONTRIBUTING says how to add one. Texts that a catalogue lacks stay in English.
"""

import gettext
import re
from functools import cache
from pathlib import Path
from typing import Final

ENGLISH: Final = "en"
DOMAIN: Final = "console"
LOCALE: Final = Path(__file__).parent / "locale"
_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?", re.ASCII
)
_MAX_RANGES: Final = 20


def choose_language(accept_language: str, locale: Path = LOCALE) -> str:
    """The known language that the header `Accept-Language` prefers (RFC 9110, 12.5.4); English without one."""
    found = [_RANGE.fullmatch(part) for part in accept_language.split(",")[:_MAX_RANGES]]
    ranges = [(float(match[2] or 1), match[1]) for match in found if match]
    # Sorting is stable: of equal weights the first one counts.
    for weight, tag in sorted(ranges, key=lambda pair: -pair[0]):
        language = tag.partition("-")[0].lower()
        if weight > 0 and (language == ENGLISH or language in _find_languages(locale)):
            return language
    return ENGLISH


def load_translations(language: str, locale: Path = LOCALE) -> gettext.NullTranslations:
    """The catalogue of a language; an empty one for English."""
    return gettext.translation(DOMAIN, locale, [language], fallback=True)


@cache
def _find_languages(locale: Path) -> frozenset[str]:
    return frozenset(path.parts[-3] for path in locale.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
