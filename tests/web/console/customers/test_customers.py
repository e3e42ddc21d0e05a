"""Pages of customers: the search, the document, its versions, and who read it."""

from dataclasses import replace
from typing import Any

import pytest

from muster.auth.users import Role
from muster.web.console.customers.customer_reading import VERSIONS_PER_PAGE
from tests.events import some_event
from tests.storage.samples import build_customer
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.customers.customer_samples import CORPUS, NORTH, build, list_reads, open_page, save

pytestmark = pytest.mark.usefixtures("units")


def test_document_is_shown_in_words_with_who_brought_it(console: ConsoleBrowser) -> None:
    batch = save(console, build("shown", citizenshipCountry="LT", isPEP=True, note="as given"))
    console.sign_in(*NORTH)
    page = open_page(console, "shown")

    for text in ("Citizenship country citizenshipCountry Lithuania LT", "PEP isPEP Yes", "note as given"):
        assert text in page.text
    assert page.links["sender"] == "/console/batches?sender=sender"
    assert page.links[batch] == f"/console/batches/{batch}"
    assert "Communication number number of shown in NORTH 1" in page.text
    assert page.form("/console/refused").values == {"customerExtId": ["shown"]}
    assert page.title.startswith("Customer ")
    assert "shown" not in page.title


def test_chunk_of_a_load_leads_to_the_load(console: ConsoleBrowser) -> None:
    batch = save(console, build("loaded"))
    load = "01933b52-6d3f-7c1e-9a54-2f0c7b1d8e90"
    with console.store.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE batches SET load_id = '{load.replace('-', '')}', first_row = 2, last_row = 10001 "
            f"WHERE id = '{batch.replace('-', '')}'"
        )
    console.sign_in(*NORTH)
    page = open_page(console, "loaded")
    assert page.links[load] == f"/console/loads/{load}"
    assert "rows 2 to 10\u202f001" in page.text or "rows 2 to 10 001" in page.text


def test_related_customer_is_linked(console: ConsoleBrowser) -> None:
    save(console, build("parent", listRelatedEntity=[{"firstName": "Ona", "customerExtId": "child/1"}]))
    console.sign_in(*NORTH)
    assert open_page(console, "parent").links["child/1"] == "/console/customers/child%2F1?unit=NORTH"


def test_ids_of_a_page_are_unique(console: ConsoleBrowser) -> None:
    nested: dict[str, Any] = {"listContact": [{"contactType": "EMAIL"}], "listAddress": [{"country": "LT"}]}
    save(console, build("nested", **nested, listRelatedEntity=[nested, nested]))
    console.sign_in(*NORTH)
    ids = [attributes["id"] for _, attributes in open_page(console, "nested").tags if "id" in attributes]
    assert len(ids) == len(set(ids)) > 10


@pytest.mark.parametrize("text", CORPUS)
def test_injected_text_stays_text(console: ConsoleBrowser, text: str) -> None:
    ext_id = f"corpus {text}"
    unknown: dict[str, Any] = {f"unknown {text}": text}
    save(console, build(ext_id, firstName=text, **unknown))
    save(console, build(ext_id, 2, firstName="other", nested={text: [text]}))
    console.sign_in(Role.READ | Role.AUDIT, ("NORTH",))
    for view in ("", "/versions", "/readers"):
        page = open_page(console, ext_id, view=view)
        assert page.status == 200
        assert ext_id in page.text
        assert not [tag for tag, attributes in page.tags if tag in ("img", "b") or (tag == "script" and not attributes)]
        assert text not in page.title


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2024-05-25", ["This customer did not exist yet on 2024-05-25 23:59:59"]),
        ("2024-05-26", ["As it was on 2024-05-26 23:59:59", "version 1. It was replaced by version 2 on 2024-05-28"]),
        ("2024-05-27T00:00:00Z", ["As it was on 2024-05-27 00:00:00", "version 1."]),
        ("2024-05-28", ["As it was on 2024-05-28 23:59:59", "version 2. It is still the current version."]),
        ("9999-12-31", ["version 2."]),
    ],
)
def test_document_of_a_day_says_what_replaced_it(console: ConsoleBrowser, at: str, shown: list[str]) -> None:
    console.sign_in(*NORTH)
    if open_page(console, "past").status == 404:
        save(console, build("past"))
        save(console, build("past", 2), days=2)
    page = open_page(console, "past", at=at)
    assert [words for words in shown if words not in page.text] == []


@pytest.mark.parametrize(
    "query",
    ["at=2024-05-26&at=1", "version=x", "version=-1", "version=1&at=2024-05-26", "unknown=1", "cursor=1"],
)  # fmt: skip
def test_nonsense_in_the_query_is_400_with_a_reason(console: ConsoleBrowser, query: str) -> None:
    console.sign_in(*NORTH)
    page = console.get(f"/console/customers/c?{query}")
    assert page.status == 400
    assert "takes" in page.text


@pytest.mark.parametrize(
    "at", ["x", "2024-13-01", "20240526", "2024-05-26T00:00:00", "0001-01-01T00:00:00+01:00", *CORPUS]
)
def test_what_is_no_day_is_an_error_of_its_field(console: ConsoleBrowser, at: str) -> None:
    console.sign_in(*NORTH)
    if open_page(console, "dated").status == 404:
        save(console, build("dated"))
    console.sign_in(*NORTH)
    page = open_page(console, "dated", at=at)
    assert page.status == 200
    assert next(target for text, target in page.links.items() if text.startswith("Enter a day")) == "#at"
    assert page.form("/console/customers/dated").values == {"unit": ["NORTH"], "at": [at]}
    assert "First name" not in page.text


def test_empty_fields_of_forms_select_everything(console: ConsoleBrowser) -> None:
    save(console, build("empty"))
    console.sign_in(*NORTH)
    assert "First name" in console.get("/console/customers/empty?unit=&at=&version=").text
    assert console.get("/console/customers/empty/versions?unit=&cursor=").status == 200


@pytest.mark.parametrize("path", ["nobody", "nobody/versions", "nobody/readers", "nobody/document.json", "a%00b",
                                  "%FF", "seen?unit=SOUTH", "seen?unit=%00", "seen?version=9", "seen?version=0",
                                  "seen/versions?cursor=1"])  # fmt: skip
def test_what_is_not_there_is_404(console: ConsoleBrowser, path: str) -> None:
    console.sign_in(*NORTH)
    if open_page(console, "seen").status == 404:
        save(console, build("seen"))
    assert console.get(f"/console/customers/{path}").status == 404


def test_page_of_a_customer_that_is_not_there_asks_whether_it_was_refused(console: ConsoleBrowser) -> None:
    console.sign_in(*NORTH)
    page = console.get("/console/customers/never%2Fthere/versions")
    assert page.status == 404
    assert page.form("/console/refused").values == {"customerExtId": ["never/there"]}
    assert page.links["Find another customer"] == "/console/customers"


@pytest.mark.parametrize(
    ("roles", "unit", "status"),
    [(Role.READ, "NORTH", 200), (Role.READ, "SOUTH", 404), (Role.ADMIN, "SOUTH", 200), (Role.SUBMIT, "NORTH", 403),
     (Role.WATCH, "NORTH", 403), (Role.AUDIT, "NORTH", 403), (Role.SUBMIT | Role.READ, "NORTH", 200)],
)  # fmt: skip
def test_pages_are_open_to_the_roles_and_units_that_the_api_is_open_to(
    console: ConsoleBrowser, roles: Role, unit: str, status: int
) -> None:
    console.sign_in()
    if open_page(console, "roles").status == 404:
        save(console, build("roles"))
    console.sign_in(roles, (unit,))
    for view in ("", "/versions", "/readers", "/document.json"):
        assert open_page(console, "roles", view=view).status == status
    assert console.get("/console/customers").status == (403 if status == 403 else 200)


def test_document_file_is_the_document_as_accepted(console: ConsoleBrowser) -> None:
    document = b'{"firstName":"Jose","amount":0.10}'
    save(console, build_customer("file", "file", business_unit="NORTH", document=document))
    console.sign_in(*NORTH)
    response = open_page(console, "file", view="/document.json").response
    assert response.content == document
    assert response.headers["content-disposition"] == 'attachment; filename="customer.json"'
    assert response.headers["cache-control"] == "no-store"


def test_large_document_is_cut_and_leads_to_all_of_it(console: ConsoleBrowser) -> None:
    contacts = [{"contactType": "EMAIL", "contactDetails": f"{number}@example.com"} for number in range(20_000)]
    save(console, build("large", listContact=contacts))
    save(console, build("large", 2, listContact=[{**contact, "useForCommunication": True} for contact in contacts]))
    console.sign_in(*NORTH)

    page = open_page(console, "large")
    assert "This document is too large for one page." in page.text
    assert len(console.get(page.links["The JSON document has everything"]).response.content) > 1_000_000
    versions = open_page(console, "large", view="/versions")
    assert "More than 60 changes" in versions.text
    for shown in (page, versions):
        assert len(shown.response.content) < 135_000


# Versions


def test_versions_show_old_and_new_values_in_words(console: ConsoleBrowser) -> None:
    save(console, build("changed", lastName="Smith", riskLevel="LOW"))
    batch = save(console, build("changed", 2, lastName="Taylor", listAddress=[{"country": "LT"}]))
    console.sign_in(*NORTH)
    page = open_page(console, "changed", view="/versions")

    for text in (
        "Version 2 current Changes: 4",
        f"in batch {batch}",
        "Last name changed /lastName Before Smith After Taylor",
        "Risk level removed /riskLevel Before LOW",
        "Addresses added /listAddress After Address 1 › Country : Lithuania LT",  # noqa: RUF001
        "Version 1 new customer",
    ):
        assert text in page.text
    assert page.links["Version 1"] == "/console/customers/changed?unit=NORTH&version=1"


def test_versions_are_paged(console: ConsoleBrowser) -> None:
    count = VERSIONS_PER_PAGE + 2
    save(console, *(build("paged", version, lastName=f"N{version}") for version in range(1, count + 1)))
    console.sign_in(*NORTH)
    first = open_page(console, "paged", view="/versions")
    second = console.get(first.links["Older versions"])
    assert [f"Version {count}" in page.links for page in (first, second)] == [True, False]
    assert [f"Version {number}" in second.links for number in (3, 2, 1)] == [False, True, True]
    assert "Older versions" not in second.links
    assert second.links["Newest versions"] == "/console/customers/paged/versions?unit=NORTH"


# Who read it


def test_each_page_leaves_one_entry_before_it_is_shown(console: ConsoleBrowser) -> None:
    save(console, build("audited"), build("audited", 2))
    user = console.sign_in(*NORTH)
    open_page(console, "audited")
    open_page(console, "audited", version=1)
    open_page(console, "audited", view="/versions")
    open_page(console, "audited", view="/readers")
    open_page(console, "audited", view="/document.json")
    console.post("/console/customers", {"customerExtId": "audited"})

    entries = list_reads(console, "audited")
    assert [(entry.actor, entry.action, entry.details["version"], entry.details["versions"]) for entry in entries] == [
        (user.name, "customer.read", 2, 1),
        (user.name, "customer.read", 1, 1),
        (user.name, "history.values-read", 2, 2),
        (user.name, "customer.read", 2, 1),
    ]


def test_auditor_sees_the_reads_of_every_unit_and_others_a_note(console: ConsoleBrowser) -> None:
    save(console, build("watched"), build("watched", unit="SOUTH"))
    reader = console.sign_in(Role.READ, ("SOUTH",))
    open_page(console, "watched", "SOUTH")
    assert (
        "Users with the role audit or admin see it here."
        in open_page(console, "watched", "SOUTH", view="/readers").text
    )

    console.sign_in(Role.READ | Role.AUDIT, ("NORTH",))
    open_page(console, "watched")
    page = open_page(console, "watched", view="/readers")
    assert f"{reader.name} from testclient" in page.text
    assert "Read the document SOUTH another customer 1" in page.text
    assert page.text.index("Read the document NORTH") < page.text.index("Read the document SOUTH")


def test_entries_of_another_kind_with_the_same_subject_are_left_out(console: ConsoleBrowser) -> None:
    save(console, build("olga"))
    console.store.users.add_user(replace(console.sign_in(), name="olga"), replace(some_event(), subject="olga"))
    page = open_page(console, "olga", view="/readers")
    assert "Nobody has read this customer yet." in page.text
