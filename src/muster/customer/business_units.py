"""Business units: the unit that a customer belongs to, by the units of the user who sends it."""

from collections.abc import Sequence
from dataclasses import dataclass

from muster.customer import errors
from muster.customer.errors import Error


@dataclass(frozen=True, slots=True)
class BusinessUnits:
    """The units of the installation, those that one user may use, and the user's default.

    An installation with one unit is a single organization: its unit applies to every user, except for users who were
    granted other units. With several units, a user has the units that were granted, and the first of them is the
    default. A user whose units exist no longer has none: other customers must not open to it.
    """

    existing: frozenset[str]
    allowed: frozenset[str]
    default: str | None

    @classmethod
    def for_user(cls, existing: frozenset[str], granted: Sequence[str]) -> "BusinessUnits":
        if len(existing) == 1 and (not granted or existing.intersection(granted)):
            return cls(existing, existing, next(iter(existing)))
        # A default unit that no longer exists is not replaced by the next one: customers would silently change unit.
        default = granted[0] if granted and granted[0] in existing else None
        return cls(existing, existing.intersection(granted), default)

    def find_error(self, unit: str | None) -> Error | None:
        """The error of a customer in `unit` (the one that was sent, or the default); None when the user may use it."""
        if unit is None:
            return errors.UNIT_MISSING
        if unit not in self.existing:
            return errors.UNIT_UNKNOWN
        return None if unit in self.allowed else errors.UNIT_NOT_ALLOWED
