"""Frames on a local cluster: two executors, each a process of its own. One session serves all tests.

`make spark` installs Spark and runs these tests.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from muster import spark
from muster.auth.administration import UserAdministration
from muster.auth.users import Role, User
from muster.bootstrap.intake import make_intake
from muster.bootstrap.load_runner import make_load_runner
from muster.intake.request import BatchOptions
from muster.intake.service import generate_batch_id
from muster.loads.dry_run_record import DryRunRecord
from muster.loads.load_store import Load, LoadOptions, NewLoad
from muster.loads.mapping import InvalidMappingError, make_mapper
from muster.loads.refused_rows import unpack_refused_rows
from muster.loads.sheets.parquet import open_parquet
from muster.settings import Settings
from muster.storage import Storage, open_storage
from tests.intake.fakes import make_body
from tests.samples import individual, organization
from tests.spark.sessions import find_obstacle, list_executors, start_session

_OBSTACLE = find_obstacle()
pytestmark = [
    pytest.mark.skipif(_OBSTACLE is not None, reason=str(_OBSTACLE)),
    pytest.mark.filterwarnings("ignore"),  # those of Spark
    pytest.mark.timeout(1_200),
]
PASSWORD = "secret-of-the-database"
NAME = "Wolfeschlegelstein"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module")
def session(logs: Path) -> Iterator[Any]:
    with start_session("local-cluster[2,1,1024]", logs, spark_task_maxFailures="10") as session:
        yield session


@pytest.fixture
def database(postgres_url: str) -> Iterator[Storage]:
    """A database with the user `core`."""
    storage = open_storage(postgres_url)
    UserAdministration(storage.users, "tests").add_user(User("core", Role.SUBMIT))
    yield storage
    storage.close()


def with_password(url: str) -> str:
    """The URL with a password, which the server of the tests does not ask for."""
    scheme, _, rest = url.partition("://")
    user, at, host = rest.partition("@")
    return f"{scheme}://{user.partition(':')[0]}:{PASSWORD}{at}{host}"


def make_table(customers: list[dict[str, Any]]) -> pa.Table:
    names = list(dict.fromkeys(name for customer in customers for name in customer))
    columns = {name: pa.array([customer.get(name) for customer in customers]) for name in names}
    return pa.table(columns | {"line": pa.array(range(len(customers)), pa.int64())})


def make_rivals(count: int) -> list[dict[str, Any]]:
    """Customers with few numbers and few identifiers, so that they conflict in every way."""
    choose = random.Random(5)
    customers = []
    for _ in range(count):
        changes = {
            "communicationNumber": f"n-{choose.randrange(count)}",
            "customerExtId": f"c-{choose.randrange(count // 3)}",
            "action": choose.choice(["CREATE", "UPDATE", "UPDATE", None, "DELETE"]),
            "citizenshipCountry": choose.choice(["LT", "LT", "LT", "XX"]),
            "listAddress": choose.choice([None, [{"country": "LT", "city": None}, {"country": "YY"}]]),
            "initialDepositAmount": choose.choice([None, Decimal("10.50"), Decimal("0.01")]),
        }
        customers.append(choose.choice([individual, organization])(**changes))
    return customers


def run_dry(storage: Storage, file: Path, *, upsert: bool) -> dict[int, tuple[str, ...]]:
    """The codes of the rows, by their number from 0, that a dry run of loading the file refuses."""
    now = datetime.now(UTC)
    options = LoadOptions(dry_run=True, upsert=upsert, mapping={"ignore": ["line"]})
    wanted = NewLoad(generate_batch_id(now), now, "core", (), file.name, options, b"f")
    load = Load(**{each.name: getattr(wanted, each.name) for each in fields(NewLoad)})
    sender = storage.users.user("core")
    assert sender is not None
    with DryRunRecord(load) as record, closing(open_parquet(file.open("rb"))) as source:
        mapper = make_mapper(source.layout, options.mapping, job="")
        make_load_runner(storage, record).run(load, uuid4(), source, mapper, sender)
        chunks = [unpack_refused_rows(chunk.content) for chunk in record.refused(load.id)]
    return {row.number - 1: row.codes for chunk in chunks for row in chunk}


@pytest.mark.parametrize("upsert", [False, True])
def test_a_checked_frame_is_judged_as_a_load_of_its_rows(
    session: Any, database: Storage, postgres_url: str, tmp_path: Path, upsert: bool
) -> None:
    customers = make_rivals(240)
    url = with_password(postgres_url)
    intake = make_intake(Settings.read({}, database=postgres_url), database)
    sender = database.users.user("core")
    assert sender is not None
    before = [{**customer, "initialDepositAmount": None} for customer in customers[::12]]
    intake.process(make_body(*before), sender, BatchOptions(save=True, upsert=True))
    file = tmp_path / "customers.parquet"
    parquet.write_table(make_table(customers), file)
    frame = session.read.parquet(str(file)).repartition(3, "firstName", "line")
    report = spark.checked(frame, database=url, sender="core", order_by="line", upsert=upsert)
    rows = report.collect()
    report.unpersist()
    found = {row["row"]["line"]: tuple(error["code"] for error in row["errors"]) for row in rows}
    assert len(rows) == len(found) == len(customers)
    refused = {line: codes for line, codes in found.items() if codes}
    assert refused == run_dry(database, file, upsert=upsert)
    assert {row["accepted"] for row in rows if not row["errors"]} == {True}
    assert len(set(refused.values())) > 5


def test_a_killed_executor_loses_nothing_and_saves_nothing_twice(
    session: Any, database: Storage, postgres_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "customers.parquet"
    parquet.write_table(make_table([individual(firstName=NAME) for _ in range(2_000)]).drop_columns("line"), file)
    frame = session.read.parquet(str(file))
    killed = threading.Event()

    def kill() -> None:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            while not killed.wait(0.01):
                row = connection.execute("SELECT count(*) FROM batches").fetchone()
                if row and row[0] >= 3:
                    list_executors()[0].kill()
                    killed.set()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    options: dict[str, Any] = {"sender": "core", "job": "mig-2026", "partitions": 4, "chunk_rows": 25}
    report = spark.saved(frame, with_password(postgres_url), **options)
    assert killed.is_set()
    killer.join()
    assert report.where("accepted").count() == report.count() == 2_000
    again = spark.saved(frame, with_password(postgres_url), **options)
    assert again.where("accepted").count() == 2_000
    with psycopg.connect(postgres_url) as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM customer_history), sum(accepted) "
            "FROM batches"
        ).fetchone()
    assert counts == (2_000, 0, 2_000)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ("map('a', 'b') AS name", r"name has the type map<string,string>"),
        ("array(named_struct('country', map('a', 1))) AS listAddress", r"listAddress\[\]\.country has the type map"),
        ("'x' AS name, 'y' AS name", "several columns have the name name"),
        ("1 AS row", "the column row has the name of a column of the report"),
    ],
)
def test_a_frame_that_cant_be_judged_is_refused_before_the_job(
    session: Any, sqlite_url: str, columns: str, problem: str
) -> None:
    with pytest.raises(spark.InvalidFrameError, match=problem):
        spark.saved(session.sql(f"SELECT {columns}"), "http://localhost:1", token="t", job="x")


def test_mistakes_are_told_before_the_job(session: Any, database: Storage, postgres_url: str, sqlite_url: str) -> None:
    frame = session.sql("SELECT 'n' AS communicationNumber, 'x' AS colour, 1 AS line")
    with pytest.raises(InvalidMappingError, match="colour"):
        spark.checked(frame, database=postgres_url)
    with pytest.raises(InvalidMappingError, match="group_by"):
        spark.checked(frame, database=postgres_url, mapping={"group_by": ["colour"]})
    with pytest.raises(spark.InvalidFrameError, match="order_by"):
        spark.checked(frame, database=postgres_url, order_by="lime")
    frame = frame.drop("colour", "line")
    with pytest.raises(spark.InvalidFrameError, match="SQLite file"):
        spark.checked(frame, database=sqlite_url)
    with pytest.raises(spark.InvalidFrameError, match="no such user"):
        spark.saved(frame, postgres_url, sender="nobody", job="x")
    with pytest.raises(spark.InvalidFrameError, match="token"):
        spark.saved(frame, "https://muster.example", job="x")
    with pytest.raises(spark.InvalidFrameError, match="job"):
        spark.saved(frame, postgres_url, sender="core", job="")


def test_spark_writes_no_credentials_and_no_values(session: Any, logs: Path) -> None:
    """What the tests before this one have left: the events with the plans, and the output of the executors."""
    import pyspark

    work = Path(pyspark.__file__).parent / "work" / session.sparkContext.applicationId
    written = [*logs.rglob("*"), *work.rglob("*")]
    texts = {file.name: file.read_bytes() for file in written if file.is_file()}
    assert any(b"MapInArrow" in text for text in texts.values())
    assert "stderr" in texts
    for name, text in texts.items():
        assert PASSWORD.encode() not in text, name
        assert NAME.encode() not in text, name
