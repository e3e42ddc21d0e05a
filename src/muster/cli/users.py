"""`muster user`: adds, lists and changes users."""

from typing import Annotated

import typer

from muster.auth.administration import UserAdministration
from muster.auth.passwords import hash_password
from muster.auth.users import ChangeOutcome, Role, User, UserExistsError
from muster.classifiers.entries import ClassifierStore
from muster.cli import examples
from muster.cli.context import get_operator, open_command_storage
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database, PasswordStdin, UserName
from muster.cli.output import print_note, print_table
from muster.cli.prompt import prompt_new_password

app = typer.Typer(help="Users, their roles and their business units.")

RoleOption = Annotated[
    Role,
    typer.Option(
        "--role",
        help="`submit` posts batches, `read` reads customers and batches, `watch` reads only metrics, `admin` does all",
        show_default=False,
    ),
]
UnitsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--business-unit",
        metavar="CODE",
        help="a unit whose customers the user may send; repeat it for more units, the first is the default",
        show_default=False,
    ),
]
NewRole = Annotated[Role | None, typer.Option("--role", help="the new role", show_default=False)]
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
    role: RoleOption,
    business_unit: UnitsOption = None,
    password_stdin: PasswordStdin = False,
    database: Database = None,
) -> None:
    """Adds a user."""
    units = tuple(dict.fromkeys(business_unit or ()))
    with open_command_storage(database, create=True) as store:
        if store.users.user(name) is not None:
            raise _user_exists(name)
        _check_units(store.classifiers, units)
        password_hash = hash_password(prompt_new_password(from_stdin=password_stdin))
        try:
            UserAdministration(store.users, get_operator()).add_user(User(name, role, units, password_hash))
        except UserExistsError:
            raise _user_exists(name) from None
    print_note(f"added the user {name}")


@app.command("list", epilog=examples.format_examples("user list"))
def list_users(database: Database = None) -> None:
    """Lists the users: name, role, business units, state."""
    with open_command_storage(database) as store:
        rows = [
            (user.name, user.role.value, ",".join(user.business_units), "disabled" if user.disabled else "active")
            for user in store.users.users()
        ]
    print_table(("Name", "Role", "Business units", "State"), rows)


@app.command("change", epilog=examples.format_examples("user change"))
def change(name: UserName, role: NewRole = None, business_unit: NewUnits = None, database: Database = None) -> None:
    """Changes the role or the business units of a user, from the next request on."""
    if role is None and not business_unit:
        raise UsageError("nothing to change; give --role, --business-unit or both")
    with open_command_storage(database) as store:
        user = store.users.user(name)
        if user is None:
            raise unknown_user(name)
        units = tuple(dict.fromkeys(business_unit)) if business_unit else user.business_units
        _check_units(store.classifiers, units)
        UserAdministration(store.users, get_operator()).set_rights(name, role or user.role, units)
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
