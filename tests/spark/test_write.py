"""Chunks and their keys depend on the rows alone, so an attempt that repeats another one saves nothing twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest

from muster.intake.customer_store import LostCommitError
from muster.intake.idempotency import KeyInProgressError
from muster.spark.encode import DOCUMENT, RowEncoder
from muster.spark.executor import Secret
from muster.spark.rows import ORDER
from muster.spark.write import ChunkWriter
from muster.spark.writers import RETRY_SECONDS, DatabaseWriter, ServiceWriter, WriteOptions, repeat
from muster.storage import StorageUnavailableError, open_storage
from muster_client import CustomerResult
from tests.client.fakes import FakeClock
from tests.samples import individual
from tests.serving import serving
from tests.spark.batches import SENDER, make_batch, make_rows, read_rows

OPTIONS = WriteOptions(upsert=False, reject_unknown=False, key_hours=720)


@dataclass
class FakeWriter:
    """Accepts everything, and keeps the keys with what they were for."""

    options: WriteOptions = OPTIONS
    saved: list[tuple[str, tuple[bytes, ...]]] = field(default_factory=list)

    def save(self, documents: Sequence[bytes], key: str) -> Sequence[CustomerResult]:
        self.saved.append((key, tuple(documents)))
        found = (msgspec.json.decode(document) for document in documents)
        return [
            CustomerResult("REQUEST_ACCEPTED", each["communicationNumber"], each["customerExtId"], "MAIN", 0)
            for each in found
        ]


def encode(rows: Sequence[dict[str, Any]]) -> tuple[Any, Any]:
    batch = make_batch(rows)
    frame_rows = make_rows(batch)
    [encoded] = RowEncoder(frame_rows).run(iter([batch]))
    return frame_rows, encoded


def cut(batch: Any, size: int) -> Iterator[Any]:
    return (batch.slice(start, size) for start in range(0, batch.num_rows, size))


def test_chunks_are_the_same_however_spark_sends_the_rows() -> None:
    frame_rows, encoded = encode([individual() for _ in range(25)])
    attempts = []
    for size in (25, 4, 1):
        writer = FakeWriter()
        results = read_rows(ChunkWriter(frame_rows, writer, "job", 10).run(cut(encoded, size)))
        assert [result[ORDER]["line"] for result in results] == list(range(25))
        attempts.append(writer.saved)
    assert [len(documents) for _, documents in attempts[0]] == [10, 10, 5]
    assert attempts[0] == attempts[1] == attempts[2]


def test_the_same_customers_twice_are_two_chunks() -> None:
    frame_rows, encoded = encode([individual()] * 2)
    writer = FakeWriter()
    list(ChunkWriter(frame_rows, writer, "job", 1).run(iter([encoded])))
    (first, documents), (second, again) = writer.saved
    assert documents == again
    assert first != second


@pytest.mark.parametrize("other", [WriteOptions(True, False, 720), WriteOptions(False, True, 720)])
def test_other_options_are_other_requests(other: WriteOptions) -> None:
    frame_rows, _ = encode([individual()])
    keys = {ChunkWriter(frame_rows, FakeWriter(each), "job", 1).make_key([b"{}"], 0) for each in (OPTIONS, other)}
    assert len(keys) == 2


def test_a_row_that_cant_be_read_is_refused_and_not_sent() -> None:
    frame_rows, encoded = encode([individual(initialDepositAmount=1.0), individual(initialDepositAmount=float("nan"))])
    writer = FakeWriter()
    good, bad = read_rows(ChunkWriter(frame_rows, writer, "job", 10).run(iter([encoded])))
    [(_, documents)] = writer.saved
    assert len(documents) == 1
    assert good["accepted"]
    assert (bad["accepted"], bad["errorCode"], bad["errors"][0]["column"]) == (False, "F007", "initialDepositAmount")
    assert bad["customerExtId"]


def test_a_large_chunk_is_cut_by_its_bytes() -> None:
    frame_rows, encoded = encode([individual(firstName="x" * 1_000_000) for _ in range(20)])
    writer = FakeWriter()
    list(ChunkWriter(frame_rows, writer, "job", 100).run(iter([encoded])))
    assert [len(documents) for _, documents in writer.saved] == [17, 3]


def test_an_attempt_gets_the_answers_of_the_one_before(database_url: str) -> None:
    frame_rows, encoded = encode([individual(), individual(citizenshipCountry="XX")])
    writer = DatabaseWriter(Secret(database_url), SENDER, OPTIONS)
    first, second = (read_rows(ChunkWriter(frame_rows, writer, "job", 10).run(cut(encoded, size))) for size in (2, 1))
    assert [result["errorCode"] for result in first] == [None, "C016.I06"]
    assert first == second
    storage = open_storage(database_url)
    with storage.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM batches").scalar_one() == 1
    storage.close()


def test_a_service_gives_the_same_answers_as_a_database(sqlite_url: str) -> None:
    customers = [individual(initialDepositAmount=Decimal("0.10")), individual(citizenshipCountry="XX")]
    frame_rows, encoded = encode(customers)
    with serving(sqlite_url) as api:
        url, token = f"http://127.0.0.1:{api.port}", Secret(api.user(name="core"))
        attempts = [
            read_rows(ChunkWriter(frame_rows, ServiceWriter(url, token, None, OPTIONS), "job", 10).run(iter([encoded])))
            for _ in range(2)
        ]
        assert api.sql("SELECT count(*) FROM customers")[0][0] == 1
        [(created_at, valid_until)] = api.sql("SELECT created_at, valid_until FROM idempotency_keys")
        [[document]] = api.sql("SELECT document FROM customers")
    assert attempts[0] == attempts[1]
    assert [result["errorCode"] for result in attempts[0]] == [None, "C016.I06"]
    assert datetime.fromisoformat(valid_until) - datetime.fromisoformat(created_at) == timedelta(hours=720)
    assert '"initialDepositAmount":0.10' in document
    assert token.value not in repr(ServiceWriter(url, token, None, OPTIONS))


def test_a_chunk_waits_while_another_attempt_saves_it() -> None:
    clock, errors = FakeClock(), [KeyInProgressError(), StorageUnavailableError(), LostCommitError(UUID(int=1))]

    def save() -> str:
        if errors:
            raise errors.pop()
        return "saved"

    assert repeat(save, clock=clock, sleep=clock.sleep) == "saved"
    assert clock.pauses == [0.25, 0.5, 1.0]


def test_a_chunk_that_never_succeeds_fails_its_task() -> None:
    clock = FakeClock()

    def save() -> None:
        raise KeyInProgressError

    with pytest.raises(KeyInProgressError):
        repeat(save, clock=clock, sleep=clock.sleep)
    assert sum(clock.pauses) <= RETRY_SECONDS


def test_an_internal_error_is_not_repeated() -> None:
    clock = FakeClock()

    def save() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        repeat(save, clock=clock, sleep=clock.sleep)
    assert clock.pauses == []


def test_documents_are_json_of_the_cells() -> None:
    _, encoded = encode([individual(firstName="Ž\n", initialDepositAmount=0.1)])
    document = msgspec.json.decode(encoded.column(DOCUMENT)[0].as_py())
    assert (document["firstName"], document["initialDepositAmount"]) == ("Ž\n", 0.1)
