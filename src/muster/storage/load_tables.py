"""The tables of loads: their state, the parts of their files, their refused rows, and saved mappings."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text, Uuid, true

from muster.storage.columns import ExactJson, Key, UtcDateTime, metadata

# Each chunk and each renewal of a lease updates the row of its load. No index has a column that they change, so that
# PostgreSQL adds nothing to the indexes (HOT: 240 of 241 updates).
loads = Table(
    "loads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sender", Key, nullable=False),
    Column("business_units", ExactJson, nullable=False),  # [code, …]
    Column("name", Text, nullable=False),
    Column("options", ExactJson, nullable=False),  # LoadOptions
    Column("is_dry_run", Boolean),  # of the options, for an index; null if created by code before revision 0012
    Column("fingerprint", LargeBinary, nullable=False),
    Column("size", BigInteger),
    Column("content_sha256", LargeBinary),
    Column("state", Key, nullable=False),
    Column("is_uploaded", Boolean, nullable=False),  # false: the file is not in `load_parts`
    Column("position_row", BigInteger, nullable=False),
    Column("position_offset", BigInteger, nullable=False),
    Column("position_digest", LargeBinary, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("warnings", BigInteger, nullable=False),
    Column("codes", ExactJson, nullable=False),  # [CodeCount, …]
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("layout", ExactJson),
    Column("bytes_read", BigInteger, nullable=False),
    Column("problem", Text),
    Column("lease", Uuid),
    Column("leased_at", UtcDateTime),
    Column("leased_until", UtcDateTime),
    Column("takeovers", Integer, nullable=False),  # expired leases since the last checkpoint
    Column("parts_of", Uuid),  # the load whose parts a dry run reads; null for all others
    Index("loads_fingerprint", "fingerprint"),
    Index("loads_state", "state", "id"),
    Index("loads_sender", "sender", "id"),
    Index("loads_turn", "sender", "leased_at"),
    Index("loads_parts_of", "parts_of"),
)
Index(
    "loads_dry_run",
    loads.c.id,
    postgresql_where=loads.c.is_dry_run.is_(true()),
    sqlite_where=loads.c.is_dry_run.is_(true()),
)

load_parts = Table(
    "load_parts",
    metadata,
    Column("load_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),  # of the part as it was sent
    Column("content", LargeBinary, nullable=False),  # compressed with zstd
)

load_refused_rows = Table(
    "load_refused_rows",
    metadata,
    Column("load_id", Uuid, primary_key=True),
    Column("first_row", BigInteger, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),  # of one chunk, packed by `loads/refused_rows.py`
)

# Mappings that users have saved under a name.
mappings = Table(
    "mappings",
    metadata,
    Column("name", Key, primary_key=True),
    Column("header_sha256", LargeBinary, nullable=False),  # of the header that the mapping is for
    Column("mapping", ExactJson, nullable=False),  # its JSON shape
    Column("saved_by", Key, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Index("mappings_header", "header_sha256"),
)
