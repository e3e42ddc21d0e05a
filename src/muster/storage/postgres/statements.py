"""The SQL that reads and writes customers on PostgreSQL, and the encoding of its text arrays."""

import secrets
from collections.abc import Collection
from typing import Final

from sqlalchemy import Table

from muster.storage.idempotency import build_claim_key, build_find_key, build_find_response, build_upsert_key
from muster.storage.tables import communications, customer_history, customers, rejections

# A text array is sent as one text with a separator, see `join_texts`. psycopg inspects each element of a list several
# times, which took 1 µs an element; building the array literal here took 0.2. This takes 0.02, and the server splits
# the text as fast as it reads an array.
_TEXT_ARRAY: Final = "string_to_array(%s, %s)"

# Both lookups in one round trip. Rows without a unit are communication numbers.
FIND_KNOWN_IN_UNIT: Final = f"""
SELECT NULL, communication_number, 0 FROM communications WHERE communication_number = ANY({_TEXT_ARRAY})
UNION ALL
SELECT business_unit, customer_ext_id, version FROM customers
WHERE customer_ext_id = ANY({_TEXT_ARRAY}) AND business_unit = %s
"""  # noqa: S608 - no values

# The same for several units. A quarter slower, so one unit has its own query. Two arrays with ANY are no alternative:
# PostgreSQL before 17 tries every combination of a unit and an id.
FIND_KNOWN_IN_UNITS: Final = f"""
SELECT NULL, communication_number, 0 FROM communications WHERE communication_number = ANY({_TEXT_ARRAY})
UNION ALL
SELECT known.business_unit, known.customer_ext_id, known.version FROM customers AS known
JOIN unnest({_TEXT_ARRAY}, {_TEXT_ARRAY}) AS requested (customer_ext_id, business_unit)
  ON known.customer_ext_id = requested.customer_ext_id AND known.business_unit = requested.business_unit
"""  # noqa: S608 - no values

_CUSTOMER_COLUMNS: Final = ", ".join(customers.columns.keys())
_EXISTING_COLUMNS: Final = ", ".join(f"existing.{column.name}" for column in customers.columns)

# Moves the versions that are as expected; the row count says whether these are all. Writers of a version meet at its
# row, which the DELETE locks: a table that Citus has distributed refuses FOR UPDATE here. They lock in the order of the
# key, whether PostgreSQL goes through the list, which is in this order, or through the index.
# An INSERT and a DELETE that each look up the rows took 1.06 times as long for 100, and 1.2 for 10,000.
MOVE_TO_HISTORY: Final = f"""
WITH replaced AS (
  DELETE FROM customers AS existing
  USING unnest({_TEXT_ARRAY}, {_TEXT_ARRAY}, {_TEXT_ARRAY}::int[]) AS expected (customer_ext_id, business_unit, version)
  WHERE existing.customer_ext_id = expected.customer_ext_id
    AND existing.business_unit = expected.business_unit
    AND existing.version = expected.version
  RETURNING {_EXISTING_COLUMNS}
)
INSERT INTO customer_history ({_CUSTOMER_COLUMNS}) SELECT {_CUSTOMER_COLUMNS} FROM replaced
"""  # noqa: S608 - column names, not values

_COMMUNICATION_COLUMNS: Final = ", ".join(communications.columns.keys())

# A batch of one new customer, in the lock order of `write_batch`.
INSERT_ONE_BY_TABLE: Final = (
    f"INSERT INTO communications ({_COMMUNICATION_COLUMNS}) VALUES (%s, %s, %s, %s, %s)",  # noqa: S608
    "INSERT INTO batch_units (batch_id, business_unit, day, sender, accepted, rejected) VALUES (%s, %s, %s, %s, 1, 0)",
    "INSERT INTO batches (id, received_at, sender, accepted, rejected, answer, warnings, is_counted) "
    "VALUES (%s, %s, %s, 1, 0, %b, %s, true)",
    f"INSERT INTO customers ({_CUSTOMER_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",  # noqa: S608
)

# The same in one statement, so in one round trip: 0.3 ms, where a transaction with a COPY for each table took 0.7. The
# customer is inserted from `numbered` and so after it.
INSERT_ONE: Final = f"""
WITH numbered AS ({INSERT_ONE_BY_TABLE[0]} RETURNING version), counted AS ({INSERT_ONE_BY_TABLE[1]}),
  received AS ({INSERT_ONE_BY_TABLE[2]})
INSERT INTO customers ({_CUSTOMER_COLUMNS}) SELECT %s, %s, version, %s, %s, %s, %s, %s::jsonb FROM numbered
"""  # noqa: S608 - column names, not values

# The counts of a batch are a few rows, so they are written with the batch: a COPY for each table took 0.2 ms more.
_COUNTED: Final = """
counted_units AS (
  INSERT INTO batch_units (batch_id, business_unit, day, sender, accepted, rejected)
  SELECT %s, counted.unit, %s, %s, counted.accepted, counted.rejected
  FROM unnest(%s::text[], %s::int[], %s::int[]) AS counted (unit, accepted, rejected)
), counted_codes AS (
  INSERT INTO rejection_counts (batch_id, code, business_unit, day, sender, rejected, mentioned)
  SELECT %s, counted.code, counted.unit, %s, %s, counted.rejected, counted.mentioned
  FROM unnest(%s::text[], %s::text[], %s::int[], %s::int[]) AS counted (code, unit, rejected, mentioned)
)"""

INSERT_BATCH: Final = f"""
WITH {_COUNTED}
INSERT INTO batches (id, received_at, sender, accepted, rejected, answer, warnings, is_counted)
VALUES (%s, %s, %s, %s, %s, %b, %s, true)
"""  # noqa: S608 - no values

# The same for a chunk of a load, with its checkpoint: in one statement, so that it takes no further round trip. Inserts
# nothing when the load is leased by another worker, or does not stand where the chunk begins.
INSERT_CHUNK: Final = f"""
WITH {_COUNTED}, moved AS (
  UPDATE loads
  SET position_row = %s, position_offset = %s, position_digest = %b,
      rows = %s, accepted = %s, refused = %s, warnings = %s, codes = %s::json, takeovers = 0
  WHERE id = %s AND lease = %s AND position_row = %s AND position_offset = %s AND position_digest = %b
  RETURNING id
), kept AS (
  INSERT INTO load_refused_rows (load_id, first_row, content)
  SELECT id, %s, given.content FROM moved CROSS JOIN (VALUES (%b::bytea)) AS given (content)
  WHERE given.content IS NOT NULL
)
INSERT INTO batches
  (id, received_at, sender, accepted, rejected, answer, warnings, is_counted, load_id, first_row, last_row)
SELECT %s, %s, %s, %s, %s, %b, %s, true, id, %s, %s FROM moved
"""  # noqa: S608 - no values

LOCK_LOAD: Final = """
SELECT 1 FROM loads
WHERE id = %s AND lease = %s AND position_row = %s AND position_offset = %s AND position_digest = %b
FOR UPDATE
"""

INSERT_REPLAY_RESPONSE: Final = "INSERT INTO replay_responses (batch_id, answer) VALUES (%s, %b)"

FIND_KEY: Final = build_find_key("%s")
FIND_RESPONSE: Final = build_find_response("%s")
UPSERT_KEY: Final = build_upsert_key("%s")
CLAIM_KEY: Final = build_claim_key("%s")


def _build_copy(table: Table) -> str:
    return f"COPY {table.name} ({', '.join(table.columns.keys())}) FROM STDIN (FORMAT binary)"


COPY_COMMUNICATIONS: Final = _build_copy(communications)
COPY_CUSTOMERS: Final = _build_copy(customers)
COPY_HISTORY: Final = _build_copy(customer_history)
COPY_REJECTIONS: Final = _build_copy(rejections)


def join_texts(texts: Collection[str]) -> tuple[str, str]:
    """Encodes non-empty texts as the two parameters of a text array: the joined text, and its separator."""
    separator = "\x1f"
    joined = separator.join(texts)
    if joined.count(separator) >= max(len(texts), 1):
        # A text contains the separator, so the texts are joined by one that nobody can guess.
        separator = secrets.token_hex(16)
        joined = separator.join(texts)
    return joined, separator
