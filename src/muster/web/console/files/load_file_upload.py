"""Receives the file of a form into the parts of a load, which then waits for its options."""

import asyncio
from typing import Final
from uuid import UUID

from muster.auth.users import User
from muster.loads.load_store import MAX_PART_BYTES, Load, LoadOptions
from muster.loads.service import LoadService
from muster.loads.uploads import FileTooLargeError
from muster.web.access import Access
from muster.web.body import BodyTimeouts, iterate_parts
from muster.web.console.access import PageRequest
from muster.web.console.files.file_form import FileFormParser
from muster.web.load_parameters import check_no_coding, get_content_length
from muster.web.request_context import RequestContext

# The form is parsed in the event loop: a piece takes less than a millisecond.
_PIECE_BYTES: Final = 256 * 1024
_FORM_BYTES: Final = 16 * 1024  # of a form beside its file, at most


async def receive_upload(page: PageRequest, timeouts: BodyTimeouts) -> Load | None:
    """The load that has received the file; None when no file was chosen, or an empty one.

    Raises `Problem` (400, 408, 415), `FileTooLargeError` and `TooManyLoadsError`. A file that does not come whole
    leaves nothing behind.
    """
    headers = page.request.scope["headers"]
    check_no_coding(headers)
    parser = FileFormParser(page.request.headers.get("content-type", ""))
    access = page.get_access(lambda services: services.loads)
    max_bytes = await access.run(_check_bounds)
    if (get_content_length(headers) or 0) > max_bytes + _FORM_BYTES:
        raise FileTooLargeError(max_bytes)
    upload = _Upload(access, parser, max_bytes)
    try:
        async for piece in iterate_parts(RequestContext.get(page.request.scope).transport, _PIECE_BYTES, timeouts):
            for content in parser.parse(piece):
                await upload.add(content)
        parser.finish()
        await upload.store_rest()
    except BaseException:
        # Shielded: the request may be cancelled, and the parts of half a file are personal data.
        await asyncio.shield(upload.discard())
        raise
    return upload.load


def _check_bounds(loads: LoadService, user: User) -> int:
    """The bytes that a file may have. Before the body is read: a browser takes no answer while it sends."""
    loads.uploads.check_open(user)
    return loads.uploads.limits.max_bytes


class _Upload:
    """The load, from the first bytes of the file on, and what has not filled a part yet."""

    def __init__(self, access: Access[LoadService], parser: FileFormParser, max_bytes: int) -> None:
        self.load: Load | None = None
        self._access = access
        self._parser = parser
        self._max_bytes = max_bytes
        self._rest = bytearray()
        self._number = self._size = 0

    async def add(self, content: bytes) -> None:
        self._size += len(content)
        if self._size > self._max_bytes:
            raise FileTooLargeError(self._max_bytes)
        self._rest += content
        while len(self._rest) >= MAX_PART_BYTES:
            part = bytes(memoryview(self._rest)[:MAX_PART_BYTES])
            del self._rest[:MAX_PART_BYTES]
            await self._store(part)

    async def store_rest(self) -> None:
        if self._rest:
            await self._store(bytes(self._rest))

    async def discard(self) -> None:
        load = self.load
        if load is not None:
            await self._access.run(lambda loads, user: loads.uploads.discard(load.id))

    async def _store(self, part: bytes) -> None:
        self._number += 1
        number = self._number
        # Kept at once: the request may be cancelled while the thread works.
        load_id = self.load.id if self.load else await asyncio.shield(self._create())

        def store(loads: LoadService, _user: User) -> None:
            loads.uploads.add_counted_part(load_id, number, part)

        await self._access.run(store)

    async def _create(self) -> UUID:
        name = self._parser.name or "file"
        load, _ = await self._access.run(lambda loads, user: loads.uploads.create(user, name, LoadOptions()))
        self.load = load
        return load.id
