"""Code lists in the console: everybody reads them, administrators change them."""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping

import pytest

from muster.audit.events import Action, AuditEntry, EntryFilter
from muster.auth.users import Role, User
from muster.classifiers.entries import ClassifierEntry
from tests.storage.samples import build_customer, save
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage

LISTS = "/console/code-lists"
HEADER = "classifier,code,title\n"
ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def add_codes(console: ConsoleBrowser, name: str, *codes: str) -> None:
    console.store.classifiers.write([ClassifierEntry(name, code, f"Title {code}") for code in codes], replace=False)


def get_titles(console: ConsoleBrowser, name: str) -> dict[str, str]:
    _, entries = console.store.classifiers.entries()
    return {entry.code: entry.title for entry in entries if entry.classifier == name}


def upload(console: ConsoleBrowser, content: str | bytes, **fields: str) -> ConsolePage:
    files = {"file": ("C:\\lists\\codes.csv", content, "text/csv")}
    return ConsolePage(console.http.post(f"{LISTS}/import", files=files, data=fields, headers=ORIGIN))


def apply(console: ConsoleBrowser, preview: ConsolePage, **more: str) -> ConsolePage:
    """Sends the form of a preview, as a browser does: with line ends of CRLF."""
    values = {name: values[-1] for name, values in preview.form(f"{LISTS}/import/apply").values.items()}
    files = {name: (None, value.replace("\n", "\r\n")) for name, value in {**values, **more}.items()}
    response = console.http.post(f"{LISTS}/import/apply", files=files, headers=ORIGIN, follow_redirects=False)
    return ConsolePage(response)


def find_entries(console: ConsoleBrowser, action: Action, subject: str) -> list[AuditEntry]:
    criteria = EntryFilter(action=action.text, subject=subject)
    return list(console.store.audit.entries(criteria, after=0, limit=10))


@pytest.mark.parametrize("roles", [Role.SUBMIT, Role.READ, Role.WATCH, Role.AUDIT, Role(0)], ids=str)
def test_everybody_reads_and_only_administrators_change(console: ConsoleBrowser, roles: Role) -> None:
    console.sign_in(roles)
    lists, codes = console.get(LISTS), console.get(f"{LISTS}/addressType")
    assert (lists.status, codes.status) == (200, 200)
    assert "Import a file" not in lists.links
    assert "Add a code" not in codes.links
    assert [form.action for form in codes.forms if form.action.startswith(LISTS)] == [f"{LISTS}/addressType"]
    for path in ("/import", "/addressType/add", "/addressType/edit"):
        assert console.get(LISTS + path).status == 403
    for path in ("/import", "/import/apply", "/addressType/add", "/addressType/edit", "/addressType/remove"):
        assert console.post(LISTS + path, {"codes": "RESIDENCE"}).status == 403


def test_lists_have_their_numbers_of_codes_and_the_fields_that_take_them(console: ConsoleBrowser) -> None:
    console.sign_in(Role(0))
    text = console.get(LISTS).text
    assert "country 249 ISO" in text
    assert "addressType 2 your own addressType" in text
    assert "and 6 retired initialDepositCurrency" in text


def test_codes_are_found_by_a_part_of_code_or_title(console: ConsoleBrowser) -> None:
    console.sign_in()
    assert "LV Latvia ISO" in console.get(f"{LISTS}/country", search="latv").text
    assert "Codes 1 to 1 of 1" in console.get(f"{LISTS}/country", search="lithuania").text
    assert "No code and no title" in console.get(f"{LISTS}/country", search="<b>nothing").text
    assert "retired" in console.get(f"{LISTS}/currency", search="HRK").text


def test_long_list_has_pages_that_keep_the_search(console: ConsoleBrowser) -> None:
    add_codes(console, "turnoverType", *(f"T{number:03}" for number in range(250)))
    console.sign_in()
    first = console.get(f"{LISTS}/turnoverType", search="title t")
    assert "Codes 1 to 200 of 250" in first.text
    assert "Codes 201 to 250 of 250" in console.get(first.links["Next page"]).text


def test_lists_and_parameters_that_do_not_exist(console: ConsoleBrowser) -> None:
    console.sign_in()
    for path in ("/nothing", "/nothing/add", "/nothing/edit?entry=X", "/legalForm/edit", "/legalForm/edit?entry=X"):
        assert console.get(LISTS + path).status == 404
    for query in ("?done=x", "/legalForm?cursor=x", "/legalForm?search=a&search=b", "/legalForm?other=1"):
        assert console.get(LISTS + query).status == 400
    assert console.get(f"{LISTS}/legalForm", cursor="999999999").status == 200


def test_code_is_added_and_its_title_changed(console: ConsoleBrowser) -> None:
    actor = console.sign_in()
    added = console.post(f"{LISTS}/legalForm/add", {"code": " UAB ", "title": "Uždaroji akcinė bendrovė"})
    assert added.location == f"{LISTS}/legalForm?done=added"
    assert "UAB Uždaroji akcinė bendrovė" in console.get(added.location).text
    assert "has this code already" in console.post(f"{LISTS}/legalForm/add", {"code": "UAB", "title": "x"}).text

    form = console.get(f"{LISTS}/legalForm/edit", entry="UAB").form(f"{LISTS}/legalForm/edit")
    assert form.values == {"code": ["UAB"], "title": ["Uždaroji akcinė bendrovė"]}
    changed = console.post(f"{LISTS}/legalForm/edit", {"code": "UAB", "title": "Private company"})
    assert "The title was changed" in console.get(changed.location).text
    assert get_titles(console, "legalForm")["UAB"] == "Private company"

    entries = find_entries(console, Action.CLASSIFIERS_IMPORTED, "legalForm")
    assert [entry.actor for entry in entries] == [actor.name] * 2
    assert {"legalForm": 1, "replace": False, "address": "testclient"}.items() <= entries[0].details.items()


@pytest.mark.parametrize(
    ("name", "code", "title", "message"),
    [
        ("legalForm", "", "x", "the code is empty"),
        ("legalForm", "x" * 65, "x", "the code has 65 characters"),
        ("legalForm", "X", "", "Enter what the code means"),
        ("legalForm", "X", "x" * 10_001, "the title has 10001 characters"),
        ("legalForm", "X\x07", "x", "the code has a control character"),
        ("country", "lt", "x", "2 capital letters"),
        ("country", "LT", "x", "codes of ISO cannot be changed"),
        ("country", "<script>", "x", "'<script>' is not"),
    ],
)
def test_codes_that_can_not_be_are_refused_at_their_field(
    console: ConsoleBrowser, name: str, code: str, title: str, message: str
) -> None:
    console.sign_in()
    revision = console.store.classifiers.revision()
    page = console.post(f"{LISTS}/{name}/add", {"code": code, "title": title})
    assert page.text.count(message) == 2  # in the summary and at the field
    assert console.store.classifiers.revision() == revision


def test_codes_are_removed_after_a_preview_that_says_who_uses_them(console: ConsoleBrowser) -> None:
    add_codes(console, "serviceType", "OLD", "OLDER")
    console.sign_in()
    page = console.post(f"{LISTS}/serviceType/remove", {"codes": ["OLD", "OLDER"]})
    assert "serviceType OLD Title OLD" in page.text
    assert "customers were looked at" in page.text
    assert "OLD" in get_titles(console, "serviceType")

    done = console.post(f"{LISTS}/serviceType/remove", page.form(f"{LISTS}/serviceType/remove").values)
    assert "The codes were removed" in console.get(done.location).text
    assert {"OLD", "OLDER"}.isdisjoint(get_titles(console, "serviceType"))
    [entry] = find_entries(console, Action.CLASSIFIER_CODES_REMOVED, "serviceType")
    assert entry.details["codes"] == ["OLD", "OLDER"]
    assert console.post(f"{LISTS}/serviceType/remove", {"codes": "OLD"}).status == 404
    assert console.post(f"{LISTS}/country/remove", {"codes": "LT"}).status == 404
    assert console.post(f"{LISTS}/serviceType/remove").location == f"{LISTS}/serviceType"


def test_preview_names_customers_and_exports_all_of_them(console: ConsoleBrowser) -> None:
    add_codes(console, "incomeSourceType", "USED")
    document = {"entityType": "INDIVIDUAL", "listIncomeSource": [{"incomeSourceType": "USED"}]}
    for ext_id in ("=1+1", "<b>a/b</b>"):
        save(console.store, build_customer(ext_id, ext_id, document=json.dumps(document).encode()))
    console.sign_in()
    page = console.post(f"{LISTS}/incomeSourceType/remove", {"codes": "USED"})
    assert "incomeSourceType USED 2 MAIN : <b>a/b</b> , =1+1" in page.text
    assert page.links["<b>a/b</b>"] == "/console/customers/%3Cb%3Ea%2Fb%3C%2Fb%3E?unit=MAIN"

    exported = console.post(f"{LISTS}/uses", page.form(f"{LISTS}/uses").values).response
    assert exported.headers["cache-control"] == "no-store"
    assert exported.text.splitlines() == [
        "classifier,code,businessUnit,customerExtId",
        "incomeSourceType,USED,MAIN,<b>a/b</b>",
        "incomeSourceType,USED,MAIN,'=1+1",
    ]
    exports = [entry.details["export"] for entry in find_entries(console, Action.CODE_USES_READ, "incomeSourceType")]
    assert exports == [False, True]
    for codes in ("", "nothing:X", "country:", "country"):
        assert console.post(f"{LISTS}/uses", {"codes": codes}).status == 400
    console.sign_in(Role.READ | Role.AUDIT)
    assert console.post(f"{LISTS}/uses", {"codes": "country:LT"}).status == 403


def test_code_with_a_space_that_an_import_has_kept_is_changed_and_removed(console: ConsoleBrowser) -> None:
    code = "\u00a0X/&?#'\""
    add_codes(console, "decisionGround", code)
    console.sign_in()
    page = console.get(f"{LISTS}/decisionGround")
    edit = console.get(page.links["Change " + code.strip()]).form(f"{LISTS}/decisionGround/edit").values
    assert console.post(f"{LISTS}/decisionGround/edit", {**edit, "title": "new"}).status == 303
    assert get_titles(console, "decisionGround") == {code: "new"}
    preview = console.post(f"{LISTS}/decisionGround/remove", {"codes": code})
    console.post(f"{LISTS}/decisionGround/remove", preview.form(f"{LISTS}/decisionGround/remove").values)
    assert get_titles(console, "decisionGround") == {}


@pytest.mark.parametrize("revision", ["", "x", "-1", "9" * 9, "9" * 30, "٣"])
def test_revision_that_no_page_has_given_changes_nothing(console: ConsoleBrowser, revision: str) -> None:
    console.sign_in()
    page = console.post(f"{LISTS}/addressType/remove", {"codes": "RESIDENCE", "revision": revision})
    assert "Remove these codes?" in page.text
    assert "RESIDENCE" in get_titles(console, "addressType")


def test_removal_is_previewed_again_when_the_lists_have_changed(console: ConsoleBrowser) -> None:
    add_codes(console, "serviceType", "GOES")
    console.sign_in()
    page = console.post(f"{LISTS}/serviceType/remove", {"codes": "GOES"})
    add_codes(console, "serviceType", "NEWER")
    again = console.post(f"{LISTS}/serviceType/remove", page.form(f"{LISTS}/serviceType/remove").values)
    assert "Somebody changed the code lists meanwhile" in again.text
    assert "GOES" in get_titles(console, "serviceType")
    console.post(f"{LISTS}/serviceType/remove", again.form(f"{LISTS}/serviceType/remove").values)
    assert "GOES" not in get_titles(console, "serviceType")


def test_units_that_users_gain_or_lose_need_a_confirmation(console: ConsoleBrowser) -> None:
    console.store.users.add_user(User("holder", Role.READ, ("RIGA", "MAIN")))
    console.sign_in()
    fields = {"code": "RIGA", "title": "Riga"}
    asked = console.post(f"{LISTS}/businessUnit/add", fields)
    assert "The unit RIGA opens to holder" in asked.text
    assert "RIGA" not in get_titles(console, "businessUnit")
    assert console.post(f"{LISTS}/businessUnit/add", {**fields, "confirmed": "yes"}).status == 303

    page = console.post(f"{LISTS}/businessUnit/remove", {"codes": "RIGA"})
    assert "The unit RIGA is taken from holder" in page.text
    assert "The only unit MAIN opens to all users without units" in page.text
    form = page.form(f"{LISTS}/businessUnit/remove").values
    asked = console.post(f"{LISTS}/businessUnit/remove", form)
    assert "Confirm what users gain or lose" in asked.text
    assert "RIGA" in get_titles(console, "businessUnit")
    assert console.post(f"{LISTS}/businessUnit/remove", {**form, "confirmed": "yes"}).status == 303
    assert list(get_titles(console, "businessUnit")) == ["MAIN"]
    assert "The last business unit stays" in console.post(f"{LISTS}/businessUnit/remove", {"codes": "MAIN"}).text


def test_import_shows_what_changes_and_then_changes_it(console: ConsoleBrowser) -> None:
    add_codes(console, "activityType", "A", "B", "C")
    console.sign_in()
    content = HEADER + 'activityType,A,Title A\nactivityType,B,"New, ""quoted"""\nactivityType,D,<b>D</b>\n'
    preview = upload(console, content, replace="yes")
    before = get_titles(console, "activityType")
    assert "The file has 3 codes of activityType" in preview.text
    assert "activityType D <b>D</b>" in preview.text
    assert 'activityType B Title B New, "quoted"' in preview.text
    assert "activityType C Title C" in preview.text

    done = apply(console, preview)
    assert "The codes were imported" in console.get(done.location).text
    assert get_titles(console, "activityType") == {"A": "Title A", "B": 'New, "quoted"', "D": "<b>D</b>"}
    assert before.keys() > {"A", "B", "C"}
    [entry] = find_entries(console, Action.CLASSIFIERS_IMPORTED, "activityType")
    assert {"activityType": 3, "replace": True}.items() <= entry.details.items()
    assert "Nothing changes" in upload(console, content, replace="yes").text


def test_import_is_previewed_again_when_the_lists_have_changed(console: ConsoleBrowser) -> None:
    console.sign_in()
    preview = upload(console, HEADER + "operationType,X,x\n")
    add_codes(console, "operationType", "Y")
    again = apply(console, preview)
    assert "Somebody changed the code lists meanwhile" in again.text
    assert "X" not in get_titles(console, "operationType")
    assert apply(console, again).status == 303
    assert get_titles(console, "operationType") == {"X": "x", "Y": "Title Y"}


def test_preview_of_a_large_import_weighs_little_and_a_larger_one_is_refused(console: ConsoleBrowser) -> None:
    console.sign_in()
    titles = [f"A title, {hashlib.sha256(b'%d' % number).hexdigest()[:16]}" for number in range(6_000)]
    lines = [f'incomeSourceType,CODE_{number},"{title}"\n' for number, title in enumerate(titles)]
    preview = upload(console, HEADER + "".join(lines[:3_000]))
    assert "and 2 960 more" in preview.text.replace("\u202f", " ")
    assert len(preview.response.content) < 125_000  # with style sheets and scripts, 150 KB
    assert apply(console, preview).status == 303
    assert get_titles(console, "incomeSourceType")["CODE_2999"] == titles[2999]
    refused = upload(console, HEADER + "".join(lines))
    assert "The file has more codes than this page can show" in refused.text


@pytest.mark.parametrize("content", ["", "x", "eA==", base64.b64encode(zlib.compress(bytes(3_000_000))).decode()])
def test_codes_that_no_preview_has_made_are_refused(console: ConsoleBrowser, content: str) -> None:
    console.sign_in()
    sent = {"content": (None, content), "revision": (None, "1")}
    assert console.http.post(f"{LISTS}/import/apply", files=sent, headers=ORIGIN).status_code == 400


def test_import_of_units_needs_the_confirmation(console: ConsoleBrowser) -> None:
    console.store.users.add_user(User("of vilnius", Role.READ, ("VNO",)))
    console.sign_in()
    preview = upload(console, HEADER + "businessUnit,VNO,Vilnius\n")
    assert "The unit VNO opens to of vilnius" in preview.text
    asked = apply(console, preview)
    assert "Confirm what users gain or lose" in asked.text
    assert apply(console, asked, confirmed="yes").status == 303
    assert "VNO" in get_titles(console, "businessUnit")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Choose a file that is not empty"),
        (b"a;b;c\n", "Line 1: the header is missing"),
        (HEADER.encode(), "the file has no codes"),
        (HEADER.encode() + b"legalForm,X\n", "Line 2: the line has 2 columns instead of 3"),
        (HEADER.encode() + b"legalForm,X,\xe0\xff\n", "Line 2: the text is not UTF-8"),
        (HEADER.encode() + b"<i>,X,x\n", "Line 2: there is no classifier '<i>'"),
        (HEADER.encode() + b'legalForm,X,"x\n', "the line is not valid CSV"),
        (HEADER.encode() + b"country,LT,x\n", "codes of ISO cannot be changed"),
        (b"PK\x03\x04\x00\x00", "the header is missing"),
        (b"x" * (1024 * 1024 + 20_000), "The file is larger than 1 MiB"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_files_that_can_not_be_imported_say_why(console: ConsoleBrowser, content: bytes, message: str) -> None:
    console.sign_in()
    page = upload(console, content)
    assert page.status == 200
    assert page.text.count(message) == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data"}, 400),
        ({"Content-Type": "multipart/form-data; boundary="}, 400),
        ({"Content-Type": f"multipart/form-data; boundary={'x' * 300}"}, 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 400),
    ],
    ids=str,
)
def test_bodies_that_are_no_form_get_an_error_page(
    console: ConsoleBrowser, headers: Mapping[str, str], status: int
) -> None:
    console.sign_in()
    for path in ("/import", "/import/apply"):
        response = console.http.post(LISTS + path, content=b"--y\r\nnothing", headers={**ORIGIN, **headers})
        assert response.status_code == status


def test_import_of_another_origin_is_refused(console: ConsoleBrowser) -> None:
    console.sign_in()
    files = {"file": ("a.csv", HEADER, "text/csv")}
    response = console.http.post(f"{LISTS}/import", files=files, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
