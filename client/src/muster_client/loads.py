"""Loads: files that the service takes in, uploaded in parts."""

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal
from uuid import UUID, uuid4

import msgspec

from muster_client.batches import Accept, Unknown
from muster_client.errors import KeyReused, LoadFailed, MusterError, UnexpectedResponse, UploadInterrupted, WaitTimedOut
from muster_client.load_info import LoadInfo
from muster_client.records import Page, encode_segment, get, make_decoder, make_target
from muster_client.responses import ignore_content, parse_retry_after
from muster_client.results import CustomerResult
from muster_client.retries import RetryingSender
from muster_client.steps import BlockingCall, HttpRequest, HttpResponse, Operation, Pause, Sink

MAX_PART_BYTES: Final = 8 * 1024 * 1024  # the most that the service takes
RefusedFormat = Literal["csv", "xlsx", "ndjson"]

_LOADS: Final = "/api/v1/loads"
_PAGE_SIZE: Final = 100
_POLL_SECONDS: Final = 1.0  # where the service does not say when to ask again


class _Part(msgspec.Struct):
    number: int
    sha256: str


class _PartList(msgspec.Struct):
    parts: list[_Part]


class _LoadPage(msgspec.Struct):
    loads: list[LoadInfo]
    next: str | None = None


# Of what an upload sends, in the order of its requests.
_UNKNOWN: Final = "the service does not know whether {}; upload the file again with the same key"

_decode_load: Final = make_decoder(LoadInfo)
_decode_page: Final = make_decoder(_LoadPage)
_decode_parts: Final = make_decoder(_PartList)
_encode: Final = msgspec.json.Encoder().encode
decode_result: Final = msgspec.json.Decoder(CustomerResult).decode


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """What is asked for beside the file; see `Loads.upload`. The names are those of the service, in its spelling."""

    mapping: Mapping[str, Any] | None = None
    dry_run: bool = False
    upsert: bool = False
    unknown: Unknown = "ignore"
    accept: Accept | None = None
    batch: int | None = None
    encoding: str | None = None
    sheet: str | None = None

    def to_json(self) -> dict[str, Any]:
        values = {
            "mapping": self.mapping,
            "dryRun": self.dry_run,
            "upsert": self.upsert,
            "unknown": self.unknown,
            "accept": self.accept,
            "batch": self.batch,
            "encoding": self.encoding,
            "sheet": self.sheet,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to upload, from its beginning on. `key` is the idempotency key of the load.

    Raises ValueError for a `part_bytes` out of bounds: parts of no bytes would be those of an empty file.
    """

    options: LoadOptions
    name: str | None = None
    sha256: str | None = None
    key: str | None = None
    progress: Callable[[int], object] | None = None
    part_bytes: int = MAX_PART_BYTES

    def __post_init__(self) -> None:
        if not 1 <= self.part_bytes <= MAX_PART_BYTES:
            raise ValueError(f"part_bytes must be from 1 to {MAX_PART_BYTES}")


def upload(sender: RetryingSender, given: Upload, file: BinaryIO) -> Operation[LoadInfo]:
    """Creates the load, sends its parts one after the other, and starts it. Raises `UploadInterrupted`.

    Under a key that was used before, the upload goes on: parts that the service has are not sent again.
    """
    key = given.key or str(uuid4())
    load, is_replay = yield from _create(sender, given, _choose_name(file, given.name), key)
    if load.state != "receiving":
        return load
    number = 1
    try:
        received = (yield from _get_parts(sender, load.id)) if is_replay else {}
        sent = 0
        while part := (yield BlockingCall(partial(read_part, file, given.part_bytes))):
            if received.get(number) != hashlib.sha256(part).hexdigest():
                yield from put_part(sender, load.id, number, part)
            number += 1
            sent += len(part)
            if given.progress is not None:
                yield BlockingCall(partial(given.progress, sent))
        if any(part >= number for part in received):
            raise KeyReused("the key was used for a longer file; upload this one under another key")
        return (yield from _post(sender, load.id, "start", _UNKNOWN.format("the load was started")))
    except KeyReused:
        raise
    except (MusterError, OSError) as error:
        message = f"the upload ended before part {number}; upload the file with the same key again to go on"
        interrupted = UploadInterrupted(message, load_id=load.id)
        interrupted.idempotency_key = key
        raise interrupted from error


def read_part(file: BinaryIO, size: int) -> bytes:
    """The next part; shorter ones only at the end, also of a pipe."""
    part = file.read(size)
    if not part or len(part) == size:
        return part
    pieces = [part]
    missing = size - len(part)
    while missing and (piece := file.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _create(sender: RetryingSender, given: Upload, name: str, key: str) -> Operation[tuple[LoadInfo, bool]]:
    """The load, and whether it was created before."""
    body: dict[str, Any] = {"name": name, "options": given.options.to_json()}
    if given.sha256 is not None:
        body["sha256"] = given.sha256
    headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}

    def decode(response: HttpResponse) -> tuple[LoadInfo, bool]:
        return _decode_load(response), response.headers.get("idempotency-replayed") == "true"

    request = HttpRequest("POST", _LOADS, _encode(body), headers)
    return (yield from sender.send(request, decode, unknown=_UNKNOWN.format("the load was created")))


def _get_parts(sender: RetryingSender, load_id: UUID) -> Operation[dict[int, str]]:
    """The SHA-256, in hexadecimal digits, of the parts that the service has."""
    found = yield from get(sender, f"{_LOADS}/{load_id}/parts", _decode_parts)
    return {part.number: part.sha256 for part in found.parts}


def put_part(sender: RetryingSender, load_id: UUID, number: int, part: bytes) -> Operation[None]:
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode("ascii")
    headers = {"Content-Type": "application/octet-stream", "Content-Digest": f"sha-256=:{digest}:"}
    request = HttpRequest("PUT", f"{_LOADS}/{load_id}/parts/{number}", part, headers)
    yield from sender.send(request, ignore_content, unknown=_UNKNOWN.format(f"part {number} was stored"))


def _post(sender: RetryingSender, load_id: UUID, action: str, unknown: str) -> Operation[LoadInfo]:
    """Starts or cancels a load. What was done already is done again without harm."""
    return sender.send(HttpRequest("POST", f"{_LOADS}/{load_id}/{action}"), _decode_load, unknown=unknown)


def get_load(sender: RetryingSender, load_id: UUID | str) -> Operation[LoadInfo]:
    return get(sender, f"{_LOADS}/{encode_segment(str(load_id))}", _decode_load)


def get_loads(sender: RetryingSender, cursor: str | None) -> Operation[Page[LoadInfo]]:
    page = yield from get(sender, make_target(_LOADS, limit=_PAGE_SIZE, cursor=cursor), _decode_page)
    return page.loads, page.next


def find_load(sender: RetryingSender, key: str) -> Operation[LoadInfo | None]:
    page = yield from get(sender, make_target(_LOADS, idempotencyKey=key), _decode_page)
    return page.loads[0] if page.loads else None


def cancel(sender: RetryingSender, load_id: UUID) -> Operation[LoadInfo]:
    return _post(sender, load_id, "cancel", "the service does not know whether the load was cancelled; cancel it again")


def wait(
    sender: RetryingSender, load_id: UUID, progress: Callable[[LoadInfo], object] | None, timeout: float | None
) -> Operation[LoadInfo]:
    """Asks for the load until it has ended, as often as the service says. Raises `LoadFailed`, `WaitTimedOut`."""
    end = None if timeout is None else sender.now + timeout
    while True:
        load, pause = yield from get(sender, f"{_LOADS}/{load_id}", _decode_polled)
        if progress is not None:
            yield BlockingCall(partial(progress, load))
        if load.is_final:
            break
        if end is not None and sender.now + pause > end:
            raise WaitTimedOut(f"the load is {load.state} after {timeout:g} s")
        yield Pause(pause)
    if load.state == "failed":
        raise LoadFailed(load.problem or "the load failed", info=load)
    return load


def _decode_polled(response: HttpResponse) -> tuple[LoadInfo, float]:
    pause = parse_retry_after(response.headers.get("retry-after"))
    return _decode_load(response), _POLL_SECONDS if pause is None else pause


def download_refused(
    sender: RetryingSender,
    load_id: UUID,
    sink: Sink,
    refused_format: RefusedFormat | None,
    *,
    for_excel: bool,
) -> Operation[None]:
    # Services that are older know no `forExcel`.
    query = {"format": refused_format, "forExcel": "true" if for_excel else None}
    return _download(sender, make_target(f"{_LOADS}/{load_id}/refused", **query), sink)


def download_results(sender: RetryingSender, load_id: UUID, sink: Sink) -> Operation[None]:
    return _download(sender, f"{_LOADS}/{load_id}/results", sink)


def _download(sender: RetryingSender, target: str, sink: Sink) -> Operation[None]:
    yield from sender.send(HttpRequest("GET", target, sink=sink), _check_file)


def _check_file(response: HttpResponse) -> None:
    if response.headers.get("content-type", "").startswith("text/html"):
        raise UnexpectedResponse("the response is a web page; another server may be listening at the URL")


def _choose_name(file: object, name: str | None) -> str:
    """The given name, or that of the file, without its directories."""
    path = name or getattr(file, "name", None)
    return os.path.basename(path) if isinstance(path, str) else "upload"


def open_file(file: str | os.PathLike[str] | BinaryIO) -> AbstractContextManager[BinaryIO]:
    """The file, which is opened, and closed at the end, if it is a path."""
    return Path(file).open("rb") if isinstance(file, str | os.PathLike) else nullcontext(file)
