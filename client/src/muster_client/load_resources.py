"""`Client.loads`: files that the service takes in."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO
from uuid import UUID

from muster_client import loads
from muster_client.batches import Accept, Unknown, check_key
from muster_client.downloads import FileSink, open_sink
from muster_client.drivers import SyncDriver
from muster_client.errors import LoadFailed
from muster_client.load_info import LoadInfo
from muster_client.loads import MAX_PART_BYTES, LoadOptions, RefusedFormat, Upload
from muster_client.resources import Resource
from muster_client.results import CustomerResult
from muster_client.retries import RetryingSender


class LoadJob(Resource):
    """A load of the service: a file, and what became of its rows. `info` is its state as it was last asked for."""

    def __init__(self, driver: SyncDriver, sender: RetryingSender, info: LoadInfo) -> None:
        super().__init__(driver, sender)
        self.info = info

    @property
    def id(self) -> UUID:
        """The id of the load."""
        return self.info.id

    def refresh(self) -> LoadInfo:
        """Asks for the state now."""
        self.info = self._driver.run(loads.get_load(self._sender, self.id))
        return self.info

    def wait(self, progress: Callable[[LoadInfo], object] | None = None, *, timeout: float | None = None) -> LoadInfo:
        """Waits until the load has ended, and calls `progress` with each state on the way.

        Returns the last state: `completed`, perhaps with refused rows, or `cancelled`. Raises `LoadFailed`, and
        `WaitTimedOut` after `timeout` seconds.
        """
        try:
            self.info = self._driver.run(loads.wait(self._sender, self.id, progress, timeout))
        except LoadFailed as failed:
            self.info = failed.info
            raise
        return self.info

    def refused(
        self,
        to: str | os.PathLike[str] | BinaryIO,
        *,
        format: RefusedFormat | None = None,  # noqa: A002
        for_excel: bool = False,
    ) -> int:
        """Writes the refused rows to a path or an open binary file, and returns the number of bytes.

        The file has the columns of the original, and the errors of each row; mend it and upload it again. Of a CSV
        with `for_excel`, Excel changes and runs no cell. The file has personal data: a path gets one that only its
        owner may read, when the download is complete. Raises `NotFound` when no row was refused, or the rows are no
        longer kept.
        """
        with open_sink(to) as sink:
            self._driver.run(loads.download_refused(self._sender, self.id, sink, format, for_excel=for_excel))
            return sink.written

    def results(self) -> Iterator[CustomerResult]:
        """The results of the customers, in the order of the file. Raises `NotFound` for a dry run."""
        with tempfile.TemporaryFile() as file:
            sink = FileSink(file)
            self._driver.run(loads.download_results(self._sender, self.id, sink))
            file.seek(0)
            yield from map(loads.decode_result, file)

    def cancel(self) -> LoadInfo:
        """Cancels the load. What earlier chunks of the file saved stays saved."""
        self.info = self._driver.run(loads.cancel(self._sender, self.id))
        return self.info

    def __repr__(self) -> str:
        return f"LoadJob(id={self.id}, state={self.info.state})"


class Loads(Resource):
    """Files that the service takes in, each as a job of its own."""

    def upload(
        self,
        file: str | os.PathLike[str] | BinaryIO,
        *,
        key: str | None = None,
        name: str | None = None,
        mapping: Mapping[str, Any] | None = None,
        dry_run: bool = False,
        upsert: bool = False,
        unknown: Unknown = "ignore",
        accept: Accept | None = None,
        batch: int | None = None,
        encoding: str | None = None,
        sheet: str | None = None,
        sha256: str | None = None,
        progress: Callable[[int], object] | None = None,
        part_bytes: int = MAX_PART_BYTES,
    ) -> LoadJob:
        """Uploads a file, starts its load, and returns it without waiting for its end.

        The file, a path or an open binary file, is sent in parts of `part_bytes`, at most 8 MiB; a part whose response
        is lost is sent again. Where that does not help, the error is `UploadInterrupted`. Upload the file from its
        beginning under the `key` of your own, or under the `idempotency_key` of that error, and the upload goes on:
        parts that the service has are not sent again, and a load that was started is returned. `progress` is called
        with the number of bytes that the service has.

        `name` is shown in lists. `mapping` says which columns become which fields, in the JSON form of a mapping
        file. `dry_run` judges the file as a whole and saves nothing. `batch` is the number of customers that are saved
        together, `encoding` that of a text file, and `sheet` the one of a workbook that is loaded. `sha256` is the
        digest of the file in hexadecimal digits, which the service then checks. The other options are those of
        `Client.save`; `accept` counts over the whole file.
        """
        options = LoadOptions(mapping, dry_run, upsert, unknown, accept, batch, encoding, sheet)
        check_key(key)
        given = Upload(options, name, sha256, key, progress, part_bytes)
        with loads.open_file(file) as source:
            info = self._driver.run(loads.upload(self._sender, given, source))
        return LoadJob(self._driver, self._sender, info)

    def get(self, load_id: UUID | str) -> LoadJob:
        """One load. Raises `NotFound`."""
        return LoadJob(self._driver, self._sender, self._driver.run(loads.get_load(self._sender, load_id)))

    def find(self, key: str) -> LoadJob | None:
        """The load that this user uploaded under this key; None when there is none, or it was cancelled."""
        check_key(key)
        info = self._driver.run(loads.find_load(self._sender, key))
        return None if info is None else LoadJob(self._driver, self._sender, info)

    def list(self) -> Iterator[LoadJob]:
        """All loads that this user may see, newest first. Pages are read as they are needed."""
        for info in self.iterate_pages(lambda cursor: loads.get_loads(self._sender, cursor)):
            yield LoadJob(self._driver, self._sender, info)
