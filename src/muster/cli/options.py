"""Options of several commands. Help and defaults come from the settings."""

from typing import Annotated, Any, Final

import typer

from muster.auth.passwords import MAX_NAME_LENGTH, is_valid_name
from muster.settings import iterate_settings, variable_name

_SETTINGS: Final = {row.name: row for row in iterate_settings()}


def setting(name: str, **more: Any) -> Any:
    """Declares the option of a setting: `--tls-cert` for `tls_cert`, with its variable, meaning and default."""
    row = _SETTINGS[name]
    default = "" if row.default is None else f" (default: {row.default})"
    return typer.Option(
        f"--{name.replace('_', '-')}",
        envvar=variable_name(name),
        help=row.meaning + default,
        show_default=False,
        **more,
    )


def _check_name(name: str | None) -> str | None:
    if name is not None and not is_valid_name(name):
        raise typer.BadParameter(
            f"a user's name has 1 to {MAX_NAME_LENGTH} printable characters, no colon, and no spaces at its ends"
        )
    return name


Database = Annotated[str | None, setting("database", metavar="URL")]
UserName = Annotated[
    str, typer.Argument(metavar="NAME", help="the user's name", show_default=False, callback=_check_name)
]
OptionalUserName = Annotated[
    str | None,
    typer.Argument(
        metavar="[NAME]", help="a user's name; without it, all users", show_default=False, callback=_check_name
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="read the password from one line of standard input instead of prompting"),
]
