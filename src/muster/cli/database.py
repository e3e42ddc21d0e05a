"""`muster db`: the schema."""

import typer

from muster.cli import examples
from muster.cli.context import upgrade_database
from muster.cli.options import Database
from muster.cli.output import print_note

app = typer.Typer(help="The database and its schema.")


@app.command("upgrade", epilog=examples.format_examples("db upgrade"))
def upgrade(database: Database = None) -> None:
    """Creates the schema, or brings it to this version; does nothing to one of this or a later one."""
    from muster.storage import SchemaState

    if upgrade_database(database) is SchemaState.NEWER_COMPATIBLE:
        print_note("the schema is ahead: a later version of muster made it, and this version works on it as it is")
    else:
        print_note("the schema is up to date")
