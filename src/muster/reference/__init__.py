"""The reference pages, written from the tables: `muster docs` writes them, and a test fails when they are stale."""

from collections.abc import Mapping

from typer.core import TyperGroup

from muster.reference import audit, classifiers, commands, errors, fields, metrics, settings


def pages(root: TyperGroup) -> Mapping[str, str]:
    """File name -> Markdown of every page; `root` is the command line."""
    return {
        "fields.md": fields.page(),
        "errors.md": errors.page(),
        "classifiers.md": classifiers.page(),
        "settings.md": settings.page(),
        "metrics.md": metrics.page(),
        "commands.md": commands.page(root),
        "audit.md": audit.page(),
    }
