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
    """Which records a user may see, with all its roles together.

    A customer is visible in `units`, and if `sent_by` sent it. A batch is visible if `sender` sent it. None stands for
    all units or all senders.
    """

    units: frozenset[str] | None = None
    sent_by: str = ""  # no user has an empty name
    sender: str | None = None

    @classmethod
    def for_user(cls, user: User, existing: frozenset[str]) -> "Visibility":
        """`admin` sees everything, `read` the customers of its units, `submit` what it sent itself, others see nothing.

        Batches themselves (sender, time, counts) are visible to every reader: they contain no customer data.
        """
        if Role.ADMIN in user.roles:
            return cls()
        is_reader = Role.READ in user.roles
        sent_by = user.name if Role.SUBMIT in user.roles else ""
        units = BusinessUnits.for_user(existing, user.business_units).allowed if is_reader else frozenset()
        return cls(units, sent_by, None if is_reader else sent_by)

    def includes_sender(self, sender: str) -> bool:
        return self.sender is None or self.sender == sender

    def includes(self, *, sender: str, unit: str | None) -> bool:
        """Whether a customer is visible; `unit` is None for a rejected customer without a known unit."""
        return self.units is None or sender == self.sent_by or unit in self.units


def select_unit(requested: str | None, user: User, existing: frozenset[str]) -> str | None:
    """The business unit that a request refers to, or None when the user may not see it.

    Without a requested unit, the default unit of the user applies. Raises `UnitRequiredError`.
    """
    is_admin = Role.ADMIN in user.roles
    units = BusinessUnits.for_user(existing, () if is_admin else user.business_units)
    unit = units.default if requested is None else requested
    if unit is None:
        if len(existing) > 1:
            raise UnitRequiredError
        return None  # the user's units exist no longer
    # Admins may read units that the installation no longer has.
    return unit if is_admin or unit in units.allowed else None
