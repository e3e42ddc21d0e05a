"""What a user may see of the records: rules by role and by business unit."""

from collections.abc import Callable
from dataclasses import dataclass

from muster.auth.users import Role, User
from muster.customer import BusinessUnits

UnitSource = Callable[[], frozenset[str]]  # the business units that the installation has now


class UnitRequiredError(Exception):
    """The installation has several business units, and neither the request nor the user selects one."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """Which customers a user may see: those in `units` that `sender` sent. None stands for all units or all senders."""

    units: frozenset[str] | None = None
    sender: str | None = None

    @classmethod
    def for_user(cls, user: User, existing: frozenset[str]) -> "Visibility":
        """`admin` sees everything, `read` the customers of its units, `submit` what it sent itself, `watch` nothing.

        Batches themselves (sender, time, counts) are visible to every reader: they contain no customer data.
        """
        match user.role:
            case Role.ADMIN:
                return cls()
            case Role.READ:
                return cls(units=BusinessUnits.for_user(existing, user.business_units).allowed)
            case Role.SUBMIT:
                return cls(sender=user.name)
            case Role.WATCH:
                return cls(units=frozenset(), sender="")  # no user has an empty name

    def includes_sender(self, sender: str) -> bool:
        return self.sender is None or self.sender == sender

    def includes(self, *, sender: str, unit: str | None) -> bool:
        """Whether a customer is visible; `unit` is None for a rejected customer without a known unit."""
        return self.includes_sender(sender) and (self.units is None or unit in self.units)


def select_unit(requested: str | None, user: User, existing: frozenset[str]) -> str | None:
    """The business unit that a request refers to, or None when the user may not see it.

    Without a requested unit, the default unit of the user applies. Raises `UnitRequiredError`.
    """
    is_admin = user.role is Role.ADMIN
    units = BusinessUnits.for_user(existing, () if is_admin else user.business_units)
    unit = units.default if requested is None else requested
    if unit is None:
        if len(existing) > 1:
            raise UnitRequiredError
        return None  # the user's units exist no longer
    # Admins may read units that the installation no longer has.
    return unit if is_admin or unit in units.allowed else None
