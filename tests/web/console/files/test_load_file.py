"""Loading a file in the console: from the upload to the customers, without scripts."""

import gzip
import io
import json

import openpyxl
import pytest

from muster.auth.users import Role
from muster.loads.load_store import LoadState
from muster.loads.uploads import UploadLimits
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.uploads import (
    CUSTOMER,
    HEADER,
    PATH,
    ROWS,
    fill_out,
    get_id,
    get_load,
    judge,
    send_file,
    to_csv,
    upload,
    wait_for_end,
)


@pytest.fixture
def sender(console: ConsoleBrowser) -> ConsoleBrowser:
    """The browser of a new user who may load files: nobody may have many uploads."""
    console.sign_in(Role.SUBMIT)
    return console


def test_a_file_is_mapped_tried_and_loaded(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv([(f"loaded-{row[0]}", *row[1:]) for row in ROWS]))
    page = sender.get(path)
    assert "The fields are guessed" in page.text
    chosen = page.form(path).values
    assert [chosen[f"field-{n}"] for n in range(7)] == [
        ["customerExtId"],
        ["firstName"],
        ["lastName"],
        ["birthDate"],
        ["citizenshipCountry"],
        [""],
        [""],
    ]
    assert chosen["date-format"] == ["DD.MM.YYYY"]
    assert chosen["values-4"] == ["Latvija = LV\nLietuva = LT"]

    judged = judge(sender, path, fill_out(page, path))
    assert "2 customers can be loaded" in judged.text
    assert "BirthDate" in judged.text
    assert get_load(sender, path).state is LoadState.RECEIVING

    loaded = sender.post(next(form.action for form in judged.forms if form.action.endswith("/load")))
    assert loaded.location == f"/console/loads/{get_id(path)}"
    ended = wait_for_end(sender, loaded.location)
    assert "Accepted 2 Refused 1" in ended.text
    refused = sender.http.get(ended.links["Refused rows"]).text
    assert "muster_errors" in refused
    assert "loaded-c-3;Ona;Ona" in refused
    assert "was loaded afterwards" in sender.get(judged.response.request.url.path).text


def test_an_encoding_is_asked_with_the_lines_that_differ(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv(encoding="cp1257"))
    page = sender.get(path)
    assert "How is the text encoded?" in page.text
    assert "Šimkus" in page.text
    choose = page.form(f"{path}/encoding")
    assert choose.values == {"encoding": ["cp1257"], "other-encoding": [""]}

    unknown = sender.post(f"{path}/encoding", {"other-encoding": "klingon"})
    assert "No encoding of text has this name" in unknown.text
    assert sender.post(choose.action, choose.values).location == path
    assert "Šimkus" in sender.get(path).text


def test_a_sheet_is_asked_for_when_several_have_rows(sender: ConsoleBrowser) -> None:
    workbook, content = openpyxl.Workbook(), io.BytesIO()
    for name, rows in (("Notes", [["a note"], ["x"]]), ("Klientai", [HEADER, *ROWS])):
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(content)
    path = upload(sender, content.getvalue(), "customers.xlsx")
    page = sender.get(path)
    assert "Which sheet has the customers?" in page.text
    assert page.form(f"{path}/sheet").values == {"sheet": ["Notes"]}
    sender.post(f"{path}/sheet", {"sheet": "Klientai"})
    page = sender.get(path)
    assert "firstName Jonas" in page.text
    assert "2 customers can be loaded" in judge(sender, path, fill_out(page, path)).text
    assert "Which sheet" in sender.get(path, ask="sheet").text
    sender.post(f"{path}/sheet", {"sheet": "<b>"})
    assert "Which sheet" in sender.get(path).text


def test_an_encoding_is_asked_when_the_dry_run_has_met_a_line_that_is_not_utf8(sender: ConsoleBrowser) -> None:
    rows = [("c-1", "Jonas", "Smith", "03.12.2001", "Lietuva", "2024-05-26", "x" * 500)] * 2000
    late = to_csv([("c-late", "Žydrūnė", "Šimkutė", "03.12.2001", "Lietuva", "2024-05-26", "")], encoding="cp1257")
    path = upload(sender, to_csv(rows) + late.partition(b"\n")[2])
    page = sender.get(path)
    judged = judge(sender, path, fill_out(page, path))
    assert "the file is not UTF-8" in judged.text

    asked = sender.get(judged.links["Choose the encoding"])
    assert "Žydrūnė;Šimkutė" in asked.text
    assert asked.form(f"{path}/encoding").values["encoding"] == ["cp1257"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!doctype html><html>", "looks like HTML"),
        (b"PK\x03\x04 not really", "zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, "XLS"),
        (b"\x1f\x8b broken", "gzip"),
        (gzip.compress(bytes(1024)), "binary"),
        (b"\n\n\n", "empty"),
        (b'"a;b\n1;2\n', "quotes"),
        (b"a;a\n1;2\n", "same name"),
        (b";".join(b"c%d" % number for number in range(16_385)) + b"\n", "16385 columns"),
        (b"%PDF-1.7", "PDF"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_explained(sender: ConsoleBrowser, content: bytes, message: str) -> None:
    path = upload(sender, content)
    page = sender.get(path)
    assert page.status == 200
    assert "The file can't be read" in page.text
    assert message in page.text
    assert sender.post(path, {"action": "check"}).status == 200
    assert sender.post(f"{path}/discard").location == PATH


def test_documents_need_no_mapping(sender: ConsoleBrowser) -> None:
    path = upload(sender, json.dumps({"customers": [CUSTOMER]}).encode(), "customers.json")
    page = sender.get(path)
    assert "communicationNumber n-1" in page.text
    assert "field-0" not in page.form(path).values
    assert "Nothing of this file can be loaded as it is" in judge(sender, path, {"upsert": "true"}).text
    load = get_load(sender, path)
    assert (load.options.upsert, load.options.mapping) == (True, None)


def test_more_uploads_than_a_user_may_have_are_refused_with_a_list_of_those_that_wait(sender: ConsoleBrowser) -> None:
    for _ in range(UploadLimits().max_open):
        path = upload(sender, b"a;b\n1;2\n")
    page = send_file(sender, b"a;b\n1;2\n")
    assert "20 of your loads have not ended" in page.text
    sender.post(f"{path}/discard")
    assert send_file(sender, b"a;b\n1;2\n").status == 303


def test_what_an_upload_holds_is_for_its_sender_alone(console: ConsoleBrowser, sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    for role, status in ((Role.SUBMIT, 404), (Role.ADMIN, 403), (Role.READ, 403), (Role.AUDIT | Role.WATCH, 403)):
        console.sign_in(role)
        for page in (console.get(path), console.post(path, {}), console.get(f"{path}/mapping")):
            assert page.status == status
            assert "Šimkus" not in page.text
        for action in ("encoding", "load", "discard", "mapping"):
            assert console.post(f"{path}/{action}", {}).status == status
    load = get_load(sender, path)
    assert load.state is LoadState.RECEIVING


def test_users_who_may_not_load_files_can_not_upload_one(console: ConsoleBrowser) -> None:
    console.sign_in(Role.READ)
    assert console.get(PATH).status == 403
    assert send_file(console, to_csv()).status == 403
    assert "Load a file" not in console.get("/console/").links


def test_pages_of_an_upload_are_not_kept_by_browsers_and_have_no_values_in_titles(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv(), "Jonas Šimkus.csv")
    page = sender.get(path)
    assert "no-store" in page.response.headers["cache-control"]
    assert page.title.startswith("Columns and customers")
    assert not any("Šimkus" in link for link in page.links.values())


def test_a_discarded_upload_leaves_no_parts(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    assert path in sender.get(PATH).links.values()
    assert sender.post(f"{path}/discard").location == PATH
    assert sender.store.loads.parts(get_id(path)) == []
    assert path not in sender.get(PATH).links.values()
    assert sender.get(path).location == f"/console/loads/{get_id(path)}"


def test_the_file_of_a_dry_run_that_was_discarded_is_not_loaded(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    judged = judge(sender, path, fill_out(sender.get(path), path))
    start = next(form.action for form in judged.forms if form.action.endswith("/load"))
    sender.post(f"{path}/discard")
    assert sender.post(start).status == 409
    assert "was discarded" in sender.get(judged.response.request.url.path).text


def test_all_or_nothing_says_that_nothing_can_be_loaded(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    judged = judge(sender, path, fill_out(sender.get(path), path, all_or_nothing="true"))
    assert "2 of 3 rows can be accepted, which is less than 100 %" in judged.text
    assert not any(form.action.endswith("/load") for form in judged.forms)


def test_a_dry_run_that_was_cancelled_leaves_the_file(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    values = fill_out(sender.get(path), path)
    dry_run = sender.post(path, {**values, "action": "check"}).location
    sender.post(f"{dry_run}/cancel")
    page = sender.get(dry_run)
    assert "The file is still there" in page.text or "2 customers can be loaded" in page.text
    assert "2 customers can be loaded" in judge(sender, path, values).text


def test_a_load_that_was_started_is_not_discarded_by_a_page_that_is_still_open(sender: ConsoleBrowser) -> None:
    path = upload(sender, to_csv())
    values = fill_out(sender.get(path), path, upsert="true")
    judged = judge(sender, path, values)
    loads = sender.post(next(form.action for form in judged.forms if form.action.endswith("/load"))).location
    for action in (f"{path}/discard", path):
        assert sender.post(action, values).location == loads
    wait_for_end(sender, loads)
    assert get_load(sender, path).state is LoadState.COMPLETED
