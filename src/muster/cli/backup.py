"""`muster backup`: copies the embedded database, and tells the audit log of backups."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muster.audit.events import Action, AuditEvent
from muster.cli.context import get_operator, open_command_storage, read_settings, storage_errors
from muster.cli.errors import CommandError, UsageError
from muster.cli.options import Database
from muster.cli.output import print_note

if TYPE_CHECKING:
    from muster.storage import Storage

File = Annotated[Path | None, typer.Argument(metavar="FILE", help="the new file to write", show_default=False)]
RecordOnly = Annotated[
    bool,
    typer.Option(
        "--record",
        help="copy nothing: note in the audit log that another tool, such as pg_dump, made a backup",
    ),
]


def backup(file: File = None, record: RecordOnly = False, database: Database = None) -> None:
    """Copies a SQLite database to a file while the service runs; the copy is a complete database.

    The audit log gets an entry, and the console shows the time of the last one.
    """
    if record:
        if file is not None:
            raise UsageError("--record copies nothing; leave FILE out")
        with open_command_storage(database) as store:
            _append_entry(store)
        print_note("noted the backup in the audit log")
        return
    if file is None:
        raise UsageError("name the file to write; or give --record after another tool made a backup")
    _copy(file, database)


def _copy(file: Path, database: str | None) -> None:
    from muster import bootstrap
    from muster.storage import BackupUnsupportedError, StorageError

    settings = read_settings(database=database)
    with storage_errors(settings):
        store = bootstrap.open_database(settings)
        try:
            store.back_up(file)
            try:
                _append_entry(store)
            except StorageError:
                # Before an upgrade, and on a database that can't be written any more, a copy is wanted all the same.
                print_note("the audit log did not take the entry of this backup")
        except BackupUnsupportedError as error:
            raise UsageError(
                f"{error}: pg_dump for a copy, pg_basebackup and WAL archiving for point-in-time recovery; tell it "
                "with `muster backup --record`"
            ) from None
        except FileExistsError:
            raise CommandError(f"the file {file} already exists; name a new one") from None
        except OSError as error:
            raise CommandError(f"can't write {file} ({error.strerror}); choose another path") from None
        finally:
            store.close()
    print_note(f"copied the database to {file}")


def _append_entry(store: "Storage") -> None:
    store.audit.append(AuditEvent(get_operator(), Action.BACKUP_MADE))
