"""The pages of loads: the list, one load while it runs and when it has ended, what it leaves, and cancelling it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from muster.audit.events import Action, EntryFilter
from muster.auth.users import Role, User
from muster.loads.load_store import Load, LoadState
from muster.loads.refused_rows import RefusedRow
from tests.contract.loads import make_csv
from tests.samples import individual
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.record_samples import INJECTION, add_load, add_sender, create_load, send_file

LOADS = "/console/loads"
BAD_ROW = RefusedRow(7, f'"{INJECTION}",Vilnius\n', None, ("C012",), (f"A7 name: {INJECTION} is wrong",))


@pytest.fixture(scope="module")
def sender(console: ConsoleBrowser) -> User:
    return add_sender(console, name="core-banking")


@pytest.fixture(scope="module")
def load(console: ConsoleBrowser, sender: User) -> Load:
    """Four customers in two batches, the last one refused."""
    content = make_csv(4, applicationDate="yesterday")
    return send_file(console, sender, content, "customers.csv", batch="2")


def test_without_loads_the_list_says_what_to_do(console: ConsoleBrowser) -> None:
    console.sign_in()
    page = console.get(LOADS, sender="nobody")
    assert "Clear the filter" in page.text
    assert [target for target in page.links.values() if target == "/console/load-file"]
    console.sign_in(Role.READ)
    assert "/console/load-file" not in console.get(LOADS, sender="nobody").links.values()


def test_the_list_is_found_by_sender_state_day_and_dry_run(console: ConsoleBrowser, load: Load) -> None:
    dry_run = add_load(console, "dry-runner", INJECTION)
    running = add_load(console, "dry-runner", ended=False)
    console.sign_in()
    today, yesterday = datetime.now(UTC).date(), datetime.now(UTC).date() - timedelta(days=1)
    found: dict[tuple[tuple[str, str], ...], list[UUID]] = {
        (): [running, dry_run, load.id],
        (("dryRun", "true"),): [running, dry_run],
        (("dryRun", "false"),): [load.id],
        (("state", "running"),): [running],
        (("state", "completed"), ("sender", "dry-runner")): [dry_run],
        (("since", f"{today}"), ("until", f"{today}"), ("state", "")): [running, dry_run, load.id],
        (("until", f"{yesterday}"),): [],
    }
    for query, ids in found.items():
        page = console.get(LOADS, **dict(query))
        assert [i for i in (running, dry_run, load.id) if f"{LOADS}/{i}" in page.links.values()] == ids, query
    assert INJECTION in console.get(LOADS).text


@pytest.mark.parametrize(("field", "value"), [("state", "done"), ("dryRun", "yes"), ("since", "x"), ("sender", "\0")])
def test_what_a_field_does_not_take_is_told_at_the_field(console: ConsoleBrowser, field: str, value: str) -> None:
    console.sign_in()
    page = console.get(LOADS, **{field: value})
    assert page.status == 200
    assert ("a", {"href": f"#{field}"}) in page.tags


def test_the_list_goes_on_on_the_next_page(console: ConsoleBrowser) -> None:
    ids = [create_load(console, "many", "a.csv") for _ in range(51)]
    console.sign_in()
    first = console.get(LOADS, sender="many")
    second = console.get(first.links["Next page"])
    assert f"{LOADS}/{ids[0]}" in second.links.values()
    assert "Next page" not in second.links


def test_an_ended_load_shows_what_became_of_its_rows(console: ConsoleBrowser, load: Load) -> None:
    console.sign_in()
    page = console.get(f"{LOADS}/{load.id}")
    assert "customers.csv" in page.text
    assert "completed" in page.text
    assert page.links["C012"] == "/console/help/errors#C012"
    assert "ApplicationDate is not a date" in page.text
    assert "Send in applicationDate : a date" in page.text
    assert load.content_sha256
    assert load.content_sha256.hex() in page.text
    assert "yesterday" in page.text  # the cell of the refused row
    assert not [1 for _, attributes in page.tags if "data-refresh-seconds" in attributes]
    targets = [attributes["href"] or "" for tag, attributes in page.tags if tag == "a"]
    assert sum(target.startswith("/console/batches/") for target in targets) == 2
    assert page.links["All refused customers of this load"] == f"/console/refused?load={load.id}"
    assert [1 for target in console.get(f"/console/batches?load={load.id}").links.values() if str(load.id) in target]


def test_a_running_load_shows_its_progress_and_looks_again(console: ConsoleBrowser) -> None:
    load_id = add_load(console, "somebody", rows=(BAD_ROW,), ended=False)
    console.sign_in()
    page = console.get(f"{LOADS}/{load_id}")
    assert "50 %" in page.text
    assert "rows a second" in page.text or "left" in page.text
    assert [1 for _, attributes in page.tags if attributes.get("data-refresh-seconds") == "3"]
    assert page.links["Look again"] == f"{LOADS}/{load_id}"
    assert "dry run" in page.text
    assert "nothing is saved" in page.text
    assert "Vilnius" not in page.text  # rows are read, and noted, when the load has ended


def test_texts_of_a_file_are_shown_as_text(console: ConsoleBrowser) -> None:
    load_id = add_load(console, "somebody", INJECTION, rows=(BAD_ROW,))
    console.sign_in()
    page = console.get(f"{LOADS}/{load_id}")
    assert page.text.count(INJECTION) >= 3
    assert "<script>alert" not in page.response.text
    assert INJECTION not in page.title
    assert "Vilnius" in page.text


def test_a_row_of_any_size_and_encoding_is_shown_in_part(console: ConsoleBrowser) -> None:
    many = RefusedRow(8, "", tuple("x" * 2_000 for _ in range(500)), ("F002",) * 40, ("too many",) * 40)
    broken = RefusedRow(9, 'a\ufffd "' + "y" * 200_000, None, ("F003",), ("not text",))
    load_id = add_load(console, "somebody", rows=(many, broken))
    console.sign_in()
    page = console.get(f"{LOADS}/{load_id}")
    assert page.status == 200
    assert len(page.response.content) < 60_000
    assert "and 440 more cells" in page.text
    assert "and 30 more" in page.text


def test_an_accepted_customer_shows_its_row_in_the_file(console: ConsoleBrowser) -> None:
    sender, name = add_sender(console), uuid4().hex[:8]
    customers = [individual(customerExtId=f"{name}-{n}") for n in range(3)]
    customers[1]["applicationDate"] = "yesterday"
    load = send_file(console, sender, "\n".join(map(json.dumps, customers)).encode(), "a.ndjson")
    console.sign_in()
    [batch] = [
        path for path in console.get(f"{LOADS}/{load.id}").links.values() if path.startswith("/console/batches/0")
    ]
    accepted = console.get(batch, show="accepted")
    assert "Row Customer" in accepted.text
    assert f"3 {name}-2" in accepted.text
    assert "row 3" in console.get(accepted.links[f"{name}-2"]).text


def test_only_the_first_refused_rows_are_shown(console: ConsoleBrowser) -> None:
    rows = tuple(RefusedRow(n, f"name-{n},town\n", None, ("C012",), ("A: wrong",)) for n in range(2, 40))
    load_id = add_load(console, "somebody", rows=rows)
    user = console.sign_in()
    page = console.get(f"{LOADS}/{load_id}")
    assert ("name-11" in page.text, "name-12" in page.text) == (True, False)
    [entry] = console.store.audit.latest_entries(EntryFilter(actor=user.name), limit=1)
    assert (entry.action, entry.subject, entry.details["rows"]) == (
        Action.FIRST_REFUSED_ROWS_READ.text,
        str(load_id),
        10,
    )


def test_the_refused_rows_are_downloaded_as_a_file(console: ConsoleBrowser, load: Load) -> None:
    console.sign_in()
    page = console.get(f"{LOADS}/{load.id}")
    response = console.get(page.links["as CSV"]).response
    assert response.headers["content-disposition"] == f'attachment; filename="refused-{load.id}.csv"'
    assert response.headers["cache-control"] == "no-store"
    [row] = list(csv.DictReader(io.StringIO(response.text), delimiter=";"))
    assert (row["muster_row"], row["muster_codes"]) == ("5", "C012")
    assert json.loads(console.get(page.links["as NDJSON"]).response.text)["muster_row"] == 5
    assert console.get(page.links["as Excel workbook"]).response.content.startswith(b"PK")
    assert console.get(page.links["Refused rows"]).response.content == response.content
    assert console.get(f"{LOADS}/{load.id}/refused?format=pdf").status == 400


def test_results_are_downloaded_as_lines_of_json(console: ConsoleBrowser, load: Load) -> None:
    console.sign_in()
    response = console.get(f"{LOADS}/{load.id}/results").response
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["customerExtId"] for line in response.text.splitlines()] == ["c-0", "c-1", "c-2", "c-3"]


def test_what_is_not_there_to_download_is_a_page_that_says_so(console: ConsoleBrowser) -> None:
    running = add_load(console, "somebody", ended=False)
    ended = add_load(console, "somebody")
    console.sign_in()
    for path, status in {
        f"{running}/refused": 409,
        f"{ended}/refused": 404,
        f"{ended}/results": 404,
        f"{uuid4()}/refused": 404,
        "x/results": 404,
        "x": 404,
    }.items():
        page = console.get(f"{LOADS}/{path}")
        assert page.status == status, path
        assert "text/html" in page.response.headers["content-type"]
    console.sign_out()
    assert console.get(f"{LOADS}/{ended}/refused").location == "/console/sign-in"


@pytest.mark.parametrize(
    ("roles", "as_sender", "load_status", "refused_status"),
    [
        (Role.ADMIN, False, 200, 200),
        (Role.SUBMIT, True, 200, 200),
        (Role.SUBMIT, False, 404, 404),
        (Role.READ, False, 200, 404),
        (Role.WATCH, False, 403, 403),
        (Role.AUDIT, False, 403, 403),
    ],
)
def test_the_rows_themselves_are_for_their_sender_and_administrators(
    console: ConsoleBrowser,
    sender: User,
    load: Load,
    roles: Role,
    as_sender: bool,
    load_status: int,
    refused_status: int,
) -> None:
    if as_sender:
        console.resume(sender)
    else:
        console.sign_in(roles)
    page = console.get(f"{LOADS}/{load.id}")
    assert page.status == load_status
    assert ("yesterday" in page.text) is (refused_status == 200)
    assert (f"{LOADS}/{load.id}/refused" in page.links.values()) is (refused_status == 200)
    assert console.get(f"{LOADS}/{load.id}/refused").status == refused_status
    listed = console.get(LOADS, sender=sender.name)
    assert (f"{LOADS}/{load.id}" in listed.links.values()) is (load_status == 200)


def test_a_running_load_is_cancelled_after_a_question(console: ConsoleBrowser) -> None:
    user = console.sign_in(Role.SUBMIT)
    load_id = add_load(console, user.name, ended=False)
    path = f"{LOADS}/{load_id}/cancel"
    assert console.get(f"{LOADS}/{load_id}").links["Cancel the load"] == path
    assert "Cancel this load?" in console.get(path).text
    found = console.store.loads.get(load_id)
    assert found is not None
    assert found.state is LoadState.RUNNING
    assert console.post(path, console.get(path).form(path).values).location == f"{LOADS}/{load_id}"
    page = console.get(f"{LOADS}/{load_id}")
    assert "cancelled" in page.text
    assert "Cancel the load" not in page.links
    assert console.get(path).location == f"{LOADS}/{load_id}"
    assert console.post(path).location == f"{LOADS}/{load_id}"


def test_only_its_sender_and_administrators_cancel_a_load(console: ConsoleBrowser) -> None:
    load_id = add_load(console, "somebody", ended=False)
    path = f"{LOADS}/{load_id}/cancel"
    for roles, status in ((Role.READ, 403), (Role.SUBMIT, 404), (Role.SUBMIT | Role.READ, 403)):
        console.sign_in(roles)
        assert "Cancel the load" not in console.get(f"{LOADS}/{load_id}").links
        assert console.post(path).status == status
    console.sign_in()
    assert console.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    found = console.store.loads.get(load_id)
    assert found is not None
    assert found.state is LoadState.RUNNING
    assert console.post(path).status == 303
