"""Suggested mappings: what names and values tell, and that every suggestion can be used."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.loads.mapping import make_mapper, parse_mapping, suggest_mapping
from muster.loads.mapping.name_matching import match_name
from muster.loads.rows import Layout
from tests.loads.mapping.tables import make_rows
from tests.samples import make_snapshot

TITLES = make_snapshot().titles


def suggest(columns: dict[str, list[str]]) -> str:
    return suggest_mapping(tuple(columns), list(zip(*columns.values(), strict=True)), TITLES)


def suggest_fields(columns: dict[str, list[str]]) -> dict[str, Any]:
    fields: dict[str, Any] = parse_mapping(suggest(columns))["fields"]
    return fields


@pytest.mark.parametrize(
    ("header", "path"),
    [
        ("CUST_NO", "customerExtId"),
        ("First Name", "firstName"),
        ("FIRST_NAME", "firstName"),
        ("Pavardė", "lastName"),
        ("dateOfBirth", "birthDate"),
        ("DOB", "birthDate"),
        ("Nationality", "citizenshipCountry"),
        ("is_pep", "isPEP"),
        ("PEP flag", "isPEP"),
        ("Corr. address city", "listAddress[#].city"),
        ("ADDR2_COUNTRY", "listAddress[#].country"),
        ("E-mail", "listContact[#].contactDetails"),
        ("DOC_ISS_COUNTRY", "listBusinessEntityDocument[#].documentIssueCountry"),
        ("/listAddress/0/country", "listAddress[0].country"),
        ("citizenshp", "citizenshipCountry"),
    ],
)
def test_names_of_other_systems_are_known(header: str, path: str) -> None:
    match = match_name(header)
    assert match is not None
    assert match.path == path


@pytest.mark.parametrize("header", ["Balance", "Teller", "x", "2", "", "FIRST_NAME_2", "ž" * 200])
def test_other_names_are_no_field(header: str) -> None:
    assert match_name(header) is None


def test_two_blocks_of_an_address_are_two_elements() -> None:
    columns = {name: ["x"] for name in ("HOME_CITY", "HOME_ZIP", "CORR_CITY", "CORR_ZIP", "EMAIL", "Mobile")}
    assert (
        suggest_fields(columns).items()
        >= {
            "listAddress[0].city": "HOME_CITY",
            "listAddress[0].zipCode": "HOME_ZIP",
            "listAddress[1].city": "CORR_CITY",
            "listAddress[1].zipCode": "CORR_ZIP",
            "listContact[0].contactDetails": "EMAIL",
            "listContact[1].contactDetails": "Mobile",
            "listContact[0].contactType": {"constant": "EMAIL"},
            "listContact[1].contactType": {"constant": "MOBILEPHONE"},
        }.items()
    )


def test_values_tell_dates_commas_codes_and_booleans() -> None:
    mapping = parse_mapping(
        suggest(
            {
                "birthDate": ["31.01.1980", "01.02.1980"],
                "OPEN_DT": ["12/31/2020", "01/02/2020"],
                "initialDepositAmount": ["1.234,50", "0"],
                "Nationality": ["Lithuania", "LVA"],
                "PEP": ["J", "N"],
                "TYPE": ["P", "J"],
                "lei": ["NULL", "x"],
            }
        )
    )
    assert (mapping["date_format"], mapping["decimal_comma"], mapping["null_words"]) == ("DD.MM.YYYY", True, ["NULL"])
    assert (
        mapping["fields"]
        | {
            "applicationDate": {"column": "OPEN_DT", "date_format": "MM/DD/YYYY"},
            "citizenshipCountry": {"column": "Nationality", "values": {"Lithuania": "LT", "LVA": "LV"}},
            "isPEP": {"column": "PEP", "values": {"J": True, "N": False}},
            "entityType": {"column": "TYPE", "values": {"P": "INDIVIDUAL", "J": "ORGANIZATION"}},
        }
        == mapping["fields"]
    )


def test_doubts_are_comments() -> None:
    toml = suggest(
        {"DOB": ["01/02/1980"], "RISK": ["?"], "isPEP": ["true"], "PEP": ["N"], "Teller": ["7"], "NAME": ["x"]}
    )
    for doubt in ("no day of the sample tells", "no value is known for '?'", "which isPEP has", "split it"):
        assert doubt in toml
    assert parse_mapping(toml)["ignore"] == ["PEP", "Teller", "NAME"]


def test_texts_of_other_columns_than_code_lists_are_not_shown() -> None:
    assert "Ona" not in suggest({"Vardas": ["Ona"], "DOB": ["Ona"], "NAME": ["Ona"], "Teller": ["Ona"]})


def test_fields_that_the_file_lacks_are_filled_or_named() -> None:
    toml = suggest({"Vardas": ["Ona"]})
    assert suggest_fields({"Vardas": ["Ona"]}) == {
        "firstName": "Vardas",
        "communicationNumber": {"template": "{job}-{row}"},
        "requester": {"constant": "core-banking"},
        "entityType": {"constant": "INDIVIDUAL"},
    }
    assert "# customerStatus = " in toml
    assert "# legalForm" not in toml


def test_fields_that_an_element_of_a_list_lacks_are_named() -> None:
    toml = suggest({"PASSPORT_NO": ["1"], "Telefonas": ["1"], "Mobilus": ["2"], "El. paštas": ["a"]})
    assert '# "listBusinessEntityDocument[0].documentIssueCountry" = { constant = "LT" }  # mandatory' in toml
    assert '# "listBusinessEntityDocument[0].documentIssueDate" = "…"  # mandatory' in toml
    fields = parse_mapping(toml)["fields"]
    types = [fields[f"listContact[{index}].contactType"]["constant"] for index in range(3)]
    assert types == ["FIXEDPHONE", "MOBILEPHONE", "EMAIL"]


def test_fields_that_only_some_customers_or_entities_must_have_are_named_for_these() -> None:
    related = {"listRelatedEntity[0].lastName": ["Ona"], "listRelatedEntity[0].listAddress[0].city": ["Vilnius"]}
    toml = suggest({"First name": ["Ona"], **related})
    assert '# "listRelatedEntity[0].firstName" = "…"  # mandatory' in toml
    assert '# "listRelatedEntity[0].listAddress[0].country" = ' in toml
    assert "listRelatedEntity[0].title" not in toml
    assert "addressDetails" not in toml
    toml = suggest({"Legal form": ["UAB"], "CITY": ["Vilnius"], "listRelatedEntity[0].relationType": ["OWNER"]})
    assert '# "listAddress[0].addressDetails" = "…"  # mandatory, and' in toml
    assert '# "listRelatedEntity[0].firstName" = "…"  # mandatory when entityType = INDIVIDUAL, and' in toml


def test_a_customer_that_repeats_is_grouped() -> None:
    assert parse_mapping(suggest({"CIF": ["1", "1", "2"], "CITY": ["a", "b", "c"]}))["group_by"] == "CIF"
    assert "sort them" in suggest({"CIF": ["1", "2", "1"], "CITY": ["a", "b", "c"]})


def test_a_file_of_muster_needs_no_lines() -> None:
    fields = suggest_fields({"communicationNumber": ["1"], "requester": ["x"], "entityType": ["INDIVIDUAL"]})
    assert fields == {}


words = st.sampled_from(["firstName", "CITY", "ADDR2_CITY", "listAddress", "listAddress[].city", "CIF", "DOB", "PEP"])
names = words | st.sampled_from(['"', "\\", "a\nb", "\x7f", "muster_row", " firstName "]) | st.text(max_size=6)
cells = st.sampled_from(["NULL", "01.02.1980", "Lithuania", "J", "1,5", "", "\x7f\x01", '"\\']) | st.text(max_size=6)


@settings(max_examples=80, deadline=None)
@given(st.data(), st.lists(names, max_size=8))
def test_every_suggestion_can_be_used(data: st.DataObject, header: list[str]) -> None:
    rows = data.draw(st.lists(st.lists(cells, min_size=len(header), max_size=len(header)), max_size=4))
    mapper = make_mapper(Layout("csv", tuple(header)), parse_mapping(suggest_mapping(header, rows, TITLES)), job="j")
    assert len(list(mapper.map(make_rows(*rows)))) <= len(rows)
