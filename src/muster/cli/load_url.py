"""One run of `muster load --url`: uploads the file to a service, waits for the end of its load, and reports."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count

from muster.cli.errors import SOME_REFUSED, CommandError
from muster.cli.load_errors import load_errors
from muster.cli.load_info import UploadedFile, make_key, to_load
from muster.cli.load_input import InputFile, open_input
from muster.cli.load_progress import LoadProgress, UploadProgress, interrupt_on_sigterm
from muster.cli.load_records import download_refused
from muster.cli.load_report import print_completed, print_report, refused_file_errors, write_rows
from muster.cli.load_request import LoadRequest
from muster.cli.load_service import ServiceAddress, connect, describe_error
from muster.cli.output import print_note
from muster.loads.load_store import Load, LoadState
from muster.loads.mapping import make_mapper
from muster.loads.rows import Layout
from muster_client import Client, Conflict, LoadFailed, LoadInfo, LoadJob, MusterError, UploadInterrupted


def load_by_url(address: ServiceAddress, request: LoadRequest) -> int:
    """Loads one file into one service, and gives the exit code. Raises `CommandError`."""
    if request.refused is not None:
        request.refused.check(request.path)
    try:
        with open_input(request.path) as file, load_errors(), interrupt_on_sigterm(), connect(address) as client:
            # The content decides whether the file was loaded before, so a pipe is read to its end first.
            file.make_seekable()
            # What is wrong with the file as a whole is told before it is sent.
            with closing(request.open_rows(file)) as source:
                make_mapper(source.layout, request.options.mapping, job="")
            return UrlLoad(client, address, request, file, source.layout).run()
    except KeyboardInterrupt:
        raise CommandError("stopped before the file was sent; run the same command again") from None


class UrlLoad:
    """The load of an opened file by a service."""

    def __init__(
        self, client: Client, address: ServiceAddress, request: LoadRequest, file: InputFile, layout: Layout
    ) -> None:
        self._client = client
        self._address = address
        self._request = request
        self._file = file
        self._layout = layout

    def run(self) -> int:
        """Goes on with the load of the file, or begins it, unless the file was loaded whole."""
        self._sha256 = self._file.compute_sha256()
        earlier: list[LoadJob] = []
        for number in count(1):
            key = make_key(self._sha256, self._request.options, number)
            job = self._client.loads.find(key)
            if job is None:
                break
            earlier.insert(0, job)
        if earlier and not earlier[0].info.is_final:
            return self._wait(self._go_on(earlier[0], len(earlier)))
        completed = next((job for job in earlier if job.info.state == LoadState.COMPLETED), None)
        # What a dry run finds depends on what is saved now.
        if completed is None or self._request.again or self._request.options.dry_run:
            return self._wait(self._upload(key))
        print_completed(self._to_load(completed.info))
        return self._finish(completed)

    def _go_on(self, job: LoadJob, number: int) -> LoadJob:
        if job.info.state == LoadState.RECEIVING:
            print_note("the upload of this file goes on")
            return self._upload(make_key(self._sha256, self._request.options, number))
        print_note(f"the service is loading this file already (load {job.id})")
        return job

    def _upload(self, key: str) -> LoadJob:
        try:
            with self._interrupted_upload(key):
                return self._send(key)
        except UploadInterrupted as interrupted:
            cause = interrupted.__cause__
            if isinstance(cause, Conflict):
                return self._send(key)  # another process has sent the rest, and started the load
            if isinstance(cause, OSError):
                raise cause from None
            why = describe_error(cause, self._address.url) if isinstance(cause, MusterError) else ""
            raise CommandError(f"the upload stopped; run the same command again to go on: {why}") from None

    def _send(self, key: str) -> LoadJob:
        options = self._request.options
        with closing(self._file.open()) as file, UploadProgress(self._file.size or 0) as progress:
            return self._client.loads.upload(
                file,
                key=key,
                name=self._file.name,
                mapping=options.mapping,
                dry_run=options.dry_run,
                upsert=options.upsert,
                unknown="reject" if options.reject_unknown else "ignore",
                accept=options.min_accepted_percent,
                batch=options.chunk_rows,
                encoding=options.encoding,
                sheet=options.sheet,
                sha256=self._sha256.hex(),
                progress=progress.update,
                part_bytes=self._request.bounds.part_bytes,
            )

    @contextmanager
    def _interrupted_upload(self, key: str) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            if self._request.options.dry_run:
                job = self._client.loads.find(key)
                if job is not None:
                    job.cancel()
                raise CommandError("the dry run was stopped; run the same command again") from None
            raise CommandError(
                "the upload was stopped, and nothing is loaded; run the same command again within a day to go on with "
                "it"
            ) from None

    def _wait(self, job: LoadJob) -> int:
        file = UploadedFile(self._layout, self._file.size or 0, job.info)
        try:
            with LoadProgress(self._to_load(job.info), file) as progress:

                def update(info: LoadInfo) -> None:
                    file.update(info)
                    progress.update(self._to_load(info))

                job.wait(update)
        except LoadFailed:
            pass  # it is reported as a load that has ended
        except KeyboardInterrupt:
            raise CommandError(self._stop_waiting(job)) from None
        except MusterError as error:
            raise CommandError(
                f"the load goes on in the service (load {job.id}); run the same command again to wait for its end: "
                f"{describe_error(error, self._address.url)}"
            ) from None
        print_report(self._to_load(job.info))
        return self._finish(job)

    def _stop_waiting(self, job: LoadJob) -> str:
        if self._request.options.dry_run:
            job.cancel()
            return "the dry run was stopped before the end of the file; run the same command again"
        again = "the command without --again" if self._request.again else "the same command again"
        return (
            f"stopped waiting; the load goes on in the service. Run {again} to wait for its end, or cancel it with "
            f"`muster loads cancel {job.id} --url {self._address.url}`"
        )

    def _finish(self, job: LoadJob) -> int:
        """The exit code of a load that has ended. Raises `CommandError`."""
        load = self._to_load(job.info)
        if self._request.refused is not None:
            self._write_refused(job, load)
        if load.state is LoadState.CANCELLED:
            raise CommandError(
                f"the load was cancelled; {load.totals.accepted:,} accepted rows of the file are saved. Run the same "
                "command again to load it from its start"
            )
        if load.state is not LoadState.COMPLETED:
            raise CommandError(f"the load failed: {load.problem}")
        return SOME_REFUSED if load.totals.refused else 0

    def _write_refused(self, job: LoadJob, load: Load) -> None:
        output = self._request.refused
        assert output is not None
        if not load.totals.refused:
            with refused_file_errors(load, output):
                write_rows(self._layout, (), output)
            return
        try:
            download_refused(job, load, output)
        except KeyboardInterrupt:
            raise CommandError(
                "the load has ended, and the refused rows were not written; run the same command again"
            ) from None

    def _to_load(self, info: LoadInfo) -> Load:
        return to_load(info, self._request.options, self._layout)
