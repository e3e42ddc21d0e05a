"""How the tables of muster are spread over a Citus cluster; docs/decisions/0025-citus.md has the reasons."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Spread(StrEnum):
    """Where the rows of a table are, by the names of Citus."""

    DISTRIBUTED = "distributed"  # each row on one worker node, by the hash of a column
    REFERENCE = "reference"  # all rows on all nodes
    LOCAL = "local"  # all rows on the coordinator, reachable from all nodes


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Where a table is; a distributed one has its column, and the table whose rows of the same value lie beside."""

    table: str
    spread: Spread
    column: str | None = None
    beside: str | None = None


def _distribute(column: str, first: str, *others: str) -> list[TableLayout]:
    beside = (TableLayout(table, Spread.DISTRIBUTED, column, first) for table in others)
    return [TableLayout(first, Spread.DISTRIBUTED, column), *beside]


# In the order in which they are made: a table follows the one that it lies beside.
LAYOUT: Final = (
    *_distribute("communication_number", "communications"),
    *_distribute("customer_ext_id", "customers", "customer_history"),
    *_distribute("id", "batches"),
    *(
        TableLayout(table, Spread.DISTRIBUTED, "batch_id", "batches")
        for table in ("rejections", "batch_units", "rejection_counts", "replay_responses")
    ),
    *_distribute("idempotency_key", "idempotency_keys"),
    *(
        TableLayout(table, Spread.REFERENCE)
        for table in ("alembic_version", "revisions", "users", "tokens", "sessions", "classifier_entries", "mappings")
    ),
    *(
        TableLayout(table, Spread.LOCAL)
        for table in ("audit_log", "audit_head", "loads", "load_parts", "load_refused_rows")
    ),
    *(TableLayout(table, Spread.LOCAL) for table in ("report_days", "rejection_days", "customer_days")),
)
