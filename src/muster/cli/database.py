"""`muster db`: creates and upgrades the schema."""

import typer

from muster.cli import examples
from muster.cli.context import upgrade_database
from muster.cli.options import Database
from muster.cli.output import print_note

app = typer.Typer(help="The database and its schema.")


@app.command("upgrade", epilog=examples.format_examples("db upgrade"))
def upgrade(database: Database = None) -> None:
    """Creates the schema or upgrades it to this version; leaves a schema of this or a later version as it is."""
    from muster.storage import SchemaState

    if upgrade_database(database) is SchemaState.NEWER_COMPATIBLE:
        print_note("the schema was made by a later version of muster; this version can use it as it is")
    else:
        print_note("the schema is up to date")
