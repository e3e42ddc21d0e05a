"""`muster token`: Bearer tokens of users."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from muster.auth.administration import UserAdministration
from muster.auth.authentication import utc_now
from muster.auth.tokens import generate_token, get_token_state
from muster.auth.users import ChangeOutcome, Token
from muster.cli import examples
from muster.cli.context import get_operator, open_command_storage
from muster.cli.errors import CommandError
from muster.cli.options import Database, SomeUserName, UserName
from muster.cli.output import print_line, print_note, print_table
from muster.cli.users import unknown_user

app = typer.Typer(help="Bearer tokens, which stand for a user's name and password.")

LONGEST_DAYS = 36_500


@app.command("create", epilog=examples.format_examples("token create"))
def create(
    name: UserName,
    expires: Annotated[
        int | None,
        typer.Option(
            "--expires",
            metavar="DAYS",
            min=1,
            max=LONGEST_DAYS,
            help="the token ends after so many days; without it, it lasts until it is revoked",
            show_default=False,
        ),
    ] = None,
    database: Database = None,
) -> None:
    """Prints a new token, this once and never again: only its hash is kept."""
    now = utc_now()
    made = generate_token()
    with open_command_storage(database) as store:
        user = store.users.user(name)
        if user is None:
            raise unknown_user(name)
        if user.disabled:
            raise CommandError(f"the user {name!r} is disabled; `muster user enable` lets the user in again")
        expires_at = now + timedelta(days=expires) if expires is not None else None
        UserAdministration(store.users, get_operator()).add_token(Token(made.id, name, made.sha256, now, expires_at))
    print_line(made.text)
    print_note(f"the token has the id {made.id}; `muster token revoke {made.id}` ends it")


@app.command("list", epilog=examples.format_examples("token list"))
def list_tokens(
    name: SomeUserName = None,
    database: Database = None,
) -> None:
    """Lists tokens: id, user, when it was made, when it ends, state. Times are UTC."""
    now = utc_now()
    with open_command_storage(database) as store:
        if name is not None and store.users.user(name) is None:
            raise unknown_user(name)
        rows = [
            (token.id, token.user, _time(token.created_at), _time(token.expires_at), get_token_state(token, now).value)
            for token in store.users.tokens(name)
        ]
    print_table(("Id", "User", "Created", "Expires", "State"), rows)


@app.command("revoke", epilog=examples.format_examples("token revoke"))
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="the token's id", show_default=False)],
    database: Database = None,
) -> None:
    """Ends a token, from the next request on."""
    with open_command_storage(database) as store:
        administration = UserAdministration(store.users, get_operator())
        became = administration.revoke_token(token_id, utc_now()) if token_id.isprintable() else ChangeOutcome.NOT_FOUND
    if became is ChangeOutcome.NOT_FOUND:
        raise CommandError(f"there is no token with the id {token_id!r}; `muster token list` shows them")
    print_note(
        f"revoked the token {token_id}"
        if became is ChangeOutcome.CHANGED
        else f"the token {token_id} was revoked already"
    )


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
