"""Loads as a database or a service has them: read, cancelled, and their refused rows written to a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from muster.audit.events import Action, AuditEvent, Details
from muster.cli.context import get_operator, open_command_storage
from muster.cli.errors import CommandError
from muster.cli.load_report import RefusedOutput, refused_file_errors, write_refused_file
from muster.cli.load_service import connect, read_address, require_client
from muster.loads.load_store import FINAL_STATES, Load, LoadOptions
from muster.loads.rows import Layout
from muster.storage import Storage

if TYPE_CHECKING:
    from muster_client import Client, LoadInfo, LoadJob


class LoadRecords(Protocol):
    """Loads of any sender that the caller may see. Raises `CommandError`."""

    def list(self, limit: int) -> Sequence[Load]:
        """The newest ones, newest first."""
        ...

    def get(self, load_id: UUID) -> Load: ...

    def cancel(self, load: Load) -> Load:
        """The load afterwards; one that has ended stays as it is."""
        ...

    def write_refused(self, load: Load, output: RefusedOutput) -> None: ...


@contextmanager
def open_load_records(database: str | None, url: str | None, token_file: Path | None) -> Iterator[LoadRecords]:
    """Those of the service at the URL, else those of the database. Raises `CommandError`."""
    if url is None:
        with open_command_storage(database) as store:
            yield DatabaseLoads(store)
        return
    address = read_address(url, token_file)
    require_client()
    with connect(address) as client:
        yield ServiceLoads(client)


class DatabaseLoads:
    """The loads of a database, for its operator."""

    def __init__(self, store: Storage) -> None:
        self._store = store

    def list(self, limit: int) -> Sequence[Load]:
        return self._store.loads.list(sender=None, before=None, limit=limit)

    def get(self, load_id: UUID) -> Load:
        found = self._store.loads.get(load_id)
        if found is None:
            raise CommandError(f"there is no load {load_id}; `muster loads list` lists them")
        return found

    def cancel(self, load: Load) -> Load:
        if load.state not in FINAL_STATES:
            self._store.audit.append(AuditEvent(get_operator(), Action.LOAD_CANCELLED, str(load.id), {}))
            self._store.loads.cancel(load.id)
        return self.get(load.id)

    def write_refused(self, load: Load, output: RefusedOutput) -> None:
        if load.layout is not None:
            write_stored_refused(self._store, load, load.layout, output)


class ServiceLoads:
    """The loads of a service that the user of the token may see."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list(self, limit: int) -> Sequence[Load]:
        return [_to_load(job.info) for job in islice(self._client.loads.list(), limit)]

    def get(self, load_id: UUID) -> Load:
        return _to_load(self._find(load_id).info)

    def cancel(self, load: Load) -> Load:
        from muster_client import PermissionDenied

        try:
            return _to_load(self._find(load.id).cancel())
        except PermissionDenied as error:
            raise CommandError(f"the user of the token may not cancel this load: {error.message}") from None

    def write_refused(self, load: Load, output: RefusedOutput) -> None:
        download_refused(self._find(load.id), load, output)

    def _find(self, load_id: UUID) -> "LoadJob":
        from muster_client import NotFound

        try:
            return self._client.loads.get(load_id)
        except NotFound:
            raise CommandError(
                f"there is no load {load_id} that the user of the token may see; `muster loads list` lists them"
            ) from None


def write_stored_refused(store: Storage, load: Load, layout: Layout, output: RefusedOutput) -> None:
    """Writes the refused rows that a database keeps, which the audit log notes, as it does for a download."""
    if load.has_refused:
        details: Details = {"rows": load.totals.refused}
        store.audit.append(AuditEvent(get_operator(), Action.REFUSED_ROWS_READ, str(load.id), details))
    write_refused_file(store.loads, load, layout, output)


def download_refused(job: "LoadJob", load: Load, output: RefusedOutput) -> None:
    """Writes the refused rows that a service keeps. Raises `CommandError`."""
    from muster_client import NotFound

    with refused_file_errors(load, output):
        try:
            job.refused(output.path, format=output.format, for_excel=output.for_excel)
        except NotFound:
            raise CommandError(
                f"the refused rows of load {job.id} are no longer kept, or the user of the token may not see them; "
                "judge the file again with --dry-run --refused"
            ) from None


def _to_load(info: "LoadInfo") -> Load:
    from muster.cli.load_info import to_load

    return to_load(info, LoadOptions(dry_run=info.dry_run), None)
