"""What senders do wrong: mistakes, for which a customer is refused, and doubts, which only give a warning.

How often each of them occurs is a guess at a real installation: identifiers and codes lead, structure is rare.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from muster.sample_data.customers import Customer

Spoil = Callable[[Customer], None]


@dataclass(frozen=True, slots=True)
class Flaw:
    """A change of a valid customer, and the code that the checker then gives.

    `weight` says how often it occurs beside the others; `only_for` is an entityType.
    """

    code: str
    weight: int
    spoil: Spoil
    only_for: str | None = None


def _set(*path: str | int, value: object) -> Spoil:
    def spoil(customer: Customer) -> None:
        *parents, last = path
        place: object = customer
        for step in parents:
            place = place[step]  # type: ignore[index]  # the makers say what is there
        place[last] = value  # type: ignore[index]

    return spoil


def _set_all(*spoils: Spoil) -> Spoil:
    def spoil(customer: Customer) -> None:
        for each in spoils:
            each(customer)

    return spoil


MISTAKES: Final = (
    Flaw("C016.I02", 14, _set("lastName", value=""), "INDIVIDUAL"),
    Flaw("C018", 12, _set("birthDate", value="31.12.1984"), "INDIVIDUAL"),
    Flaw("C012", 9, _set("applicationDate", value=None)),
    Flaw("C012", 6, _set("applicationDate", value="2026-02-30")),
    Flaw("Q004.ADR02", 13, _set("listAddress", 0, "country", value="UK")),
    Flaw("C016.I06", 8, _set("citizenshipCountry", value="LTU"), "INDIVIDUAL"),
    Flaw("C007", 6, _set("riskManagementCategory", value="RETAIL")),
    Flaw("C008.I02", 4, _set("riskManagementCategory", value="LEAD_IND"), "INDIVIDUAL"),
    Flaw("C017.O02", 5, _set("legalForm", value="GMBH"), "ORGANIZATION"),
    Flaw("C013", 4, _set("customerStatus", value="CLOSED")),
    Flaw("C014", 3, _set("title", value="Pavyzdys"), "INDIVIDUAL"),
    Flaw("C011", 3, _set("customerStatus", value="Aktyvus")),
    Flaw("C017.C016.RE01", 3, _set("listRelatedEntity", 0, "relationType", value="CEO"), "ORGANIZATION"),
    Flaw("Q001.Co2", 3, _set("listContact", 0, "contactDetails", value="")),
    Flaw("001", 2, _set("communicationNumber", value=" ")),
    Flaw(
        "C016.I02",
        3,
        _set_all(
            _set("lastName", value=None),
            _set("birthDate", value="1990-13-01"),
            _set("listAddress", 0, "country", value="EN"),
        ),
        "INDIVIDUAL",
    ),
)

DOUBTS: Final = (
    Flaw("W001", 8, _set("isPep", value=False)),
    Flaw("W004", 5, _set("listBusinessEntityDocument", 0, "documentExpiryDate", value="1999-12-31")),
    Flaw("W007", 5, _set("nationalCode", value=10000017), "INDIVIDUAL"),
    Flaw("W005", 3, _set("listRelatedEntity", 1, "share", value=140), "ORGANIZATION"),
    Flaw("W008", 2, _set("lei", value="LEI54511548"), "ORGANIZATION"),
    Flaw("W009", 3, _set("riskLevel", value=None)),
)


def add_flaw(customer: Customer, flaws: Sequence[Flaw], random: Random) -> Flaw:
    """Gives the customer one of the flaws that its type can have."""
    fitting = [flaw for flaw in flaws if flaw.only_for in (None, customer["entityType"])]
    flaw = random.choices(fitting, [each.weight for each in fitting])[0]
    flaw.spoil(customer)
    return flaw
