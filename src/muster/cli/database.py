"""`muster db`: the schema."""

import typer

from muster.cli import examples
from muster.cli.options import Database
from muster.cli.output import note
from muster.cli.parts import upgraded

app = typer.Typer(help="The database and its schema.")


@app.command("upgrade", epilog=examples.of("db upgrade"))
def upgrade(database: Database = None) -> None:
    """Creates the schema, or brings it to this version; does nothing to one of this or a later one."""
    from muster.store import SchemaState

    if upgraded(database) is SchemaState.AHEAD:
        note("the schema is ahead: a later version of muster made it, and this version works on it as it is")
    else:
        note("the schema is up to date")
