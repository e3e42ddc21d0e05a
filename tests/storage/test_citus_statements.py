"""No statement of muster is one that Citus refuses: each is checked when a storage test makes muster send it."""

from typing import Any

import pytest

from muster.storage import open_storage
from tests.storage.citus_rules import find_refusals
from tests.storage.statement_recorder import StatementRecorder

# Statements that muster sent before it supported Citus, and others of their kind.
REFUSED = {
    "FOR UPDATE over several shards of customers": """
        INSERT INTO customer_history SELECT existing.* FROM customers AS existing
        JOIN unnest(ARRAY['c'], ARRAY[1]) AS replaced (customer_ext_id, version)
          ON existing.customer_ext_id = replaced.customer_ext_id AND existing.version = replaced.version
        FOR UPDATE OF existing""",
    "FOR UPDATE over several shards of batches": """
        SELECT id FROM batches WHERE is_counted IS NULL LIMIT 50 FOR UPDATE SKIP LOCKED""",
    "join of communications with batches, which is on other nodes": """
        SELECT communications.version, batches.sender FROM communications
        JOIN batches ON batches.id = communications.batch_id WHERE communications.customer_ext_id = 'c'""",
    "join of batches with rejections by other columns than those they are distributed by": """
        SELECT count(*) FROM batches JOIN rejections ON rejections.business_unit = batches.sender""",
    "join of idempotency_keys with batches, which is on other nodes": """
        SELECT id FROM batches
        WHERE EXISTS (SELECT 1 FROM idempotency_keys WHERE idempotency_keys.batch_id = batches.id)""",
    "UPDATE of customers.customer_ext_id, which the table is distributed by": """
        UPDATE customers SET customer_ext_id = 'd' WHERE customer_ext_id = 'c'""",
    "INSERT into rejections without batch_id": """
        INSERT INTO rejections (position, violations) VALUES (1, '[]')""",
    "ON CONFLICT of batch_units without batch_id": """
        INSERT INTO batch_units (batch_id, business_unit, day, sender, accepted, rejected)
        VALUES ('00000000-0000-0000-0000-000000000000', 'MAIN', '2024-05-26', 's', 1, 0)
        ON CONFLICT (business_unit) DO NOTHING""",
    "ON CONFLICT of idempotency_keys with a function that is not immutable": """
        INSERT INTO idempotency_keys (sender, idempotency_key, fingerprint, batch_id, created_at)
        VALUES ('s', 'k', '', '00000000-0000-0000-0000-000000000000', '2024-05-26')
        ON CONFLICT (sender, idempotency_key) DO UPDATE SET created_at = clock_timestamp()""",
    "UPDATE of batches with a function that is not immutable": """
        UPDATE batches SET warnings = (random() * 9)::int""",
}

# What Citus does, and muster must not do: other nodes see no such lock, and the join copies a table.
UNWANTED = {
    "pg_try_advisory_xact_lock locks on one node only": "SELECT pg_try_advisory_xact_lock(%s)",
    "join of batches with loads, which is on the coordinator": """
        SELECT batches.id FROM batches JOIN loads ON batches.load_id = loads.id""",
}

ALLOWED = [
    "SELECT customer_ext_id FROM customers WHERE customer_ext_id = %s AND version = 1 FOR UPDATE SKIP LOCKED",
    "SELECT id FROM loads WHERE state = %(state)s FOR UPDATE SKIP LOCKED",
    "SELECT rejections.position FROM rejections JOIN batches ON batches.id = rejections.batch_id",
    "SELECT code FROM rejection_counts WHERE batch_id IN (SELECT id FROM batches WHERE load_id = %s)",
    "DELETE FROM replay_responses WHERE batch_id IN (SELECT batch_id FROM idempotency_keys WHERE created_at < %s)",
    "COPY customers (customer_ext_id) FROM STDIN (FORMAT binary)",
]


@pytest.mark.parametrize(("refusal", "statement"), [*REFUSED.items(), *UNWANTED.items()])
def test_statement_that_a_distributed_table_refuses_is_found(refusal: str, statement: str) -> None:
    assert find_refusals(statement) == [refusal]


@pytest.mark.parametrize("statement", ALLOWED)
def test_statement_that_a_distributed_table_takes_is_not_refused(statement: str) -> None:
    assert find_refusals(statement) == []


def test_statement_that_muster_sends_is_noted_and_that_of_a_test_is_not(
    postgres_url: str, statement_recorder: StatementRecorder
) -> None:
    muster: dict[str, Any] = {"__name__": "muster.storage.put_back"}
    exec("def send(storage, statement):\n  with storage.engine.connect() as c: c.exec_driver_sql(statement)", muster)
    refusal, statement = next(iter(REFUSED.items()))
    storage = open_storage(postgres_url)
    with storage.engine.connect() as connection:
        connection.exec_driver_sql(statement)
    assert statement_recorder.take_refused() == {}
    muster["send"](storage, statement)
    assert statement_recorder.take_refused() == {statement: [refusal]}
    storage.close()
