"""`muster db`: creates and upgrades the schema, and spreads it over a cluster."""

from typing import Annotated

import typer

from muster.cli import examples
from muster.cli.context import open_command_storage, upgrade_database
from muster.cli.errors import CommandError
from muster.cli.options import Database
from muster.cli.output import print_note, print_rows

app = typer.Typer(help="The database and its schema.")


@app.command("upgrade", epilog=examples.format_examples("db upgrade"))
def upgrade(database: Database = None) -> None:
    """Creates the schema or upgrades it to this version; leaves a schema of this or a later version as it is."""
    from muster.storage import SchemaState

    if upgrade_database(database) is SchemaState.NEWER_COMPATIBLE:
        print_note("the schema was made by a later version of muster; this version can use it as it is")
    else:
        print_note("the schema is up to date")


@app.command("distribute", epilog=examples.format_examples("db distribute"))
def distribute(
    database: Database = None,
    confirmed: Annotated[bool, typer.Option("--yes", help="take the steps; without it they are only shown")] = False,
) -> None:
    """Spreads the tables over the nodes of a Citus cluster; --database names its coordinator.

    Shows what is left to do, one step a line with its SQL. Repeat it after each `muster db upgrade`.
    """
    with open_command_storage(database) as store:
        steps = store.plan_distribution()
        if not steps:
            print_note("the tables are distributed as this version needs it")
            return
        print_rows((step.description, step.statement) for step in steps)
        if not confirmed:
            raise CommandError("nothing was changed; to take these steps, stop the services and repeat it with --yes")
        store.distribute()
    print_note("the tables are distributed; start the services now, so that they use it")
