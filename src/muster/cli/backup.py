"""`muster backup`: a copy of the embedded database."""

from pathlib import Path
from typing import Annotated

import typer

from muster.cli.options import Database
from muster.cli.output import note
from muster.cli.parts import problems_of_store, settings_of
from muster.cli.problems import Misuse, Problem

File = Annotated[Path, typer.Argument(metavar="FILE", help="a new file for the copy", show_default=False)]


def backup(file: File, database: Database = None) -> None:
    """Copies a SQLite database to a file while the service works on it; the copy is a database like the first one."""
    from muster import bootstrap
    from muster.store import BackupElsewhere

    settings = settings_of(database=database)
    with problems_of_store(settings):
        store = bootstrap.open_database(settings)
        try:
            store.back_up(file)
        except BackupElsewhere as problem:
            raise Misuse(f"{problem}: pg_dump for a copy, pg_basebackup and the log for any moment") from None
        except FileExistsError:
            raise Problem(f"there is a file {file} already; name one that is not there") from None
        except OSError as error:
            raise Problem(f"can't write {file} ({error.strerror}); choose another place") from None
        finally:
            store.close()
    note(f"the database is copied to {file}")
