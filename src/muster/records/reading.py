"""The records as users read them: one object for the web layer, and the types that it needs with it."""

from muster.audit.events import AuditSink
from muster.records.batches import BatchReader
from muster.records.history import HistoryReader, VersionChange
from muster.records.record_store import RecordStore
from muster.records.visibility import UnitRequiredError, UnitSource

__all__ = ["RecordReader", "UnitRequiredError", "VersionChange"]


class RecordReader(BatchReader, HistoryReader):
    """Reads batches (see `batches.py`) and customers with their history (see `history.py`) for users."""

    def __init__(self, store: RecordStore, units: UnitSource, audit: AuditSink) -> None:
        BatchReader.__init__(self, store, units)
        HistoryReader.__init__(self, store, units, audit)
