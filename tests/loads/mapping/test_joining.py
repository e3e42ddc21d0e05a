"""Customers with rows in other files and sheets."""

import io
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from muster.cli.joined_tables import make_table_opener
from muster.intake.checkpoint import START
from muster.loads.formats import open_rows
from muster.loads.mapping import InvalidMappingError, joining, make_mapper, parse_mapping
from muster.loads.mapping.joined_rows import JoinedRows
from muster.loads.records import Cell, Record
from muster.loads.row_errors import ERROR_CELL
from muster.loads.rows import BooleanText, InvalidFileError, Layout, NumberText, Row, RowProblem, RowSource
from muster.loads.sheets import write_xlsx

MAIN = "customerExtId,firstName\n1,Ona\n2,Jonas\n3,Petras\n"
JOIN = """
    null_words = ["-"]
    [[join]]
    file = "addresses.csv"
    key = "CUST"
    [join.fields]
    "listAddress[].country" = "COUNTRY"
    "listAddress[].city" = "CITY"
"""


def open_text(text: str) -> RowSource:
    content = text.encode()
    return open_rows(io.BytesIO(content), name="x.csv", size=len(content))


def map_joined(main: str, toml: str = JOIN, /, **files: str) -> list[Record]:
    def open_table(file: str | None, sheet: str | None) -> RowSource:
        return open_text(main if file is None else files[file.removesuffix(".csv")])

    source = open_text(main)
    mapper = make_mapper(source.layout, parse_mapping(toml), job="j", open_table=open_table)
    return list(mapper.map(source.rows(START)))


def get_documents(records: Sequence[Record]) -> list[Any]:
    return [record.document for record in records]


def test_rows_of_another_file_add_elements_to_lists_in_any_order() -> None:
    records = map_joined(MAIN, addresses="CUST,COUNTRY,CITY\n3,LV,\n1,LT,Vilnius\n3,EE,-\n1,LT,Vilnius\n")
    assert get_documents(records) == [
        {"customerExtId": "1", "firstName": "Ona", "listAddress": [{"country": "LT", "city": "Vilnius"}]},
        {"customerExtId": "2", "firstName": "Jonas"},
        {"customerExtId": "3", "firstName": "Petras", "listAddress": [{"country": "LV"}, {"country": "EE"}]},
    ]
    assert [len(record.rows) for record in records] == [1, 1, 1]


def test_several_files_are_joined_and_one_value_must_not_differ() -> None:
    toml = f"{JOIN}\n[[join]]\nfile = 'risks.csv'\nkey = 'customerExtId'\nignore_unmatched = true"
    risks = "customerExtId,riskLevel,firstName\n1,HIGH,Ona\n2,LOW,Jonukas\n9,LOW,\n"
    first, second, third = map_joined(MAIN, toml, addresses="CUST,COUNTRY,CITY\n", risks=risks)
    assert first.document == {"customerExtId": "1", "firstName": "Ona", "riskLevel": "HIGH"}
    assert [problem.error.code for problem in second.problems] == ["F009"]
    assert third.problems == ()


def test_rows_without_a_customer_end_the_load_before_its_first_row() -> None:
    addresses = "CUST,COUNTRY,CITY\n1,LT,\n9,LV,\n,EE,\n"
    with pytest.raises(InvalidFileError, match=r"F011.*addresses.csv, rows 3, 4; .*ignore_unmatched = true"):
        map_joined(MAIN, addresses=addresses)
    records = map_joined(MAIN, JOIN.replace("key =", "ignore_unmatched = true\nkey ="), addresses=addresses)
    assert get_documents(records)[0]["listAddress"] == [{"country": "LT"}]


def test_a_cell_of_a_joined_row_that_is_refused_refuses_its_customer() -> None:
    toml = JOIN.replace('"COUNTRY"', '{ column = "COUNTRY", values = { x = "LT" }, refuse_other = true }')
    first, second, _ = map_joined(MAIN, toml, addresses="CUST,COUNTRY,CITY\n1,x,\n2,y,\n")
    assert (first.problems, [problem.error.code for problem in second.problems]) == ((), ["F012"])


def test_a_joined_row_that_can_not_be_read_ends_the_load() -> None:
    with pytest.raises(InvalidFileError, match=r"addresses.csv, row 2"):
        map_joined(MAIN, addresses='CUST,COUNTRY,CITY\n1,"LT"x,\n')


def test_a_customer_of_several_rows_has_joined_rows_too() -> None:
    toml = 'group_by = "customerExtId"\n' + JOIN
    main = "customerExtId,listContact[].contactDetails\n1,a\n1,b\n"
    (record,) = map_joined(main, toml, addresses="CUST,COUNTRY,CITY\n1,LT,\n")
    assert record.document == {
        "customerExtId": "1",
        "listContact": [{"contactDetails": "a"}, {"contactDetails": "b"}],
        "listAddress": [{"country": "LT"}],
    }


def test_too_many_joined_rows_of_one_customer_end_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "MAX_JOINED_ROWS", 2)
    with pytest.raises(InvalidFileError, match="row 2 has more than 2 joined rows"):
        map_joined(MAIN, addresses="CUST,COUNTRY,CITY\n1,a,\n1,b,\n1,c,\n")


def test_what_is_wrong_with_a_joined_file_is_told_with_its_name() -> None:
    with pytest.raises(InvalidMappingError) as caught:
        map_joined(MAIN, addresses="CUSTOMER,COUNTRY,note\n")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["addresses.csv"] * 3
    with pytest.raises(InvalidMappingError, match="has no columns"):
        map_joined(MAIN, addresses='{"customerExtId": "1"}\n')


@pytest.mark.parametrize("join", [{"key": "A"}, {"file": "x"}, {"key": "A", "file": "x", "shet": "y"}, "x", [1]])
def test_a_join_that_says_too_little_is_an_error(join: Any) -> None:
    with pytest.raises(InvalidMappingError, match="join"):
        make_mapper(Layout("csv", ("firstName",)), {"join": join}, job="j")


def test_a_mapping_from_elsewhere_can_not_open_files_of_this_machine() -> None:
    with pytest.raises(InvalidMappingError, match="can't be joined here"):
        make_mapper(Layout("csv", ("firstName",)), {"join": [{"key": "A", "file": "/etc/passwd"}]}, job="j")


def test_cells_of_joined_files_are_named_without_a_row() -> None:
    mapper = make_mapper(
        Layout("csv", ("customerExtId",)),
        parse_mapping(JOIN),
        job="j",
        open_table=lambda file, sheet: open_text("CUST,COUNTRY,CITY\n"),
    )
    assert mapper.locate(("customerExtId",)) == Cell("A", "customerExtId")
    assert mapper.locate(("listAddress", 0, "country")) == Cell("", "COUNTRY of addresses.csv")
    assert mapper.locate(("lastName",)) is None


def test_files_beside_the_main_file_are_opened(tmp_path: Path) -> None:
    main = tmp_path / "customers.csv"
    main.write_text(MAIN)
    (tmp_path / "addresses.csv").write_text("CUST,COUNTRY,CITY\n2,LT,\n")
    open_table = make_table_opener(str(main), encoding=None, sheet=None)
    with main.open("rb") as file:
        source = open_rows(file, name="x", size=None)
        mapper = make_mapper(source.layout, parse_mapping(JOIN), job="j", open_table=open_table)
        assert [document.get("listAddress") for document in get_documents(list(mapper.map(source.rows(START))))] == [
            None,
            [{"country": "LT"}],
            None,
        ]
        source.close()
    with pytest.raises(InvalidFileError, match=r"nope.csv can't be read"):
        open_table("nope.csv", None)
    with pytest.raises(InvalidFileError, match="standard input"):
        make_table_opener("-", encoding=None, sheet=None)(None, None)


def test_a_sheet_is_joined_by_the_text_of_its_cells() -> None:
    output = io.BytesIO()
    write_xlsx(("CUST", "COUNTRY", "CITY"), [("1", "LT", "Vilnius")], output)

    def open_table(file: str | None, sheet: str | None) -> RowSource:
        return open_text(MAIN) if file is None else open_rows(io.BytesIO(output.getvalue()), name="x", size=None)

    source = open_text(MAIN)
    mapper = make_mapper(source.layout, parse_mapping(JOIN), job="j", open_table=open_table)
    documents = get_documents(list(mapper.map(source.rows(START))))
    assert documents[0]["listAddress"] == [{"country": "LT", "city": "Vilnius"}]


def test_the_types_of_cells_are_kept_in_the_index() -> None:
    row = Row(7, ("x", None, NumberText("1.5"), BooleanText("true")), "", 0, (RowProblem(ERROR_CELL, 1),))
    with closing(JoinedRows()) as index:
        index.add(3, [("key", row)])
        index.finish()
        ((source, found),) = index.look_up("key", 10)
    assert (source, found) == (3, row)
    assert list(map(type, found.value)) == list(map(type, row.value))
