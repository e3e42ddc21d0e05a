"""The records as users read them: one object for the web layer, and the types that it needs with it."""

from muster.auth.read_audit import ReadAudit
from muster.records.batches import BatchReader
from muster.records.history import MAX_PAGE_BYTES, HistoryBounds, HistoryReader, VersionChange
from muster.records.paging import Page
from muster.records.record_store import RecordStore
from muster.records.visibility import UnitSource

__all__ = ["MAX_PAGE_BYTES", "HistoryBounds", "Page", "RecordReader", "VersionChange"]


class RecordReader(BatchReader, HistoryReader):
    """Reads batches (see `batches.py`) and customers with their history (see `history.py`) for users."""

    def __init__(
        self, store: RecordStore, units: UnitSource, audit: ReadAudit, *, max_page_bytes: int = MAX_PAGE_BYTES
    ) -> None:
        BatchReader.__init__(self, store, units, audit)
        HistoryReader.__init__(self, store, units, audit, max_page_bytes=max_page_bytes)
