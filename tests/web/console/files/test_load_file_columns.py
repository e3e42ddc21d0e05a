"""Columns of a file in the console: their fields, the form, its errors, and mappings as TOML."""

import itertools
from dataclasses import replace

import pytest

from muster.auth.users import Role
from muster.web.console.files.field_choices import list_field_choices
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.uploads import (
    CUSTOMER,
    HEADER,
    PATH,
    fill,
    fill_out,
    get_id,
    get_load,
    judge,
    to_csv,
    upload,
)


@pytest.fixture
def sender(console: ConsoleBrowser) -> ConsoleBrowser:
    """The browser of a new user who may load files: nobody may have many uploads."""
    console.sign_in(Role.SUBMIT)
    return console


def test_a_saved_mapping_is_found_by_the_header_also_of_the_refused_rows(sender: ConsoleBrowser) -> None:
    header = ("NO", *HEADER[1:])
    path = upload(sender, to_csv(header=header))
    values = fill_out(sender.get(path), path, save_as="Core export", field_0="customerExtId")
    judged = judge(sender, path, values)
    refused = sender.http.get(judged.links["Refused rows"]).content

    again = upload(sender, refused, "refused.csv")
    page = sender.get(again)
    assert "The saved mapping “Core export” fits this header" in page.text
    assert page.form(again).values["field-8"] == ["applicationDate"]
    mended = upload(sender, refused.replace(b"32.01", b"31.01").replace(b"Marsas", b"Lietuva"))
    assert "1 customer can be loaded" in judge(sender, mended, dict(sender.get(mended).form(mended).values)).text
    guessed = sender.get(again, mapping="")
    assert guessed.form(again).values["field-8"] == [""]

    assert "Core export" in sender.get(f"{PATH}/mappings").text
    sender.post(f"{PATH}/mappings/delete", {"name": "Core export"})
    assert "No mapping is saved" in sender.get(f"{PATH}/mappings").text
    assert "fits this header" not in sender.get(again).text


def test_columns_with_the_names_of_fields_need_no_mapping(sender: ConsoleBrowser) -> None:
    header = (*CUSTOMER, "requester")
    path = upload(sender, to_csv([(*CUSTOMER.values(), "core")], header))
    page = sender.get(path)
    judge(sender, path, dict(page.form(path).values))
    load = get_load(sender, path)
    assert load.options.mapping == {}


def test_a_column_that_is_left_out_stays_so_even_if_its_name_is_a_field(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv([tuple(CUSTOMER.values())], tuple(CUSTOMER)))
    values = fill(sender.get(path).form(path), field_3="")
    assert sender.post(path, values).location == f"{path}#customers"
    page = sender.get(path)
    assert page.form(path).values["field-3"] == [""]
    assert "Row 2 communicationNumber n-1" in page.text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"field_6": "frstName"}, "did you mean firstName"),
        ({"field_6": "firstName"}, "Two columns have the field firstName"),
        ({"field_6": "listAddress.city"}, "listAddress is a list"),
        ({"values_4": "Lietuva"}, "Each line is the text of a cell"),
        ({"date_format": "soon"}, "a date format has YYYY"),
        ({"group_by": "nothing"}, "the file has no column 'nothing'"),
        ({"communicationNumber": "{job"}, "communicationNumber"),
        ({"communicationNumber": "{nothing}"}, "no column 'nothing'"),
        ({"save_as": "x" * 81}, "a name has 1 to 80"),
        ({"null_words": ",".join(["word" * 300])}, "more than 1000 characters"),
    ],
)
def test_what_is_wrong_with_a_choice_stands_in_the_summary(
    sender: ConsoleBrowser, fields: dict[str, str], message: str
) -> None:
    path = upload(sender, to_csv())
    values = fill_out(sender.get(path), path, **fields)
    page = sender.post(path, {**values, "action": "check"})
    assert (page.status, "There is a problem" in page.text) == (200, True)
    assert message in page.text
    kept = page.form(path).values
    sent = fill_out(sender.get(path), path, **fields)
    for name in ("field-6", "values-4", "date-format", "null-words"):
        assert kept[name] == (sent[name] if isinstance(sent[name], list) else [sent[name]])


NAMES = ("field-0", "values-0", "date-0", "constant-field-1", "constant-1", "group-by", "save-as", "action")


NONSENSE = ("\u202e<script>", "{}{", "a" * 3000, "[0]", "= =", "..", "-1")


@pytest.mark.untraced  # it repeats lines that other tests cover
def test_nonsense_in_a_field_is_no_internal_error(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    values = dict(sender.get(path).form(path).values)
    for name, value in itertools.product(NAMES, NONSENSE):
        page = sender.post(path, {**values, name: value})
        assert page.status in (200, 303), (name, value)
        assert "<script>" not in page.response.text


INJECTIONS = ("<script>alert(1)</script>", '"><img src=x onerror=x>', "\u202eevil\u202c", "{{ 7*7 }}", "' OR 1=1 --")


def test_names_of_files_columns_and_cells_are_shown_as_text(sender: ConsoleBrowser) -> None:
    header = ["number", *(f"{text} column" for text in INJECTIONS)]
    path = upload(sender, to_csv([("c-1", *INJECTIONS)], header), f"{INJECTIONS[0]}.csv")
    page = sender.get(path)
    for text in INJECTIONS:
        assert f"{text} column" in page.text
        assert text in page.text
    assert "onerror" not in {name for _, attributes in page.tags for name in attributes}
    assert all(tag != "img" for tag, _ in page.tags)
    values = fill(
        page.form(path), field_0="customerExtId", field_1="firstName", group_by=header[2], save_as=INJECTIONS[0]
    )
    sender.post(path, values)
    assert INJECTIONS[1] in sender.get(path).text
    assert INJECTIONS[0] in sender.get(f"{PATH}/mappings").text
    sender.post(f"{PATH}/mappings/delete", {"name": INJECTIONS[0]})


def test_a_mapping_is_edited_as_toml(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    leads = sender.post(path, {**fill_out(sender.get(path), path), "action": "toml"})
    assert leads.location == f"{path}/mapping"
    toml = sender.get(leads.location).form(f"{path}/mapping").values["toml"][0]
    assert 'citizenshipCountry = { column = "Pilietybė", values = { Latvija = "LV", Lietuva = "LT" } }' in toml

    wrong = sender.post(f"{path}/mapping", {"toml": toml.replace('"Vardas"', '"Vardes"')})
    assert "did you mean Vardas" in wrong.text
    broken = sender.post(f"{path}/mapping", {"toml": "[fields"})
    assert "the mapping is not TOML" in broken.text
    assert broken.form(f"{path}/mapping").values["toml"] == ["[fields"]

    joined = toml.replace('lastName = "Pavardė"', 'lastName = { columns = ["Pavardė", "Colour"] }')
    assert sender.post(f"{path}/mapping", {"toml": joined.replace('ignore = ["Colour"]', "")}).location == path
    page = sender.get(path)
    assert "The mapping has rules that the form can't show" in page.text
    assert "Šimkus red" in page.text
    assert "2 customers can be loaded" in judge(sender, path, {}).text


def test_a_wide_file_is_mapped_page_by_page(sender: ConsoleBrowser) -> None:
    header = [choice.path for choice in list_field_choices()][:160]
    path = upload(sender, to_csv([[f"{name} {row}" for name in header] for row in range(3)], header))
    page = sender.get(path)
    assert len(page.response.content) < 125_000  # with style sheets and scripts, 150 KB
    assert "Columns 1 to 60 of 160" in page.text
    assert ("field-59" in page.form(path).values, "field-60" in page.form(path).values) == (True, False)

    following = sender.post(path, {**fill(page.form(path), field_0=""), "action": "columns-60"}).location
    assert following == f"{path}?columns=60#columns"
    page = sender.get(path, columns="60")
    assert "Columns 61 to 120 of 160" in page.text
    values = fill(page.form(path), field_60="", field_61=header[5])
    twice = sender.post(path, {**values, "action": "check"})
    assert ("a", {"href": "#field-61"}) in twice.tags
    assert "Columns 61 to 120 of 160" in twice.text
    sender.post(path, {**values, "field-61": header[61], "action": "preview"})
    mapping = get_load(sender, path).options.mapping
    assert mapping is not None
    assert mapping["ignore"] == [header[0], header[60]]
    for value in ("x", "-1", "\u0661"):
        assert sender.get(path, columns=value).status == 400


@pytest.mark.parametrize("width", [3, 70])
def test_enter_in_a_field_tries_the_file_as_the_main_button_does(sender: ConsoleBrowser, width: int) -> None:
    header = [f"column {number}" for number in range(width)]
    path = upload(sender, to_csv([["x"] * width], header))
    pressed, *others = sender.get(path).form(path).buttons
    assert pressed == "check"
    assert {"check", "toml", "preview"} <= set(others)


def test_a_file_with_more_columns_than_a_form_has_is_mapped_as_toml(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv([["x"] * 500], [f"c{number}" for number in range(500)]))
    page = sender.get(path)
    assert "500 columns, which are too many for a form" in page.text
    toml = 'ignore_other_columns = true\n[fields]\ncustomerExtId = "c7"\n'
    assert sender.post(f"{path}/mapping", {"toml": toml}).location == path
    assert "customerExtId x" in sender.get(path).text


def test_rows_of_one_customer_are_put_together(sender: ConsoleBrowser) -> None:
    header = ("customerExtId", "E-mail")
    path = upload(
        sender, to_csv([("c-1", "a@example.test"), ("c-1", "b@example.test"), ("c-2", "c@example.test")], header)
    )
    page = sender.get(path)
    assert page.form(path).values["group-by"] == ["customerExtId"]
    assert "listContact[1].contactDetails b@example.test" in page.text


def test_an_upload_by_api_with_a_mapping_that_is_none_can_be_mended(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    options = replace(get_load(sender, path).options, mapping={"fields": {"firstName": {"colum": "Vardas"}}})
    sender.store.loads.configure(get_id(path), options)
    page = sender.get(path)
    assert "did you mean column" in page.text
    assert sender.get(f"{path}/mapping").status == 200
    assert sender.post(path, {"action": "check"}).status == 200


def test_a_saved_mapping_takes_the_place_of_one_that_the_form_can_not_show(sender: ConsoleBrowser) -> None:
    header = ("Code", *HEADER[1:])
    path = upload(sender, to_csv(header=header))
    sender.post(path, fill_out(sender.get(path), path, save_as="Plain", field_0="customerExtId"))
    toml = 'ignore_other_columns = true\n[fields]\nlastName = { columns = ["Vardas", "Colour"] }\n'
    sender.post(f"{path}/mapping", {"toml": toml})
    assert "can't show" in sender.get(path).text
    page = sender.get(path, mapping="Plain")
    assert page.form(path).values["save-as"] == [""]
    assert sender.post(path, dict(page.form(path).values)).location == f"{path}#customers"
    assert "lastName Šimkus" in sender.get(path).text
    sender.post(f"{PATH}/mappings/delete", {"name": "Plain"})
