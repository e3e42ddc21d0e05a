"""The main navigation: the pages that a user finds from everywhere, by what its roles permit."""

from dataclasses import dataclass
from typing import Final

from muster.auth.authorization import (
    ADMINISTER,
    READ_AUDIT,
    READ_CUSTOMERS,
    READ_RECORDS,
    SUBMIT_LOADS,
    Permission,
)
from muster.auth.users import User
from muster.web.console.texts import TranslatableText, text


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A link of the navigation. `section` is what the pages below it give as their own."""

    section: str
    path: str
    title: TranslatableText
    permission: Permission | None

    def is_open_to(self, user: User) -> bool:
        return self.permission is None or self.permission.is_granted(user)


NAVIGATION: Final = (
    NavigationEntry("overview", "/console/", text("Overview"), None),
    NavigationEntry("batches", "/console/batches", text("Batches"), READ_RECORDS),
    NavigationEntry("loads", "/console/loads", text("Loads of files"), READ_RECORDS),
    NavigationEntry("load-file", "/console/load-file", text("Load a file"), SUBMIT_LOADS),
    NavigationEntry("refused", "/console/refused", text("Refused customers"), READ_RECORDS),
    NavigationEntry("customers", "/console/customers", text("Customers"), READ_CUSTOMERS),
    NavigationEntry("code-lists", "/console/code-lists", text("Code lists"), None),
    NavigationEntry("users", "/console/users", text("Users"), ADMINISTER),
    NavigationEntry("audit", "/console/audit", text("Audit log"), READ_AUDIT),
    NavigationEntry("help", "/console/help", text("Help"), None),
)
