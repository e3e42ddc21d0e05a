"""`muster backup`: copies the embedded database."""

from pathlib import Path
from typing import Annotated

import typer

from muster.cli.context import read_settings, storage_errors
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_note

File = Annotated[Path, typer.Argument(metavar="FILE", help="the new file to write", show_default=False)]


def backup(file: File, database: Database = None) -> None:
    """Copies a SQLite database to a file while the service runs; the copy is a complete database."""
    from muster import bootstrap
    from muster.storage import BackupUnsupportedError

    settings = read_settings(database=database)
    with storage_errors(settings):
        store = bootstrap.open_database(settings)
        try:
            store.back_up(file)
        except BackupUnsupportedError as error:
            raise UsageError(
                f"{error}: pg_dump for a copy, pg_basebackup and WAL archiving for point-in-time recovery"
            ) from None
        except FileExistsError:
            raise CommandError(f"the file {file} already exists; name a new one") from None
        except OSError as error:
            raise CommandError(f"can't write {file} ({error.strerror}); choose another path") from None
        finally:
            store.close()
    print_note(f"copied the database to {file}")
