"""The codes of ISO: current ones from a library, and those that a version of muster has ever known from a file.

`iso_codes.csv` only grows: a code that the library no longer has is a retired one (decision 13).
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import pycountry

from muster.classifiers.entries import ClassifierEntry, parse_entries

# Codes that an installation adds have the form of ISO's, so that clients which check the form take them.
CODE_LENGTHS: Final = {"country": 2, "currency": 3}  # capital letters
ISO_CLASSIFIERS: Final = tuple(CODE_LENGTHS)


def iso_entries() -> Sequence[ClassifierEntry]:
    """The current countries by ISO 3166-1 alpha-2 and currencies by ISO 4217, sorted."""
    countries = (ClassifierEntry("country", country.alpha_2, country.name) for country in pycountry.countries)
    currencies = (ClassifierEntry("currency", currency.alpha_3, currency.name) for currency in pycountry.currencies)
    return sorted((*countries, *currencies), key=lambda entry: (entry.classifier, entry.code))


def is_iso_code(classifier: str, code: str) -> bool:
    """Whether the code is a current one of ISO."""
    if classifier == "country":
        return pycountry.countries.get(alpha_2=code) is not None
    return pycountry.currencies.get(alpha_3=code) is not None


@cache
def known_iso_entries() -> Sequence[ClassifierEntry]:
    """The codes that a version of muster has ever known, with the title of the latest one."""
    return parse_entries(files("muster.classifiers").joinpath("iso_codes.csv").read_text(encoding="utf-8"))
