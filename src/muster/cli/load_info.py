"""What a service says of a load, in the terms of this command."""

import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime

import msgspec

from muster.audit.export import escape_unprintable
from muster.intake.checkpoint import CodeCount, Totals
from muster.loads.load_store import Load, LoadOptions, LoadState
from muster.loads.rows import Layout
from muster_client import LoadInfo, RefusedCode


class UploadedFile:
    """How far the service has read the file.

    The service notes the rows with each chunk, and the bytes each 5 seconds: between, the rows tell the bytes.
    """

    def __init__(self, layout: Layout, size: int, info: LoadInfo) -> None:
        self.layout = layout
        self.size = size
        self.bytes_read = 0
        self._last = info
        self._bytes_per_row = 0.0

    def update(self, info: LoadInfo) -> None:
        last, self._last = self._last, info
        if info.rows < last.rows:
            self._bytes_per_row = 0.0  # the whole file was judged, and is loaded now
        # The first bytes are noted before any row.
        elif info.bytes_read > last.bytes_read > 0 and info.rows > 0:
            # They were noted at some moment since the last request.
            self._bytes_per_row = 2 * info.bytes_read / (last.rows + info.rows)
        read = info.bytes_read if info.is_final else round(info.rows * self._bytes_per_row)
        self.bytes_read = min(read, self.size)


def make_key(sha256: bytes, options: LoadOptions, number: int) -> str:
    """The idempotency key of the load of a file: the same content with the same options has the same key.

    The size of the chunks does not count, as for a load by database. The first load of a file has the number 1, those
    after one that failed, or with --again, the next ones.
    """
    counted = replace(options, chunk_rows=0)
    values = {field.name: getattr(counted, field.name) for field in fields(LoadOptions)}
    if options.sheet is None:
        del values["sheet"]  # so the keys are those of versions that did not know it
    values["mapping"] = msgspec.Raw(msgspec.json.encode(options.mapping, order="deterministic"))
    described = msgspec.json.encode(values)
    return f"muster-load-{hashlib.sha256(sha256 + described).hexdigest()}-{number}"


def to_load(info: LoadInfo, options: LoadOptions, layout: Layout | None) -> Load:
    """The texts are escaped: they come from elsewhere, and go to a terminal."""
    return Load(
        id=info.id,
        created_at=info.created_at or datetime.now(UTC),
        sender=info.sender or "",
        business_units=(),
        name=info.name,
        options=options,
        fingerprint=b"",
        size=info.size,
        state=LoadState(info.state),
        totals=Totals(
            info.rows,
            info.accepted,
            info.refused,
            info.warnings,
            tuple(map(_to_count, info.codes)),
        ),
        started_at=info.started_at,
        ended_at=info.ended_at,
        layout=layout,
        bytes_read=info.bytes_read,
        problem=None if info.problem is None else escape_unprintable(info.problem),
        has_refused=info.has_refused,
    )


def _to_count(code: RefusedCode) -> CodeCount:
    cell = None if code.cell is None else escape_unprintable(code.cell)
    return CodeCount(
        escape_unprintable(code.code), code.count, escape_unprintable(code.description), code.first_row, cell
    )
