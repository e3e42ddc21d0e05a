"""Several rows of one customer."""

from collections.abc import Sequence

import pytest

from muster.loads.mapping import make_mapper
from muster.loads.mapping.grouping import GroupedTableMapper
from muster.loads.mapping.specification import FileMapping
from muster.loads.mapping.table_mapper import TableMapper
from muster.loads.mapping.table_plan import plan_table
from muster.loads.records import Cell, Record
from muster.loads.row_errors import BROKEN_ROW, DIGITS_LOST, ERROR_CELL, NUL_BYTE, TOO_MANY_CELLS
from muster.loads.rows import InvalidFileError, Layout, Row, RowProblem
from tests.loads.mapping.tables import JOB, make_rows, map_rows

HEADER = ("customerExtId", "firstName", "listAddress[0].country", "listContact[0].contactDetails")
BY_ID = 'group_by = "customerExtId"'


def get_codes(records: Sequence[Record]) -> list[list[str]]:
    return [[problem.error.code for problem in record.problems] for record in records]


def make_broken_row(number: int) -> Row:
    return Row(number, None, '"x\n', 0, (RowProblem(BROKEN_ROW),))


def test_consecutive_rows_add_elements_to_the_lists_of_a_customer() -> None:
    rows = make_rows(["1", "Ona", "LT", "a"], ["1", "Ona", "LV", "b"], ["2", "Jonas", "EE", ""])
    first, second = map_rows(HEADER, rows, BY_ID)
    assert first.document == {
        "customerExtId": "1",
        "firstName": "Ona",
        "listAddress": [{"country": "LT"}, {"country": "LV"}],
        "listContact": [{"contactDetails": "a"}, {"contactDetails": "b"}],
    }
    assert (first.rows, second.rows) == (tuple(rows[:2]), tuple(rows[2:]))
    assert second.document == {"customerExtId": "2", "firstName": "Jonas", "listAddress": [{"country": "EE"}]}


def test_an_element_that_rows_repeat_stands_once() -> None:
    rows = make_rows(["1", "Ona", "LT", "a"], ["1", "Ona", "LT", "b"], ["1", "Ona", "LV", "a"])
    (record,) = map_rows(HEADER, rows, BY_ID)
    assert [len(record.document[name]) for name in ("listAddress", "listContact")] == [2, 2]


def test_a_cell_that_differs_refuses_all_rows_of_the_customer() -> None:
    rows = make_rows(["1", "Ona", "LT", ""], ["1", "Ona", "LV", ""], ["1", "Onute", "LV", ""], ["2", "Jonas", "", ""])
    first, second = map_rows(HEADER, rows, BY_ID)
    assert [(problem.error.code, problem.column) for problem in first.problems] == [("F009", 1)]
    assert len(first.rows) == 3
    assert second.problems == ()


def test_cells_that_a_row_leaves_out_agree() -> None:
    rows = make_rows(["1", "", "LT", ""], ["1", "Ona", "", "a"], ["1", "", "", ""])
    (record,) = map_rows(HEADER, rows, BY_ID)
    assert record.problems == ()
    assert record.document == {
        "customerExtId": "1",
        "firstName": "Ona",
        "listAddress": [{"country": "LT"}],
        "listContact": [{"contactDetails": "a"}],
    }


def test_the_number_of_a_customer_is_that_of_its_first_row() -> None:
    toml = f'{BY_ID}\nfields.communicationNumber = {{ template = "{{job}}-{{row}}" }}'
    records = map_rows(HEADER, make_rows(["1", "", "", ""], ["1", "", "", ""], ["2", "", "", ""]), toml)
    assert [record.document["communicationNumber"] for record in records] == [f"{JOB}-2", f"{JOB}-4"]


def test_rows_without_a_key_are_customers_of_their_own() -> None:
    records = map_rows(HEADER, make_rows(["1", "", "", ""], ["", "a", "", ""], [" ", "b", "", ""]), BY_ID)
    assert [len(record.rows) for record in records] == [1, 1, 1]


def test_several_columns_are_a_key_and_need_not_be_fields() -> None:
    rows = make_rows(["A", "1", "LT"], ["A", "1", "LV"], ["B", "1", "LT"])
    records = map_rows(("branch", "no", "listAddress[].country"), rows, 'group_by = ["branch", "no"]')
    assert [record.document for record in records] == [
        {"listAddress": [{"country": "LT"}, {"country": "LV"}]},
        {"listAddress": [{"country": "LT"}]},
    ]


@pytest.mark.parametrize(
    ("position", "expected"),
    [(0, [2, 2, 1]), (1, [4, 1]), (2, [1, 3, 1]), (3, [1, 4]), (4, [1, 2, 2])],
)
def test_a_row_that_can_not_be_read_refuses_the_customers_beside_it(position: int, expected: list[int]) -> None:
    rows = make_rows(["1", "Ona", "", ""], ["2", "Jonas", "", ""], ["2", "Jonas", "", ""], ["3", "Petras", "", ""])
    rows.insert(position, make_broken_row(9))
    records = map_rows(HEADER, rows, BY_ID)
    assert [len(record.rows) for record in records] == expected
    assert [["F001"] if rows[position] in record.rows else [] for record in records] == get_codes(records)


def test_a_load_that_goes_on_after_any_record_finds_the_same_records() -> None:
    rows = [*make_rows(["1", "a", "", ""], ["1", "a", "", ""], ["", "b", "", ""], ["2", "c", "", ""])]
    rows[3:3] = [make_broken_row(8), make_broken_row(9)]
    rows += [*make_rows(["", "d", "", ""], ["", "e", "", ""]), make_broken_row(12)]
    records = map_rows(HEADER, rows, BY_ID)
    assert [row for record in records for row in record.rows] == rows
    for index in range(len(records)):
        done = sum(len(record.rows) for record in records[:index])
        assert map_rows(HEADER, rows[done:], BY_ID) == records[index:]


@pytest.mark.parametrize("problem", [RowProblem(TOO_MANY_CELLS, 4), RowProblem(NUL_BYTE), RowProblem(ERROR_CELL, 0)])
def test_a_row_whose_key_is_doubtful_refuses_the_customers_beside_it(problem: RowProblem) -> None:
    rows = make_rows(["1", "Ona", "LT", ""], ["7", "x", "LV", ""], ["2", "Jonas", "", ""], ["3", "Petras", "", ""])
    rows[1].problems = (problem,)
    first, second = map_rows(HEADER, rows, BY_ID)
    assert (first.rows, first.problems, second.problems) == (tuple(rows[:3]), (problem,), ())


def test_rounded_digits_of_a_key_refuse_the_row() -> None:
    rows = make_rows(["12345678901234500", "LT"], ["12345678901234600", "LV"], problems=[RowProblem(DIGITS_LOST, 0)])
    records = map_rows(("no", "listAddress[].country"), rows, 'group_by = "no"')
    assert get_codes(records) == [["F006"], ["F006"]]


def test_a_key_that_is_the_same_in_all_rows_ends_the_load() -> None:
    plan, keys = plan_table(Layout("csv", HEADER), FileMapping(), job=JOB, keys=("customerExtId",))
    rows = make_rows(*(["1", "Ona", "LT", ""] for _ in range(6)))
    by_rows = GroupedTableMapper(TableMapper(plan), keys, max_rows=5)
    by_characters = GroupedTableMapper(TableMapper(plan), keys, max_characters=20)
    assert len(list(GroupedTableMapper(TableMapper(plan), keys, max_rows=6).map(rows))) == 1
    for mapper in (by_rows, by_characters):
        with pytest.raises(InvalidFileError, match="rows 2 to "):
            list(mapper.map(rows))


def test_cells_of_a_customer_with_several_rows_are_found() -> None:
    mapper = make_mapper(Layout("csv", HEADER), {"group_by": "customerExtId"}, job="")
    assert mapper.locate(("listAddress", 5, "country")) == Cell("C", "listAddress[0].country")
