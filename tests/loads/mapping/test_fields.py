"""The keys of a mapping: where the value of a field comes from, and how it is read."""

import pytest

from muster.loads.rows import NumberText
from tests.loads.mapping.tables import JOB, find_problems, make_rows, map_cells, map_problems, map_rows


def test_a_field_comes_from_a_column() -> None:
    assert map_cells({"VARDAS": "Ona"}, 'fields.firstName = "VARDAS"') == {"firstName": "Ona"}


def test_columns_are_joined_without_the_empty_ones() -> None:
    toml = """
        [fields]
        firstName = { columns = ["A", "B", "C"] }
        lastName = { columns = ["B"], joined_by = "-" }
        title = { columns = ["A", "C"], joined_by = ", " }
    """
    assert map_cells({"A": "x", "B": "", "C": "z"}, toml) == {"firstName": "x z", "title": "x, z"}


def test_a_constant_is_in_every_row() -> None:
    toml = """
        [fields]
        requester = { constant = "Core" }
        isPEP = { constant = false }
        initialDepositAmount = { constant = 1_000.10 }
        applicationDate = { constant = 2024-01-31 }
    """
    assert map_cells({"firstName": ""}, toml) == {
        "requester": "Core",
        "isPEP": False,
        "initialDepositAmount": "1000.10",
        "applicationDate": "2024-01-31",
    }


def test_constants_alone_make_no_address_of_empty_cells() -> None:
    toml = """
        [fields]
        "listAddress[0].country" = "LAND"
        "listAddress[0].addressType" = { constant = "RESIDENCE" }
        "listAddress[0].useForCorrespondence" = { column = "POST", if_empty = true }
        "listAppealReason[0].appealReasonType" = { constant = "OTHER" }
    """
    reasons = [{"appealReasonType": "OTHER"}]
    assert map_cells({"LAND": "", "POST": ""}, toml) == {"listAppealReason": reasons}
    assert map_cells({"LAND": "LT", "POST": ""}, toml) == {
        "listAddress": [{"country": "LT", "addressType": "RESIDENCE", "useForCorrespondence": True}],
        "listAppealReason": reasons,
    }


def test_a_template_has_columns_the_job_and_the_row() -> None:
    toml = """
        [fields]
        communicationNumber = { template = "{job}-{row}" }
        firstName = { template = "{A} {{{B C}}}" }
        lastName = { template = "Dr. {E}" }
    """
    assert map_cells({"A": "x", "B C": "y", "E": " "}, toml) == {
        "communicationNumber": f"{JOB}-2",
        "firstName": "x {y}",
    }


@pytest.mark.parametrize("template", ["{", "{}", "{A!r}", "{A:>9}", "}", "{nope}"])
def test_a_broken_template_is_an_error(template: str) -> None:
    assert "template" in find_problems(["A"], f"ignore = ['A']\nfields.firstName = {{ template = '{template}' }}")[0]


def test_values_are_replaced_and_others_go_to_the_checker() -> None:
    toml = """
        [fields]
        entityType = { column = "TYPE", values = { P = "INDIVIDUAL" } }
        isPEP = { column = "PEP", values = { J = true, N = false } }
    """
    assert map_cells({"TYPE": "P", "PEP": " N "}, toml) == {"entityType": "INDIVIDUAL", "isPEP": False}
    assert map_cells({"TYPE": "?", "PEP": "true"}, toml) == {"entityType": "?", "isPEP": True}


def test_other_values_have_a_default_or_are_refused() -> None:
    default = 'fields.riskLevel = { column = "R", values = { 1 = "LOW" }, if_other = "HIGH", if_empty = "NONE" }'
    assert [map_cells({"R": text}, default)["riskLevel"] for text in ("1", "9", "")] == ["LOW", "HIGH", "NONE"]
    refuse = 'fields.riskLevel = { column = "R", values = { 1 = "LOW" }, refuse_other = true }'
    assert map_problems({"R": "9"}, refuse) == [("F012", 0)]
    assert map_problems({"R": ""}, refuse) == []


@pytest.mark.parametrize("date_format", ["DD.MM.YYYY", "%d.%m.%Y"])
def test_dates_are_read_by_their_format(date_format: str) -> None:
    toml = f'date_format = "{date_format}"'
    assert map_cells({"birthDate": "31.01.2024", "firstName": "31.01.2024"}, toml) == {
        "birthDate": "2024-01-31",
        "firstName": "31.01.2024",
    }


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (" 31.01.2024 ", "2024-01-31"),
        ("31.01.2024 00:00:00", "2024-01-31"),
        ("31.01.2024 0:00", "2024-01-31"),
        ("31.01.2024 00:00:00.000", "2024-01-31"),
        ("31.01.2024 10:15:00", "31.01.2024 10:15:00"),
        ("2024-01-31", "2024-01-31"),
        ("1.1.2024", "1.1.2024"),
        ("31/01/2024", "31/01/2024"),
        ("31.01.24", "31.01.24"),
        ("\u0663\u0661.01.2024", "\u0663\u0661.01.2024"),
        ("31.02.2024", "2024-02-31"),  # the checker knows the days
    ],
)
def test_a_text_that_is_no_date_of_the_format_stays(cell: str, expected: str) -> None:
    assert map_cells({"birthDate": cell}, 'date_format = "DD.MM.YYYY"') == {"birthDate": expected}


def test_a_field_has_a_date_format_of_its_own() -> None:
    toml = 'date_format = "DD.MM.YYYY"\nfields.approvalDate = { column = "A", date_format = "M/D/YYYY" }'
    assert map_cells({"A": "1/9/2024", "birthDate": "01.09.2024"}, toml) == {
        "approvalDate": "2024-01-09",
        "birthDate": "2024-09-01",
    }


@pytest.mark.parametrize(
    "date_format", ["", "DD.MM.YY", "DD.MM", "YYYY-DD-DD", "DD MMM YYYY", "%d.%m.%y", "YYYY-MM-DDThh"]
)
def test_a_date_format_that_can_not_be_told_is_an_error(date_format: str) -> None:
    assert "DD.MM.YYYY" in find_problems(["birthDate"], f'date_format = "{date_format}"')[0]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1234,56", "1234.56"),
        ("1.234.567,50", "1234567.50"),
        ("1 234,5", "1234.5"),
        ("1\u00a0234\u00a0567", "1234567"),
        ("1'234,5", "1234.5"),
        ("-0,10", "-0.10"),
        ("12", "12"),
        ("1.234", "1234"),
        ("12 34,5", "12 34,5"),
        ("1.234 567", "1.234 567"),
        ("abc", "abc"),
        ("1,2,3", "1,2,3"),
    ],
)
def test_decimal_commas_become_points(cell: str, expected: str) -> None:
    assert str(map_cells({"initialDepositAmount": cell}, "decimal_comma = true")["initialDepositAmount"]) == expected


@pytest.mark.parametrize("cell", ["1.5", "1234.56", "1.2345", "1e3"])
def test_a_point_that_groups_no_digits_is_refused_with_a_decimal_comma(cell: str) -> None:
    assert map_problems({"initialDepositAmount": cell}, "decimal_comma = true") == [("F012", 0)]


def test_a_number_of_a_spreadsheet_has_no_decimal_comma() -> None:
    document = map_cells({"initialDepositAmount": NumberText("1.234")}, "decimal_comma = true", file_format="xlsx")
    assert str(document["initialDepositAmount"]) == "1.234"


def test_null_words_are_empty_cells() -> None:
    toml = 'null_words = ["NULL", "-"]\nfields.lastName = { column = "N", null_words = [] }'
    assert map_cells({"firstName": "NULL", "title": " - ", "N": "-", "lei": "null"}, toml) == {
        "lastName": "-",
        "lei": "null",
    }


def test_a_cell_is_split_into_parts() -> None:
    toml = """
        [fields]
        firstName = { column = "N", split = ",", part = 2 }
        lastName = { column = "N", split = ",", part = 1 }
    """
    assert map_cells({"N": "Onaite, Ona"}, toml) == {"firstName": "Ona", "lastName": "Onaite"}
    assert map_cells({"N": "Onaite"}, toml) == {"lastName": "Onaite"}
    assert map_cells({"N": "Onaite, Ona, "}, toml) == {"firstName": "Ona", "lastName": "Onaite"}


def test_a_part_that_no_field_takes_is_not_lost_silently() -> None:
    toml = 'fields.lastName = { column = "N", split = " ", part = 2 }'
    assert map_problems({"N": "Ona Marija Onaite"}, toml) == [("F012", 0)]


def test_a_cell_is_split_into_the_elements_of_a_list() -> None:
    toml = """
        null_words = ["-"]
        [fields]
        "listContact[].contactDetails" = { column = "PHONES", split = ";" }
        "listContact[].contactType" = { constant = "MOBILEPHONE" }
        "listCountryOfActivity[].country" = { column = "LANDS", split = ",", values = { Lietuva = "LT" } }
    """
    assert map_cells({"PHONES": "+1; +2;;-", "LANDS": "Lietuva,LV"}, toml) == {
        "listContact": [
            {"contactDetails": "+1", "contactType": "MOBILEPHONE"},
            {"contactDetails": "+2", "contactType": "MOBILEPHONE"},
        ],
        "listCountryOfActivity": [{"country": "LT"}, {"country": "LV"}],
    }
    assert map_cells({"PHONES": "", "LANDS": " "}, toml) == {}


def test_split_cells_go_together_by_their_position() -> None:
    toml = """
        [fields]
        "listContact[].contactDetails" = { column = "A", split = ";" }
        "listContact[].contactType" = { column = "B", split = ";", if_empty = "EMAIL" }
    """
    assert map_cells({"A": "a;;c", "B": "WEBSITE;EMAIL"}, toml)["listContact"] == [
        {"contactDetails": "a", "contactType": "WEBSITE"},
        {"contactType": "EMAIL"},
        {"contactDetails": "c", "contactType": "EMAIL"},
    ]


def test_names_of_a_list_are_split() -> None:
    toml = 'fields."initializeScreeningProcesses[]" = { column = "S", split = "," }'
    assert map_cells({"S": "PEP, ,SANCTIONS"}, toml) == {"initializeScreeningProcesses": ["PEP", "SANCTIONS"]}


def test_a_part_that_is_refused_refuses_the_row() -> None:
    toml = (
        'fields."listCountryOfActivity[].country" = { column = "A", split = ",", values = {x="LT"}, refuse_other=true }'
    )
    assert map_problems({"A": "x,y"}, toml) == [("F012", 0)]


def test_columns_whose_headers_are_fields_need_no_mapping() -> None:
    assert map_cells({"VARDAS": "Ona", "lastName": "Onaite"}, 'fields.firstName = "VARDAS"') == {
        "firstName": "Ona",
        "lastName": "Onaite",
    }


def test_a_column_that_the_mapping_uses_is_no_longer_the_field_of_its_name() -> None:
    assert map_cells({"title": "Ona"}, 'fields.firstName = "title"') == {"firstName": "Ona"}


def test_ignored_columns_are_left_out() -> None:
    assert map_cells({"firstName": "Ona", "x": "1"}, 'ignore = ["firstName", "x"]') == {}
    assert map_cells({"firstName": "Ona", "x": "1"}, "ignore_other_columns = true") == {"firstName": "Ona"}


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ('fields.firstName = "Q2"', "firstName: the file has no column 'Q2'; the columns are VARDAS, lastName, Q1"),
        ('fields.firstName = "VARDA"', "did you mean VARDAS?"),
        ('fields.frstName = "VARDAS"', "frstName: no field; did you mean firstName?"),
        ('fields.listAddress = { constant = "x" }', "listAddress: it takes no constant"),
        ('fields.listAddress = { column = "VARDAS", split = "," }', "listAddress: "),
        ('fields.firstName = { column = "VARDAS", split = "," }', "firstName: a cell that is split"),
        ('fields."listAddress[0].city" = { column = "VARDAS", split = "," }', "write [] at the list"),
        ('fields.firstName = { column = "VARDAS", date_format = "YYYYMMDD" }', "date_format is for"),
        ('fields.firstName = { column = "VARDAS", decimal_comma = true }', "decimal_comma is for"),
        ('ignore = ["nope"]', "ignore: the file has no column 'nope'"),
        ('group_by = "VARDA"', "VARDA: the file has no column 'VARDA'; did you mean VARDAS?"),
        ('fields.firstName = "lastName"\nfields.lastName = "VARDAS"\nignore=["firstName", "isPEP"]', ""),
    ],
)
def test_what_does_not_fit_the_file_is_told_before_its_first_row(toml: str, expected: str) -> None:
    header = ["VARDAS", "lastName", "Q1", "firstName", "isPEP", "Q1 "]
    if not expected:
        assert map_rows(header, make_rows(), toml + "\nignore_other_columns = true") == []
        return
    assert any(expected in problem for problem in find_problems(header, f"ignore_other_columns = true\n{toml}"))


def test_a_column_that_stands_twice_can_not_be_mapped() -> None:
    assert "more than once (A and C)" in find_problems(["X", "firstName", "X "], 'fields.lastName = "X"')[0]


def test_all_that_is_wrong_is_told_at_once() -> None:
    toml = 'ignore = ["a", "b"]\nfields.firstName = "c"\nfields.nope = "x"'
    assert len(find_problems(["x", "y"], toml)) == 5


def test_a_column_is_not_used_without_end() -> None:
    fields = "\n".join(f'"listAddress[{index}].city" = "A"' for index in range(21))
    assert "more than 20 times" in find_problems(["A"], f"[fields]\n{fields}")[0]
    assert "more than 20 times" in find_problems(["A"], f"fields.title = {{ template = '{'{A}' * 21}' }}")[0]


def test_a_cell_of_too_many_parts_is_refused() -> None:
    toml = 'fields."listCountryOfActivity[].country" = { column = "A", split = "," }'
    assert map_problems({"A": ",".join(["LT"] * 1001)}, toml) == [("F012", 0)]
    assert len(map_cells({"A": ",".join(["LT"] * 1000)}, toml)["listCountryOfActivity"]) == 1000


@pytest.mark.parametrize("depth", [33, 900, 100_000])
def test_json_that_is_nested_too_deeply_is_refused(depth: int) -> None:
    for text in ("[" * depth + "]" * depth, '[{"a":' * depth + "1" + "}]" * depth):
        assert map_problems({"listAddress": text}) == [("F010", 0)]


def test_many_elements_of_a_json_cell_are_not_deep() -> None:
    cells: dict[str, str | None] = {"listAddress": "[" + ",".join(['{"country": "LT"}'] * 100) + "]"}
    assert map_cells(cells) == {"listAddress": [{"country": "LT"}] * 100}
