"""The command `muster`: its parts, and how its errors look."""

import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from muster.cli import (
    audit,
    backup,
    classifiers,
    database,
    demo,
    examples,
    purge,
    serve,
    tokens,
    users,
)
from muster.cli.errors import FAILED, USAGE_ERROR, CommandError
from muster.cli.output import print_line, print_note

# Errors are printed here and not by Typer: in one line, which a log keeps together.
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.add_typer(database.app, name="db")
app.add_typer(users.app, name="user")
app.add_typer(tokens.app, name="token")
app.add_typer(classifiers.app, name="classifier")
app.add_typer(audit.app, name="audit")
app.command("demo", epilog=examples.format_examples("demo"))(demo.demo)
app.command("serve", epilog=examples.format_examples("serve"))(serve.serve)
app.command("backup", epilog=examples.format_examples("backup"))(backup.backup)
app.command("purge", epilog=examples.format_examples("purge"))(purge.purge)


def _print_version(wanted: bool) -> None:
    if wanted:
        print_line(f"muster {version('muster')}")
        raise typer.Exit


@app.callback(epilog=examples.format_examples(""))
def muster(
    _version: Annotated[
        bool, typer.Option("--version", help="print the version and end", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Takes customers into an anti-money-laundering system in batches, and says of each one why or why not."""


def run() -> None:
    """The entry point of the installed command."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Runs one command and gives its exit code: 0, 1 when it failed or was broken off, 2 when it was used wrongly."""
    try:
        # Without its standalone mode Typer raises its errors, and returns the code of an `Exit`.
        code = app(args=list(arguments), prog_name="muster", standalone_mode=False)
    except CommandError as problem:
        return _failed(str(problem), problem.exit_code)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "muster"
        return _failed(f"{error.format_message().rstrip('.')} (see `{command} --help`)", USAGE_ERROR)
    except (KeyboardInterrupt, typer.Abort):
        return FAILED
    except Exception as error:
        return _failed(_defect(error), FAILED)
    # Typer turns Ctrl-C into an exit with 130, a shell's code for it; the commands have 0, 1 and 2.
    return min(code, FAILED) if isinstance(code, int) else 0


def _failed(message: str, code: int) -> int:
    print_note("muster: " + " ".join(message.split()))
    return code


def _defect(error: Exception) -> str:
    """Tells where a defect is, without the error's text: that could hold a password or a customer's data."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return f"this is a defect of muster ({type(error).__name__} at {place}); please report it with your command"
