"""Rows of a frame are judged one by one, as rows of a file are, and against the database."""

import pickle
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from muster.bootstrap.intake import make_intake
from muster.intake.request import BatchOptions
from muster.loads.mapping import InvalidMappingError
from muster.settings import Settings
from muster.spark.executor import Secret
from muster.spark.judge import RowJudge
from muster.spark.results import REPORT
from muster.spark.rows import HASH, FrameRows
from muster.storage import open_storage
from tests.intake.fakes import make_body
from tests.samples import individual, make_checker
from tests.spark.batches import SENDER, judge, make_batch, make_rows


def get_codes(results: list[dict[str, Any]]) -> list[list[str]]:
    return [[error["code"] for error in result["errors"]] for result in results]


def test_good_rows_are_accepted_with_their_identifiers(sqlite_url: str) -> None:
    customer = individual()
    [result] = judge(sqlite_url, make_batch([customer]))
    assert result["accepted"] is True
    assert result["communicationNumber"] == customer["communicationNumber"]
    assert result["customerExtId"] == customer["customerExtId"]
    assert result["businessUnit"] == "MAIN"
    assert (result["errorCode"], result["errors"], result["moreFindings"]) == (None, [], False)


def test_an_error_says_its_place_and_its_column(sqlite_url: str) -> None:
    batch = make_batch([individual(citizenshipCountry="XX")])
    rows = make_rows(batch)
    [result] = judge(sqlite_url, batch, rows)
    [error] = result["errors"]
    assert error["code"] == result["errorCode"]
    assert error["pointer"] == "/citizenshipCountry"
    assert error["column"] == "citizenshipCountry"
    assert error["expected"]


def test_what_the_database_has_is_refused(sqlite_url: str) -> None:
    known, updated = individual(), individual(action="UPDATE")
    storage = open_storage(sqlite_url)
    intake = make_intake(Settings.read({}, database=sqlite_url), storage)
    intake.process(make_body(known, {**updated, "action": None}), SENDER, BatchOptions(save=True))
    storage.close()
    unknown = individual(action="UPDATE")
    results = judge(
        sqlite_url,
        make_batch(
            [known, {**known, "communicationNumber": "new"}, {**updated, "communicationNumber": "next"}, unknown]
        ),
    )
    assert get_codes(results) == [["O005", "C004"], ["C004"], [], ["C004"]]
    assert [result["_version"] for result in results] == [1, 1, 1, 0]


def test_a_flat_frame_has_a_mapping(sqlite_url: str) -> None:
    customer = individual()
    row = {f"COL_{name}": value for name, value in customer.items()}
    batch = make_batch([row | {"COL_citizenshipCountry": "Atlantis"}])
    mapping = {"fields": {name: f"COL_{name}" for name in customer}}
    [result] = judge(sqlite_url, batch, make_rows(batch, mapping=mapping))
    assert [(error["pointer"], error["column"]) for error in result["errors"]] == [
        ("/citizenshipCountry", "COL_citizenshipCountry")
    ]


def test_nested_columns_are_the_fields_lists(sqlite_url: str) -> None:
    address = {"addressType": "x", "country": "LT", "city": None}
    [result] = judge(sqlite_url, make_batch([individual(listAddress=[address, None])]))
    pointers = [error["pointer"] for error in result["errors"]]
    assert "/listAddress/0/addressType" in pointers
    assert all(error["column"] == "listAddress" for error in result["errors"])


def test_cells_of_any_type_are_read_exactly(sqlite_url: str) -> None:
    row = individual(applicationDate=date(2024, 5, 26), isPEP=True)
    row["communicationNumber"] = Decimal("12345678901234567890")
    [result] = judge(sqlite_url, make_batch([row]))
    assert result["accepted"]
    assert result["communicationNumber"] == "12345678901234567890"


@pytest.mark.parametrize(
    ("cell", "code"),
    [(pa.array([float("nan")]), "F007"), (pa.array([b"\xff\xfe"]), "F003"), (pa.array(["x" * 1_100_000]), "F005")],
)
def test_a_cell_that_cant_be_read_refuses_its_row_alone(sqlite_url: str, cell: Any, code: str) -> None:
    customer, other = individual(), individual()
    good, bad = make_batch([other]), make_batch([customer])
    bad = bad.set_column(bad.schema.names.index("firstName"), "firstName", cell)
    [result] = judge(sqlite_url, bad)
    assert (result["accepted"], result["errorCode"]) == (False, code)
    assert result["errors"][0]["pointer"] == ""
    [result] = judge(sqlite_url, good)
    assert result["accepted"]


def test_nulls_and_nothing_are_refused_by_the_rules(sqlite_url: str) -> None:
    nothing = dict.fromkeys(individual())
    results = judge(sqlite_url, make_batch([nothing, individual()]))
    assert [result["accepted"] for result in results] == [False, True]
    assert judge(sqlite_url, make_batch([individual()]).slice(0, 0)) == []


def test_columns_that_are_no_fields_are_named_before_the_job() -> None:
    with pytest.raises(InvalidMappingError, match="favouriteColour"):
        _ = FrameRows(("communicationNumber", "favouriteColour")).mapper


def test_a_judge_can_be_sent_to_executors(sqlite_url: str) -> None:
    batch = make_batch([individual()])
    row_judge = RowJudge(make_rows(batch), Secret(sqlite_url), make_checker(), SENDER)
    sent = pickle.loads(pickle.dumps(row_judge))
    [result] = sent.run(iter([batch]))
    assert result.column("accepted").to_pylist() == [True]
    assert result.schema.names[1 : 1 + len(REPORT)] == list(REPORT)
    assert HASH in result.schema.names


def test_no_text_of_a_judge_shows_the_database() -> None:
    row_judge = RowJudge(FrameRows(("name",)), Secret("postgresql://user:hidden@host/db"), make_checker(), SENDER)
    assert "hidden" not in repr(row_judge)
