"""`muster user`: adds, lists and changes users."""

from typing import Annotated, Any, Final

import typer

from muster.auth.administration import UserAdministration
from muster.auth.passwords import hash_password
from muster.auth.users import (
    ROLES_BY_NAME,
    ChangeOutcome,
    User,
    UserExistsError,
    combine_roles,
    get_role_names,
)
from muster.classifiers.entries import ClassifierStore
from muster.cli import examples
from muster.cli.context import get_operator, open_command_storage
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database, PasswordStdin, UserName
from muster.cli.output import print_note, print_table
from muster.cli.prompt import prompt_new_password

app = typer.Typer(help="Users, their roles and their business units.")

_ROLE_HELP: Final = (
    "`submit` posts batches, `read` reads customers and batches, `watch` reads the metrics, `audit` reads the audit "
    "log over HTTP, `admin` does all; repeat it for more roles, or use commas"
)


def _split_roles(names: list[str] | None) -> list[str]:
    return [name.strip() for text in names or () for name in text.split(",")]


def _check_roles(names: list[str] | None) -> list[str] | None:
    for name in _split_roles(names):
        if name not in ROLES_BY_NAME:
            raise typer.BadParameter(f"{name!r} is no role; the roles are {', '.join(ROLES_BY_NAME)}")
    return names


def _roles_option(name: str, meaning: str) -> Any:
    return typer.Option(name, metavar="ROLE", help=meaning, show_default=False, callback=_check_roles)


RoleOption = Annotated[list[str] | None, _roles_option("--role", _ROLE_HELP)]
UnitsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--business-unit",
        metavar="CODE",
        help="a unit whose customers the user may send; repeat it for more units, the first is the default",
        show_default=False,
    ),
]
NewRoles = Annotated[
    list[str] | None,
    _roles_option("--role", "the new roles, which replace all old ones; repeat it for more roles, or use commas"),
]
AddedRoles = Annotated[list[str] | None, _roles_option("--add-role", "a role that the user gets beside its others")]
RemovedRoles = Annotated[list[str] | None, _roles_option("--remove-role", "a role that the user loses")]
NewUnits = Annotated[
    list[str] | None,
    typer.Option(
        "--business-unit",
        metavar="CODE",
        help="the new units, which replace all old ones; repeat it for more units, the first is the default",
        show_default=False,
    ),
]


@app.command("add", epilog=examples.format_examples("user add"))
def add(
    name: UserName,
    role: RoleOption = None,
    business_unit: UnitsOption = None,
    password_stdin: PasswordStdin = False,
    database: Database = None,
) -> None:
    """Adds a user."""
    if not role:
        raise UsageError(f"the option --role is missing; choose from {', '.join(ROLES_BY_NAME)}")
    roles = combine_roles(_split_roles(role))
    units = tuple(dict.fromkeys(business_unit or ()))
    with open_command_storage(database, create=True) as store:
        if store.users.user(name) is not None:
            raise _user_exists(name)
        _check_units(store.classifiers, units)
        password_hash = hash_password(prompt_new_password(from_stdin=password_stdin))
        try:
            UserAdministration(store.users, get_operator()).add_user(User(name, roles, units, password_hash))
        except UserExistsError:
            raise _user_exists(name) from None
    print_note(f"added the user {name}")


@app.command("list", epilog=examples.format_examples("user list"))
def list_users(database: Database = None) -> None:
    """Lists the users: name, roles, business units, state."""
    with open_command_storage(database) as store:
        rows = [
            (
                user.name,
                ",".join(get_role_names(user.roles)),
                ",".join(user.business_units),
                "disabled" if user.disabled else "active",
            )
            for user in store.users.users()
        ]
    print_table(("Name", "Roles", "Business units", "State"), rows)


@app.command("change", epilog=examples.format_examples("user change"))
def change(
    name: UserName,
    role: NewRoles = None,
    add_role: AddedRoles = None,
    remove_role: RemovedRoles = None,
    business_unit: NewUnits = None,
    database: Database = None,
) -> None:
    """Changes the roles or the business units of a user, from the next request on."""
    if not (role or add_role or remove_role or business_unit):
        raise UsageError("nothing to change; give --role, --add-role, --remove-role or --business-unit")
    with open_command_storage(database) as store:
        user = store.users.user(name)
        if user is None:
            raise unknown_user(name)
        units = tuple(dict.fromkeys(business_unit)) if business_unit else user.business_units
        _check_units(store.classifiers, units)
        roles = combine_roles(_split_roles(role)) if role else user.roles
        roles = (roles | combine_roles(_split_roles(add_role))) & ~combine_roles(_split_roles(remove_role))
        if not roles:
            raise CommandError(f"user {name!r} needs a role; `muster user disable {name}` disables it")
        UserAdministration(store.users, get_operator()).set_rights(name, roles, units)
    print_note(f"changed the user {name}{_still_disabled(user)}")


@app.command("disable", epilog=examples.format_examples("user disable"))
def disable(name: UserName, database: Database = None) -> None:
    """Disables a user; its password and tokens stop working with the next request."""
    with open_command_storage(database) as store:
        outcome = UserAdministration(store.users, get_operator()).disable_user(name)
    if outcome is ChangeOutcome.NOT_FOUND:
        raise unknown_user(name)
    print_note(
        f"disabled the user {name}" if outcome is ChangeOutcome.CHANGED else f"the user {name} was already disabled"
    )


@app.command("enable", epilog=examples.format_examples("user enable"))
def enable(name: UserName, database: Database = None) -> None:
    """Enables a disabled user; its password and unrevoked tokens work again."""
    with open_command_storage(database) as store:
        outcome = UserAdministration(store.users, get_operator()).enable_user(name)
    if outcome is ChangeOutcome.NOT_FOUND:
        raise unknown_user(name)
    print_note(f"enabled the user {name}" if outcome is ChangeOutcome.CHANGED else f"the user {name} was not disabled")


@app.command("password", epilog=examples.format_examples("user password"))
def password(name: UserName, password_stdin: PasswordStdin = False, database: Database = None) -> None:
    """Sets a new password; the old one stops working at once."""
    with open_command_storage(database) as store:
        user = store.users.user(name)
        if user is None:
            raise unknown_user(name)
        password_hash = hash_password(prompt_new_password(from_stdin=password_stdin))
        if not UserAdministration(store.users, get_operator()).set_password(name, password_hash):
            raise unknown_user(name)
    print_note(f"changed the password of {name}{_still_disabled(user)}")


def unknown_user(name: str) -> CommandError:
    return CommandError(f"user {name!r} does not exist; `muster user list` lists the users")


def _still_disabled(user: User) -> str:
    return f"; it is still disabled, `muster user enable {user.name}` enables it" if user.disabled else ""


def _user_exists(name: str) -> CommandError:
    return CommandError(f"user {name!r} already exists; change it with `muster user change {name}`")


def _check_units(classifiers: ClassifierStore, units: tuple[str, ...]) -> None:
    existing = {entry.code for entry in classifiers.entries()[1] if entry.classifier == "businessUnit"}
    for unit in units:
        if unit not in existing:
            raise CommandError(
                f"business unit {unit!r} does not exist; `muster classifier list businessUnit` lists them"
            )
    if not units and len(existing) > 1:
        print_note("the user has no business unit; assign one with `muster user change NAME --business-unit CODE`")
