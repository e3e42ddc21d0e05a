"""Types of columns that both databases have, and the metadata of all tables."""

from datetime import UTC, datetime

from sqlalchemy import JSON, DateTime, Dialect, MetaData, Text, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

# Text compared and sorted by code point, as in Python and SQLite. Writers lock rows in the order of such columns, and
# must all use the same order.
Key = Text().with_variant(Text(collation="C"), "postgresql")

# A small JSON list, read and written as Python values.
Json = JSON().with_variant(JSONB(), "postgresql")

# A JSON value as it was given: its keys keep their order, and its texts may have NUL, which JSONB refuses.
ExactJson = JSON()

# The document of a customer. Written and read as text, because Python floats would round its decimals. It is json on a
# Citus cluster: see `storage/postgres/distribution.py`.
Document = Text().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, read in UTC. SQLite stores it as UTC without a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError for a datetime without a time zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()
