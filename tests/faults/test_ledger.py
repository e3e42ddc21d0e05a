"""The ledger of the fault tests sees what must not happen: else they could not fail."""

import json
import sqlite3
from contextlib import closing
from uuid import uuid4

import pytest

from benchmarks.databases import Database
from faults.ledger import Ledger, Sent


@pytest.fixture
def database(sqlite_url: str) -> Database:
    return Database(sqlite_url, "")


def acknowledged(ledger: Ledger) -> Sent:
    """A request of which each customer was accepted."""
    sent = ledger.new()
    customers = json.loads(sent.body)["customers"]
    results = [{"resultType": "REQUEST_ACCEPTED", **customer} for customer in customers]
    ledger.answered(sent, json.dumps({"results": results}).encode(), replayed=False)
    return sent


def write(database: Database, sent: Sent, *, count: int | None = None, told: int | None = None) -> None:
    """Puts the first `count` customers of the request into the database, in a batch that tells of `told`."""
    batch, pairs = uuid4().hex, list(sent.accepted())
    with closing(sqlite3.connect(database.file)) as connection, connection:
        for number, ext_id in pairs[:count]:
            connection.execute("INSERT INTO communications VALUES (?, ?, 'MAIN', ?, 1)", (number, batch, ext_id))
            row = (ext_id, number, batch)
            connection.execute("INSERT INTO customers VALUES (?, 'MAIN', 1, ?, 'INDIVIDUAL', 'ACTIVE', ?, '{}')", row)
        counts = (batch, "2024-05-26 16:49:50.000000", "anna", len(pairs) if told is None else told)
        connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?, 0, NULL)", counts)


def test_a_run_in_which_all_went_well_lost_nothing(database: Database) -> None:
    ledger = Ledger(1)
    for _ in range(3):
        write(database, acknowledged(ledger))
    assert (ledger.lost(database), ledger.wrong) == (0, [])


def test_customers_that_are_not_there_are_lost(database: Database) -> None:
    ledger = Ledger(1)
    sent = acknowledged(ledger)
    assert ledger.lost(database) == len(list(sent.accepted())) > 0


def test_a_batch_that_is_there_by_half_is_seen(database: Database) -> None:
    ledger = Ledger(3)
    sent = acknowledged(ledger)
    while len(list(sent.accepted())) < 2:
        sent = acknowledged(ledger)
    write(database, sent, count=1)
    ledger.lost(database)
    assert "a batch is there by half" in ledger.wrong


def test_a_batch_of_which_nothing_is_there_but_its_row_is_seen(database: Database) -> None:
    ledger = Ledger(1)
    write(database, acknowledged(ledger), count=0, told=1)
    ledger.lost(database)
    assert "a batch is there by half" in ledger.wrong


def test_customers_that_nobody_was_told_of_are_seen(database: Database) -> None:
    ledger, other = Ledger(1), Ledger(2)
    write(database, acknowledged(ledger))
    write(database, acknowledged(other))
    ledger.lost(database)
    assert ledger.wrong == ["customers are there that no answer accepts"]


def test_another_answer_to_the_same_request_is_seen() -> None:
    ledger = Ledger(1)
    sent = acknowledged(ledger)
    ledger.answered(sent, sent.answer, replayed=True)
    assert ledger.wrong == []
    ledger.answered(sent, sent.answer + b" ", replayed=True)
    assert len(ledger.wrong) == 1
