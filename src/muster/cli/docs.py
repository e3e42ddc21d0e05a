"""`muster docs`: the reference pages, written from the tables that the service runs on."""

from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from muster import reference
from muster.cli.output import say
from muster.cli.problems import Problem


def docs(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(help="where the pages go")] = Path("docs/reference"),
) -> None:
    """Writes the reference pages: fields, errors, classifiers, settings, metrics and commands."""
    root = context.find_root().command
    assert isinstance(root, TyperGroup)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in reference.pages(root).items():
            directory.joinpath(name).write_text(text, encoding="utf-8")
            say(str(directory / name))
    except OSError as error:
        raise Problem(f"the pages could not be written to {directory}: {error.strerror}") from error
