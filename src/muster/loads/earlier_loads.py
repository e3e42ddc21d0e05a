"""Earlier loads of the same file: the one that goes on, or the one that has loaded it whole."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from muster.loads.load_store import Load, LoadOptions, LoadState, LoadStore, NewLoad

_UNFINISHED: Final = frozenset({LoadState.WAITING, LoadState.RUNNING})


def find_unfinished(loads: LoadStore, wanted: NewLoad) -> Load | None:
    """The newest load of this file with these options by this sender that has not ended and can go on."""
    return next((load for load in _find_same(loads, wanted) if load.state in _UNFINISHED), None)


def find_completed(loads: LoadStore, wanted: NewLoad, compute_sha256: Callable[[], bytes]) -> Load | None:
    """The newest load that has loaded this file whole. The digest of the file is computed only when it decides."""
    completed = [load for load in _find_same(loads, wanted) if load.state is LoadState.COMPLETED]
    sha256 = compute_sha256() if completed else None
    return next((load for load in completed if load.content_sha256 == sha256), None)


def _find_same(loads: LoadStore, wanted: NewLoad) -> list[Load]:
    return [
        load
        for load in loads.find_same(wanted.fingerprint)
        if load.sender == wanted.sender and _normalize(load.options) == _normalize(wanted.options)
    ]


def _normalize(options: LoadOptions) -> LoadOptions:
    """The options that decide what is loaded: the size of the chunks does not, and the fingerprint has the sheet."""
    return replace(options, chunk_rows=0, sheet=None)
