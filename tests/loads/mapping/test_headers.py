"""Headers that are the names of fields."""

import pytest

from muster.loads.mapping import InvalidMappingError, make_mapper
from muster.loads.records import Cell
from muster.loads.row_errors import BROKEN_ROW, DIGITS_LOST, ERROR_CELL, TOO_MANY_CELLS
from muster.loads.rows import BooleanText, Layout, NumberText, Row, RowProblem
from tests.loads.mapping.tables import find_problems, make_rows, map_cells, map_problems, map_rows


def test_cells_go_to_the_fields_of_their_headers() -> None:
    assert map_cells({"firstName": "Ona", " title ": "UAB"}) == {"firstName": "Ona", "title": "UAB"}


@pytest.mark.parametrize("header", ["listAddress[0].country", "listAddress.0.country", "/listAddress/0/country"])
def test_three_spellings_are_the_same_place(header: str) -> None:
    assert map_cells({header: "LT"}) == {"listAddress": [{"country": "LT"}]}


def test_lists_stand_in_lists() -> None:
    cells: dict[str, str | None] = {
        "listRelatedEntity[0].firstName": "Jonas",
        "listRelatedEntity[0].listAddress[1].country": "LV",
        "listRelatedEntity[0].listAddress[0].country": "LT",
        "fieldOfActivity.student.isStudent": "true",
        "initializeScreeningProcesses[0]": "PEP",
    }
    assert map_cells(cells) == {
        "listRelatedEntity": [{"firstName": "Jonas", "listAddress": [{"country": "LT"}, {"country": "LV"}]}],
        "fieldOfActivity": {"student": {"isStudent": True}},
        "initializeScreeningProcesses": ["PEP"],
    }


def test_empty_cells_and_objects_are_absent() -> None:
    cells: dict[str, str | None] = {
        "firstName": "",
        "lastName": None,
        "listAddress[0].country": "  ",
        "listAddress[0].city": "",
        "fieldOfActivity.student.isStudent": "",
    }
    assert map_cells(cells) == {}


def test_an_absent_element_keeps_the_index_of_the_next_one() -> None:
    cells: dict[str, str | None] = {"listAddress[0].country": "", "listAddress[1].country": "XX"}
    assert map_cells(cells) == {"listAddress": [None, {"country": "XX"}]}
    mapper = make_mapper(Layout("csv", tuple(cells)), None, job="")
    assert mapper.locate(("listAddress", 1, "country")) == Cell("B", "listAddress[1].country")


def test_gaps_between_indexes_are_closed_and_cells_are_found_nevertheless() -> None:
    cells: dict[str, str | None] = {"listAddress[7].country": "LV", "listAddress[2].country": "LT"}
    assert map_cells(cells) == {"listAddress": [{"country": "LT"}, {"country": "LV"}]}
    mapper = make_mapper(Layout("csv", tuple(cells)), None, job="")
    assert mapper.locate(("listAddress", 1, "country")) == Cell("A", "listAddress[7].country")


def test_the_nearest_cell_stands_for_a_value_without_one() -> None:
    header = ("firstName", *(f"x{index}" for index in range(25)), "listAddress[0].city", "listContact")
    mapper = make_mapper(Layout("csv", header), {"ignore_other_columns": True}, job="")
    assert mapper.locate(("listAddress", 0, "country")) == Cell("AA", "listAddress[0].city")
    assert mapper.locate(("listContact", 3, "contactType")) == Cell("AB", "listContact")
    assert mapper.locate(("lastName",)) is None
    assert mapper.locate(()) is None


def test_a_cell_with_json_is_a_list_with_exact_numbers() -> None:
    document = map_cells({"listSourceOfWealth": '[{"code": "GIFT", "amount": 0.10}]'})
    assert str(document["listSourceOfWealth"][0]["amount"]) == "0.10"


@pytest.mark.parametrize("cell", ["[", "LT", "1", '"[]"', "[" * 100_000, '["\\ud800"', "[1e999999999"])
def test_a_cell_that_is_no_json_of_a_list_refuses_the_row(cell: str) -> None:
    assert map_problems({"listAddress": cell}) == [("F010", 0)]


def test_numbers_and_booleans_become_json_and_other_texts_stay() -> None:
    assert map_cells({"isPEP": "TRUE", "numberOfEmployees": "0025", "companyAssetValue": "1" * 40}) == {
        "isPEP": True,
        "numberOfEmployees": 25,
        "companyAssetValue": int("1" * 40),
    }
    assert map_cells({"isPEP": "yes", "numberOfEmployees": "\uff11\uff12", "initialDepositAmount": "1" * 41}) == {
        "isPEP": "yes",
        "numberOfEmployees": "\uff11\uff12",
        "initialDepositAmount": "1" * 41,
    }


def test_a_decimal_keeps_its_digits() -> None:
    assert str(map_cells({"initialDepositAmount": "1.10"})["initialDepositAmount"]) == "1.10"


def test_texts_stay_as_they_stand() -> None:
    assert map_cells({"nationalCode": "007", "zipCode.x": "", "lei": " x "}, 'ignore = ["zipCode.x"]') == {
        "nationalCode": "007",
        "lei": " x ",
    }


def test_a_number_of_a_spreadsheet_reaches_a_text_field_as_a_number() -> None:
    cells: dict[str, str | None] = {"nationalCode": NumberText("50001010022"), "lei": "7", "isPEP": NumberText("1")}
    cells |= {"title": BooleanText("true"), "isListed": BooleanText("false")}
    document = map_cells(cells, file_format="xlsx")
    assert document == {"nationalCode": 50001010022, "lei": "7", "isPEP": "1", "title": True, "isListed": False}


def test_rounded_digits_refuse_a_text_and_a_whole_number_but_not_a_fraction() -> None:
    header = ("nationalCode", "companyAssetValue", "initialDepositAmount", "note")
    cells = [NumberText(text) for text in ("12345678901234567", "12345678901234567", "0.30000000000000004", "1")]
    rows = make_rows(cells, problems=[RowProblem(DIGITS_LOST, column) for column in range(4)])
    (record,) = map_rows(header, rows, 'ignore = ["note"]', file_format="xlsx")
    assert [problem.column for problem in record.problems] == [0, 1]
    assert str(record.document["initialDepositAmount"]) == "0.30000000000000004"


def test_a_problem_in_a_column_that_nothing_uses_refuses_nothing() -> None:
    rows = make_rows(["Ona", "#REF!"], problems=[RowProblem(ERROR_CELL, 1)])
    (record,) = map_rows(("firstName", "note"), rows, "ignore_other_columns = true")
    assert record.problems == ()
    (record,) = map_rows(("firstName", "lastName"), rows)
    assert record.problems == (RowProblem(ERROR_CELL, 1),)


def test_a_row_that_could_not_be_read_has_no_document() -> None:
    row = Row(2, None, '"Ona\n', 5, (RowProblem(BROKEN_ROW),))
    (record,) = map_rows(("firstName",), [row])
    assert (record.document, record.rows, record.problems) == (None, (row,), row.problems)


def test_short_and_long_rows_are_mapped_as_far_as_they_go() -> None:
    rows = make_rows(["Ona"], ["Ona", "Onaite", "x"])
    first, second = map_rows(("firstName", "lastName"), rows)
    assert first.document == {"firstName": "Ona"}
    assert second.document == {"firstName": "Ona", "lastName": "Onaite"}


def test_a_column_without_a_name_must_be_empty() -> None:
    assert map_cells({"firstName": "Ona", "": " "}) == {"firstName": "Ona"}
    assert map_problems({"firstName": "Ona", "": "x"}) == [("F002", 1)]


def test_surplus_cells_that_the_reader_has_found_refuse_the_row() -> None:
    rows = make_rows(["Ona", "x", "y"], problems=[RowProblem(TOO_MANY_CELLS, 1), RowProblem(TOO_MANY_CELLS, 2)])
    (record,) = map_rows(("firstName", ""), rows)
    assert record.problems == rows[0].problems


def test_the_columns_of_refused_rows_are_ignored() -> None:
    cells: dict[str, str | None] = {"firstName": "Ona", "muster_row": "7", "muster_codes": "C001", "muster_errors": "x"}
    assert map_cells(cells) == {"firstName": "Ona"}


def test_the_additions_to_refused_documents_are_dropped() -> None:
    mapper = make_mapper(Layout("ndjson"), None, job="")
    document = {"firstName": "Ona", "muster_row": 7, "muster_codes": [], "muster_errors": []}
    rows = [Row(1, document, "", 0), Row(2, {"a": {"muster_row": 1}}, "", 0), Row(3, [1], "", 0)]
    assert [record.document for record in mapper.map(rows)] == [{"firstName": "Ona"}, {"a": {"muster_row": 1}}, [1]]
    assert mapper.locate(("firstName",)) is None


def test_documents_take_no_mapping() -> None:
    with pytest.raises(InvalidMappingError, match="ndjson"):
        make_mapper(Layout("ndjson"), {"ignore": ["x"]}, job="")


def test_all_unknown_columns_are_named_at_once_with_what_is_near() -> None:
    (problem,) = find_problems(["First Name", "note", "listaddress[0].Contry", "listAddress.country", "isPEP.x"])
    assert problem.startswith(
        "columns that are no fields: A (First Name: no field; did you mean firstName?), B (note: no field), "
        "C (listaddress[0].Contry: no field; did you mean listAddress[0].country?), "
        "D (listAddress.country: listAddress is a list; did you mean listAddress[0].country?), "
        "E (isPEP.x: isPEP has no fields of its own); "
    )
    assert "ignore_other_columns = true" in problem


def test_a_file_of_another_kind_is_told_in_one_line() -> None:
    (problem,) = find_problems([f"x{index}" for index in range(1000)])
    assert "AD (x29: no field) and 970 more; map them" in problem


@pytest.mark.parametrize(
    "header",
    [
        ["firstName", "firstName"],
        ["listAddress[0].country", "/listAddress/0/country"],
        ["listAddress", "listAddress[0].country"],
        ["listAddress[0].country", "listAddress"],
        ["listAddress[0].country", "listAddress[].city"],
        ["fieldOfActivity.student.isStudent", "fieldOfActivity"],
    ],
)
def test_headers_that_contradict_each_other_are_an_error(header: list[str]) -> None:
    assert find_problems(header)


@pytest.mark.parametrize("name", ["", ".", "[0]", "0", "/", "a" * 1000, "firstName[0]", "listAddress[x].country"])
def test_a_strange_name_is_no_field(name: str) -> None:
    assert find_problems(["x", name or "listAddress[0]."])


def test_a_field_that_an_object_lacks_is_answered_with_a_near_one_or_with_those_that_it_has() -> None:
    (problem,) = find_problems(["listBusinessEntityDocument[0].documentType"])
    assert "did you mean listBusinessEntityDocument[0].identityDocumentType?" in problem
    (problem,) = find_problems(["listContact[0].phone"])
    assert "listContact[0] has no field phone; its fields are contactType, contactDetails" in problem


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_time_and_memory_are_in_proportion_to_a_header_and_its_mapping() -> None:
    """The time was in proportion to the square of the columns, and the memory to that of a name."""
    names = [f"column {number}" for number in range(5_000)]
    fields = "\n".join(f'"listAddress[{index}].city" = "{name}"' for index, name in enumerate(names))
    toml = f"ignore_other_columns = true\n[fields]\n{fields}"
    assert map_rows(names, [], toml) == []
    assert len(find_problems(["x" * 200_000, *names], toml.replace("column ", "culomn "))) == len(names)
