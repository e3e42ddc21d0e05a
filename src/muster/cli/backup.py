"""`muster backup`: a copy of the embedded database."""

from pathlib import Path
from typing import Annotated

import typer

from muster.cli.context import read_settings, storage_errors
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_note

File = Annotated[Path, typer.Argument(metavar="FILE", help="a new file for the copy", show_default=False)]


def backup(file: File, database: Database = None) -> None:
    """Copies a SQLite database to a file while the service works on it; the copy is a database like the first one."""
    from muster import bootstrap
    from muster.storage import BackupUnsupportedError

    settings = read_settings(database=database)
    with storage_errors(settings):
        store = bootstrap.open_database(settings)
        try:
            store.back_up(file)
        except BackupUnsupportedError as problem:
            raise UsageError(f"{problem}: pg_dump for a copy, pg_basebackup and the log for any moment") from None
        except FileExistsError:
            raise CommandError(f"there is a file {file} already; name one that is not there") from None
        except OSError as error:
            raise CommandError(f"can't write {file} ({error.strerror}); choose another place") from None
        finally:
            store.close()
    print_note(f"the database is copied to {file}")
