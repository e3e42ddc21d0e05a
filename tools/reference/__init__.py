"""The reference pages, generated from the tables that the service runs on.

`make docs` writes them; a test fails when a page is stale.
"""

from collections.abc import Mapping

import typer.main
from typer.core import TyperGroup

from muster.cli.main import app
from tools.reference import audit, classifiers, commands, errors, fields, metrics, settings


def build_pages() -> Mapping[str, str]:
    """File name -> Markdown of every page."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return {
        "fields.md": fields.page(),
        "errors.md": errors.page(),
        "classifiers.md": classifiers.page(),
        "settings.md": settings.page(),
        "metrics.md": metrics.page(),
        "commands.md": commands.page(root),
        "audit.md": audit.page(),
    }
