"""Options that several commands take. Help and defaults come from the table of the settings."""

from dataclasses import fields
from typing import Annotated, Any

import typer

from muster.auth.passwords import MAX_NAME_LENGTH, is_valid_name
from muster.settings import Settings, variable_name

_ROWS = {row.name: row for row in fields(Settings)}


def setting(name: str, **more: Any) -> Any:
    """An option for a setting: `--max-body-bytes` for `max_body_bytes`, with its environment variable, meaning and default."""
    row = _ROWS[name]
    default = "" if row.default is None else f" (default: {row.default})"
    return typer.Option(
        f"--{name.replace('_', '-')}",
        envvar=variable_name(name),
        help=row.metadata["meaning"] + default,
        show_default=False,
        **more,
    )


def _checked_name(name: str | None) -> str | None:
    if name is not None and not is_valid_name(name):
        raise typer.BadParameter(
            f"a user's name has 1 to {MAX_NAME_LENGTH} printable characters, no colon, and no spaces around it"
        )
    return name


Database = Annotated[str | None, setting("database", metavar="URL")]
UserName = Annotated[
    str, typer.Argument(metavar="NAME", help="the user's name", show_default=False, callback=_checked_name)
]
SomeUserName = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="a user's name; all without it", show_default=False, callback=_checked_name),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from a line of standard input instead of asking")
]
