"""Authorization: what each role permits."""

from dataclasses import dataclass
from typing import Final

from muster.auth.users import Role, User


@dataclass(frozen=True, slots=True)
class Permission:
    """Permits an action to users with one of these roles, and to every `admin`. `action` completes "may not ..."."""

    action: str
    roles: Role

    def is_granted(self, user: User) -> bool:
        return bool(user.roles & (self.roles | Role.ADMIN))


SUBMIT_BATCHES: Final = Permission("submit batches", Role.SUBMIT)  # to either endpoint
SUBMIT_LOADS: Final = Permission("load files", Role.SUBMIT)
READ_CUSTOMERS: Final = Permission("read customers", Role.READ)
# `records` decides which of them the user sees.
READ_RECORDS: Final = Permission("read batches and communications", Role.SUBMIT | Role.READ)
READ_AUDIT: Final = Permission("read the audit log", Role.AUDIT)
READ_METRICS: Final = Permission("read the metrics", Role.WATCH)
ADMINISTER: Final = Permission("administer users and code lists", Role.ADMIN)
