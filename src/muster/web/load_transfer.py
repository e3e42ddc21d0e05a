"""Transfers of the files of loads: a body into parts, refused rows and results as responses of any size."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any, Final
from uuid import UUID

import msgspec

from muster.auth.users import User
from muster.loads.formats.refused_file import DEFAULT_FORMATS, write_refused
from muster.loads.load_store import MAX_PART_BYTES, Load
from muster.loads.service import LoadService
from muster.loads.uploads import FileTooLargeError
from muster.web.access import Access
from muster.web.body import BodyTimeouts, iterate_parts
from muster.web.content_digest import ContentDigest
from muster.web.download import ResponseStream
from muster.web.problems import Headers, Problem, or_404
from muster.web.transport import HttpTransport

_READ_BYTES: Final = 1024 * 1024
REFUSED_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NO_REFUSED: Final = (
    "there is no load with this id whose refused rows this user may see, or it refused none, or they are no longer kept"
)
_NO_RESULTS: Final = "there is no load with this id that this user may see, or it was a dry run, which saves no results"
_EMPTY: Final = "the body is empty; send the file as the body"

LoadAccess = Access[LoadService]


async def receive_file(
    access: LoadAccess, load: Load, transport: HttpTransport, timeouts: BodyTimeouts, digest: ContentDigest
) -> Load:
    """Stores the body as the parts of the load, and starts it. A file that does not come whole cancels the load."""
    try:
        max_bytes = await access.run(lambda loads, user: loads.uploads.limits.max_bytes)
        sha256 = hashlib.sha256()
        number = size = 0
        async for part in iterate_parts(transport, MAX_PART_BYTES, timeouts):
            number, size = number + 1, size + len(part)
            if size > max_bytes:
                raise FileTooLargeError(max_bytes)
            await access.run(_store_part(load, number, part, digest, sha256))
        if not number:
            raise Problem(400, _EMPTY)
        digest.verify()
        started = await access.run(lambda loads, user: loads.uploads.start(load.id, user, sha256=sha256.digest()))
        assert started is not None
        return started
    except BaseException:
        # Shielded: the request may be cancelled, and the parts of half a file are personal data.
        await asyncio.shield(access.run(lambda loads, user: loads.uploads.discard(load.id)))
        raise


def _store_part(
    load: Load, number: int, part: bytes, digest: ContentDigest, sha256: Any
) -> Callable[[LoadService, Any], None]:
    def store(loads: LoadService, _user: Any) -> None:
        digest.update(part)
        sha256.update(part)
        loads.uploads.add_counted_part(load.id, number, part)

    return store


async def send_refused(
    access: LoadAccess, response: ResponseStream, load_id: UUID, requested: str | None, *, for_excel: bool = False
) -> None:
    """Sends the refused rows as a file.

    The file is written first, without a name on the disk: its client may be slow, and an error must not end in half a
    file with the status 200.
    """
    with TemporaryFile() as file:

        def write(loads: LoadService, user: User) -> str | None:
            refused = loads.reader.refused(load_id, user)
            if refused is None:
                return None
            written = requested or DEFAULT_FORMATS[refused.layout.format]
            write_refused(refused.layout, refused.rows, file, format=written, for_excel=for_excel)
            return written

        written = or_404(await access.run(write), _NO_REFUSED)
        size = file.tell()
        file.seek(0)
        headers = [
            ("Content-Type", REFUSED_MEDIA_TYPES[written]),
            ("Content-Length", str(size)),
            ("Content-Disposition", f'attachment; filename="refused-{load_id}.{written}"'),
        ]
        await response.send(headers, _iterate_file(access, file))


async def send_results(access: LoadAccess, response: ResponseStream, load_id: UUID, *, headers: Headers = ()) -> None:
    """Sends the results as NDJSON, a batch at a time."""
    found = await access.run(lambda loads, user: loads.reader.results(load_id, user))
    groups = or_404(found, _NO_RESULTS)
    await response.send([("Content-Type", "application/x-ndjson"), *headers], _iterate_lines(access, groups))


async def _iterate_file(access: LoadAccess, file: IO[bytes]) -> AsyncGenerator[bytes, None]:
    while piece := await access.run(lambda loads, user: file.read(_READ_BYTES)):
        yield piece


async def _iterate_lines(access: LoadAccess, groups: Iterator[Sequence[msgspec.Raw]]) -> AsyncGenerator[bytes, None]:
    def join_next(_loads: LoadService, _user: User) -> bytes | None:
        group = next(groups, None)
        return None if group is None else b"".join(bytes(result) + b"\n" for result in group)

    while (lines := await access.run(join_next)) is not None:
        yield lines
