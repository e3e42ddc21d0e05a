"""The ledger detects every violation: otherwise the fault tests could not fail."""

import json
import sqlite3
from contextlib import closing
from uuid import UUID, uuid4

import pytest

from benchmarks.databases import Database
from faults.claims import Claims
from faults.ledger import Ledger, SentRequest

INSERT_BATCH = "INSERT INTO batches (id, received_at, sender, accepted, rejected) VALUES (?, ?, ?, ?, 0)"


@pytest.fixture
def database(sqlite_url: str) -> Database:
    return Database(sqlite_url, "")


def acknowledge_new(ledger: Ledger) -> SentRequest:
    """A new request, acknowledged with all its customers accepted."""
    request = ledger.create_request()
    customers = json.loads(request.body)["customers"]
    results = [{"resultType": "REQUEST_ACCEPTED", **customer} for customer in customers]
    ledger.acknowledge(request, json.dumps({"results": results}).encode(), replayed=False)
    return request


def write(database: Database, request: SentRequest, *, count: int | None = None, accepted: int | None = None) -> None:
    """Writes the first `count` customers of a request, and a batch with the count `accepted`; all by default."""
    batch_id, pairs = uuid4().hex, list(request.accepted())
    with closing(sqlite3.connect(database.file)) as connection, connection:
        for number, ext_id in pairs[:count]:
            connection.execute("INSERT INTO communications VALUES (?, ?, 'MAIN', ?, 1)", (number, batch_id, ext_id))
            row = (ext_id, number, batch_id)
            connection.execute("INSERT INTO customers VALUES (?, 'MAIN', 1, ?, 'INDIVIDUAL', 'ACTIVE', ?, '{}')", row)
        batch = (batch_id, "2024-05-26 16:49:50.000000", "anna", len(pairs) if accepted is None else accepted)
        connection.execute(INSERT_BATCH, batch)


def test_run_without_faults_has_no_violation(database: Database) -> None:
    ledger = Ledger(1)
    for _ in range(3):
        write(database, acknowledge_new(ledger))
    assert (ledger.count_lost(database), ledger.violations) == (0, [])


def test_missing_customers_are_lost(database: Database) -> None:
    ledger = Ledger(1)
    request = acknowledge_new(ledger)
    assert ledger.count_lost(database) == len(list(request.accepted())) > 0


def test_batch_saved_in_part_is_detected(database: Database) -> None:
    ledger = Ledger(3)
    request = acknowledge_new(ledger)
    while len(list(request.accepted())) < 2:
        request = acknowledge_new(ledger)
    write(database, request, count=1)
    ledger.count_lost(database)
    assert "a batch is saved in part" in ledger.violations


def test_batch_row_without_its_customers_is_detected(database: Database) -> None:
    ledger = Ledger(1)
    write(database, acknowledge_new(ledger), count=0, accepted=1)
    ledger.count_lost(database)
    assert "a batch is saved in part" in ledger.violations


def test_customers_without_a_response_are_detected(database: Database) -> None:
    ledger, other = Ledger(1), Ledger(2)
    write(database, acknowledge_new(ledger))
    write(database, acknowledge_new(other))
    ledger.count_lost(database)
    assert ledger.violations == ["the database has customers that no response accepts"]


def test_different_response_to_the_same_request_is_detected() -> None:
    ledger = Ledger(1)
    request = acknowledge_new(ledger)
    ledger.acknowledge(request, request.response, replayed=True)
    assert ledger.violations == []
    ledger.acknowledge(request, request.response + b" ", replayed=True)
    assert len(ledger.violations) == 1


def test_false_claims_about_batches_are_detected(database: Database) -> None:
    ledger = Ledger(seed=1)
    saved, missing, unsaid = (acknowledge_new(ledger) for _ in range(3))
    for request in (saved, unsaid):
        write(database, request)
    claims = Claims(saved=[(saved, read_batch_id(database, saved)), (missing, uuid4())], not_saved=[unsaid])
    claims.check(database)
    assert claims.false_answers == [
        f"{missing.key} is not saved, and a response said that it is",
        f"{unsaid.key} is saved, and a response said that it is not",
    ]


def read_batch_id(database: Database, request: SentRequest) -> UUID:
    with closing(sqlite3.connect(database.file)) as connection:
        query = "SELECT batch_id FROM communications WHERE communication_number = ?"
        [batch_id] = connection.execute(query, request.numbers()[:1]).fetchone()
    return UUID(batch_id)
