"""The `muster` command: its subcommands, and the form of its errors."""

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muster.cli import (
    audit,
    backup,
    check_config,
    classifiers,
    database,
    demo,
    examples,
    load,
    loads,
    mapping,
    purge,
    serve,
    template,
    tokens,
    users,
)
from muster.cli.errors import FAILED, SOME_REFUSED, USAGE_ERROR, CommandError
from muster.cli.output import print_error, print_failure, print_line
from muster.settings import InvalidSettingError, Settings, remove_service_links, variable_name

if TYPE_CHECKING:
    from muster.cli.load_request import LoadBounds

# Errors are printed here and not by Typer: in one line, which stays together in a log.
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.add_typer(database.app, name="db")
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(classifiers.app, name="classifier")
app.add_typer(audit.app, name="audit")
app.add_typer(loads.app, name="loads")
app.add_typer(mapping.app, name="mapping")
app.command("demo", epilog=examples.format_examples("demo"))(demo.demo)
app.command("serve", epilog=examples.format_examples("serve"))(serve.serve)
app.command("check-config", epilog=examples.format_examples("check-config"))(check_config.check_config)
app.command("backup", epilog=examples.format_examples("backup"))(backup.backup)
app.command("load", epilog=examples.format_examples("load"))(load.load)
app.command("template", epilog=examples.format_examples("template"))(template.template)
app.command("purge", epilog=examples.format_examples("purge"))(purge.purge)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        print_line(f"muster {version('muster')}")
        raise typer.Exit


@app.callback(epilog=examples.format_examples(""))
def muster(
    _version: Annotated[
        bool, typer.Option("--version", help="print the version and exit", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Takes customers into an anti-money-laundering system in batches, with a result and a reason for each."""


def run() -> None:
    """Entry point of the installed command."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str], *, load_bounds: "LoadBounds | None" = None) -> int:
    """Runs a command and returns its exit code.

    0, 1 for a failed or interrupted command, 2 for wrong usage, 3 when a load has refused rows. `muster load` keeps to
    `load_bounds`, for tests.
    """
    arguments = list(arguments)
    is_service = arguments[:1] == ["serve"]
    if is_service:
        _configure_service_log()
    remove_service_links(os.environ)
    try:
        # Outside its standalone mode Typer raises its errors, and returns the code of an `Exit`.
        code = _build_command()(args=arguments, prog_name="muster", standalone_mode=False, obj=load_bounds)
    except CommandError as error:
        return _fail(str(error), error.exit_code, is_service)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "muster"
        return _fail(f"{error.format_message().rstrip('.')} (see `{command} --help`)", USAGE_ERROR, is_service)
    except (KeyboardInterrupt, typer.Abort):
        return FAILED
    except Exception as error:
        return _fail(_describe_internal_error(error), FAILED, is_service)
    # Typer turns Ctrl-C into exit code 130, a shell's convention; commands exit with 0, 1, 2 or 3.
    return (code if code <= SOME_REFUSED else FAILED) if isinstance(code, int) else 0


@cache
def _build_command() -> Callable[..., object]:
    """The whole command, which takes 20 ms to build: once in a process, however many commands it runs."""
    return typer.main.get_command(app)


def _configure_service_log() -> None:
    """The log of a service begins before its options are read: a log in JSON has no other line."""
    from muster.observability.log_configuration import configure_logging

    with suppress(InvalidSettingError):  # `serve` reports it
        configure_logging(os.environ.get(variable_name("log_format")) or Settings().log_format)


def _fail(message: str, code: int, is_service: bool) -> int:
    (print_failure if is_service else print_error)(" ".join(message.split()))
    return code


def _describe_internal_error(error: Exception) -> str:
    """Says where the error occurred, without its text: that could contain a password or a customer's data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    location = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"internal error ({type(error).__name__} at {location}); please report it with the command that you ran"
