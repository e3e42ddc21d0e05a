"""`muster token`: creates, lists and revokes Bearer tokens of users."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from muster.auth.administration import UserAdministration
from muster.auth.authentication import utc_now
from muster.auth.tokens import MAX_EXPIRY_DAYS, generate_token, get_token_state
from muster.auth.users import ChangeOutcome, Token
from muster.cli import examples
from muster.cli.context import get_operator, open_command_storage
from muster.cli.errors import CommandError
from muster.cli.options import Database, OptionalUserName, UserName
from muster.cli.output import print_line, print_note, print_table
from muster.cli.users import unknown_user

app = typer.Typer(help="Bearer tokens, which authenticate a user instead of a password.")


@app.command("create", epilog=examples.format_examples("token create"))
def create(
    name: UserName,
    expires: Annotated[
        int | None,
        typer.Option(
            "--expires",
            metavar="DAYS",
            min=1,
            max=MAX_EXPIRY_DAYS,
            help="days until the token expires; without this option it is valid until it is revoked",
            show_default=False,
        ),
    ] = None,
    database: Database = None,
) -> None:
    """Prints a new token; it can't be shown again, as only its hash is stored."""
    now = utc_now()
    token = generate_token()
    with open_command_storage(database) as store:
        user = store.users.user(name)
        if user is None:
            raise unknown_user(name)
        if user.disabled:
            raise CommandError(f"user {name!r} is disabled; enable it first with `muster user enable {name}`")
        expires_at = now + timedelta(days=expires) if expires is not None else None
        UserAdministration(store.users, get_operator()).add_token(Token(token.id, name, token.sha256, now, expires_at))
    print_line(token.text)
    print_note(f"created the token with the id {token.id}; `muster token revoke {token.id}` revokes it")


@app.command("list", epilog=examples.format_examples("token list"))
def list_tokens(
    name: OptionalUserName = None,
    database: Database = None,
) -> None:
    """Lists tokens: id, user, time of creation, time of expiry, state, last use to the hour. Times are UTC."""
    now = utc_now()
    with open_command_storage(database) as store:
        if name is not None and store.users.user(name) is None:
            raise unknown_user(name)
        rows = [
            (
                token.id,
                token.user,
                _format_time(token.created_at),
                _format_time(token.expires_at),
                get_token_state(token, now).value,
                _format_time(token.last_used_at),
            )
            for token in store.users.tokens(name)
        ]
    print_table(("Id", "User", "Created", "Expires", "State", "Last use"), rows)


@app.command("revoke", epilog=examples.format_examples("token revoke"))
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="the token's id", show_default=False)],
    database: Database = None,
) -> None:
    """Revokes a token; it stops working with the next request."""
    with open_command_storage(database) as store:
        administration = UserAdministration(store.users, get_operator())
        outcome = (
            administration.revoke_token(token_id, utc_now()) if token_id.isprintable() else ChangeOutcome.NOT_FOUND
        )
    if outcome is ChangeOutcome.NOT_FOUND:
        raise CommandError(f"token {token_id!r} does not exist; `muster token list` lists the tokens")
    print_note(
        f"revoked the token {token_id}"
        if outcome is ChangeOutcome.CHANGED
        else f"the token {token_id} was already revoked"
    )


def _format_time(moment: datetime | None) -> str:
    return "" if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
