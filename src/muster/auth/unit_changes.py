"""Changes of the list of business units that change what users may send and read; they need a confirmation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from muster.auth.users import User


class UnitEffect(StrEnum):
    """What a change does to users.

    `ONLY` opens the only unit that is left to all users without units, also to those of an OpenID provider.
    """

    ONLY = auto()
    OPENED = auto()
    TAKEN = auto()


@dataclass(frozen=True, slots=True)
class UnitChange:
    """One unit, and the names of the users who gain or lose it."""

    effect: UnitEffect
    unit: str
    users: Sequence[str]


def find_unit_changes(before: frozenset[str], after: frozenset[str], users: Sequence[User]) -> Iterator[UnitChange]:
    """What users gain and lose by a change of the installation's business units.

    Silent about units that a user without units loses when the installation gets a second one: nothing is opened.
    """
    if len(after) == 1 != len(before):
        without = [user.name for user in users if not user.business_units]
        yield UnitChange(UnitEffect.ONLY, min(after), without)
    for unit in sorted(before ^ after):
        holders = [user.name for user in users if unit in user.business_units]
        if holders:
            yield UnitChange(UnitEffect.OPENED if unit in after else UnitEffect.TAKEN, unit, holders)
