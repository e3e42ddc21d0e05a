"""Conversion of loads to rows and back, and the parameters of a checkpoint, which both databases share."""

import json
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Select, exists, select

from muster.intake.checkpoint import Checkpoint, CodeCount, Position, Totals
from muster.loads.load_store import Load, LoadOptions, LoadState, NewLoad
from muster.loads.rows import Layout
from muster.storage.tables import load_refused_rows, loads
from muster.storage.text import sanitize_text

_HAS_REFUSED: Final = exists().where(load_refused_rows.c.load_id == loads.c.id).label("has_refused")


def select_loads() -> Select[Any]:
    """Selects what `to_load` converts."""
    return select(loads, _HAS_REFUSED)


def to_row(load: NewLoad) -> dict[str, Any]:
    """The columns of a new load."""
    return {
        "id": load.id,
        "created_at": load.created_at,
        "sender": load.sender,
        "business_units": list(load.business_units),
        "name": sanitize_text(load.name),
        "options": msgspec.to_builtins(load.options),
        "is_dry_run": load.options.dry_run,
        "fingerprint": load.fingerprint,
        "size": load.size,
        "content_sha256": load.content_sha256,
        "state": load.state.value,
        "is_uploaded": load.parts_of is not None,
        "parts_of": load.parts_of,
        "position_row": 0,
        "position_offset": 0,
        "position_digest": b"",
        "bytes_read": 0,
        "takeovers": 0,
        **to_total_columns(Totals()),
    }


def to_total_columns(totals: Totals) -> dict[str, Any]:
    codes = msgspec.to_builtins(totals.codes)
    counts = {"rows": totals.rows, "accepted": totals.accepted, "refused": totals.refused, "warnings": totals.warnings}
    return {**counts, "codes": codes}


def to_load(row: Mapping[Any, Any]) -> Load:
    """Converts a row of `select_loads`."""
    codes = msgspec.convert(row["codes"], tuple[CodeCount, ...])
    return Load(
        id=row["id"],
        created_at=row["created_at"],
        sender=row["sender"],
        business_units=tuple(row["business_units"]),
        name=row["name"],
        options=msgspec.convert(row["options"], LoadOptions),
        fingerprint=row["fingerprint"],
        size=row["size"],
        content_sha256=row["content_sha256"],
        state=LoadState(row["state"]),
        parts_of=row["parts_of"],
        position=Position(row["position_row"], row["position_offset"], row["position_digest"]),
        totals=Totals(row["rows"], row["accepted"], row["refused"], row["warnings"], codes),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        layout=msgspec.convert(row["layout"], Layout) if row["layout"] is not None else None,
        bytes_read=row["bytes_read"],
        problem=row["problem"],
        has_refused=bool(row["has_refused"]),
    )


def build_checkpoint_parameters(checkpoint: Checkpoint) -> tuple[Any, ...]:
    """What the load becomes: its position and totals; then what it must be."""
    totals = checkpoint.totals
    codes = json.dumps(msgspec.to_builtins(totals.codes))
    counts = totals.rows, totals.accepted, totals.refused, totals.warnings
    return *checkpoint.after, *counts, codes, *build_fence_parameters(checkpoint)


def build_fence_parameters(checkpoint: Checkpoint) -> tuple[Any, ...]:
    """What the load must be: its id, lease and position."""
    return checkpoint.load_id, checkpoint.lease, *checkpoint.before
