"""Business units: which one applies to a customer, by the sender's rights."""

from collections.abc import Sequence
from dataclasses import dataclass

from muster.customer import errors
from muster.customer.errors import Error


@dataclass(frozen=True, slots=True)
class BusinessUnits:
    """The units of the installation and the sender's part in them.

    An installation with one unit is a single organization: the unit applies to everybody. With several, a sender has
    the units that were given to it, and the first of them is its default.
    """

    existing: frozenset[str]
    allowed: frozenset[str]
    default: str | None

    @classmethod
    def for_user(cls, existing: frozenset[str], granted: Sequence[str]) -> "BusinessUnits":
        if len(existing) == 1:
            return cls(existing, existing, next(iter(existing)))
        # A default that the installation has no longer is none: another unit would take in customers unasked.
        default = granted[0] if granted and granted[0] in existing else None
        return cls(existing, existing.intersection(granted), default)

    def refusal(self, unit: str | None) -> Error | None:
        """Why a customer may not be taken into `unit`, the one sent or the default; None when it may."""
        if unit is None:
            return errors.UNIT_MISSING
        if unit not in self.existing:
            return errors.UNIT_UNKNOWN
        return None if unit in self.allowed else errors.UNIT_NOT_ALLOWED
