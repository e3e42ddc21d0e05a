"""Failed logins, reads and refused reads are in the audit log, which is read over HTTP."""

import csv
import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import text

from muster.audit.events import Action, AuditEntry, AuditEvent, EntryFilter
from muster.audit.reader import verify_log
from muster.auth.login_throttle import FREE_ATTEMPTS_PER_USER
from muster.auth.passwords import hash_password
from muster.auth.users import Role, User
from tests.samples import individual
from tests.serving import Api, serving


def wait_for_entries(api: Api, action: str, count: int = 0) -> list[AuditEntry]:
    """The entries of an action, once there are `count` of them: failed logins are recorded in the background."""
    deadline = time.monotonic() + 10
    while len(found := _fetch_entries(api, action)) < count:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def _fetch_entries(api: Api, action: str) -> list[AuditEntry]:
    entries = api.store.audit.entries(EntryFilter(), after=0, limit=1_000)
    verify_log(api.store.audit)
    return [entry for entry in entries if entry.action == action]


def save_customer(api: Api) -> str:
    """Saves a new customer and returns its id."""
    customer = individual()
    api.results([customer])
    return str(customer["customerExtId"])


def test_read_of_a_customer_is_audited_before_the_response(api: Api) -> None:
    ext_id = save_customer(api)
    reader = {"Authorization": f"Bearer {api.user(Role.READ, name='rita')}"}
    assert api.http.get(f"/api/v1/customers/{ext_id}", headers=reader).status_code == 200
    assert api.http.get(f"/api/v1/customers/{ext_id}/history", headers=reader).status_code == 200
    assert api.http.get("/api/v1/customers/nobody", headers=reader).status_code == 404
    [read] = wait_for_entries(api, "customer.read")
    [history] = wait_for_entries(api, "history.read")
    assert (read.actor, read.subject, read.details["version"]) == ("rita", ext_id, 1)
    assert (history.actor, history.subject, history.details["businessUnit"]) == ("rita", ext_id, "MAIN")


def test_entry_names_the_token_or_password_and_the_client_behind_a_trusted_proxy(database_url: str) -> None:
    with serving(database_url, trusted_proxies="127.0.0.1") as api:
        ext_id = save_customer(api)
        token = api.user(Role.READ, name="rita")
        api.store.users.set_password("rita", hash_password("correct horse"))
        forwarded = {"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}
        path = f"/api/v1/customers/{ext_id}"
        assert api.http.get(path, headers={**forwarded, "Authorization": f"Bearer {token}"}).status_code == 200
        assert api.http.get(path, auth=("rita", "correct horse")).status_code == 200
        [stored] = api.store.users.tokens("rita")
        logins = [(e.details["credential"], e.details["address"]) for e in wait_for_entries(api, "customer.read")]
        assert logins == [(f"token:{stored.id}", "192.0.2.1"), ("password", "127.0.0.1")]


def test_reads_of_results_are_audited(api: Api) -> None:
    batch_id = api.send(json.dumps({"customers": [individual()]}).encode()).headers["Muster-Batch-Id"]
    reader = {"Authorization": f"Bearer {api.user(Role.READ, name='rita')}"}
    assert api.http.get(f"/api/v1/batches/{batch_id}/results", headers=reader).status_code == 200
    [read] = wait_for_entries(api, "results.read")
    assert (read.actor, read.subject, read.details["results"]) == ("rita", batch_id, 1)


def test_results_that_cannot_be_audited_are_not_returned(api: Api) -> None:
    batch_id = api.send(json.dumps({"customers": [individual()]}).encode()).headers["Muster-Batch-Id"]
    with api.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_head RENAME TO audit_gone"))
    response = api.http.get(
        f"/api/v1/batches/{batch_id}/results", headers={"Authorization": f"Bearer {api.user(Role.READ)}"}
    )
    assert response.status_code == 500
    assert "customerExtId" not in response.text


def test_refused_reads_are_audited_and_answered_as_those_of_what_does_not_exist(api: Api) -> None:
    api.units("NORTH", "SOUTH")  # before the first request, so the service has no older code lists in its cache
    customer = individual(businessUnit="NORTH")
    sender = api.user(units=("NORTH",))
    sent = api.send(json.dumps({"customers": [customer]}).encode(), Authorization=f"Bearer {sender}")
    ext_id, batch_id = customer["customerExtId"], sent.headers["Muster-Batch-Id"]
    south = {"Authorization": f"Bearer {api.user(Role.READ, ('SOUTH',), name='south')}"}
    other = {"Authorization": f"Bearer {api.user(name='other')}"}

    def get(path: str, user: dict[str, str]) -> dict[str, object]:
        answer: dict[str, object] = api.http.get(f"/api/v1/{path}", headers=user).json()
        return {name: value for name, value in answer.items() if name not in ("timestamp", "path")}

    assert get(f"customers/{ext_id}?businessUnit=NORTH", south) == get("customers/Garcia?businessUnit=NORTH", south)
    assert get(f"batches/{batch_id}", other) == get(f"batches/{uuid4()}", other)
    assert get(f"customers/{ext_id}", other)["status"] == 403
    entries = wait_for_entries(api, "read.refused", 4)
    found = [(e.actor, e.subject, e.details["resource"], e.details["reason"]) for e in entries]
    assert found == [
        ("south", ext_id, "customer", "business unit"),
        ("south", "", "customer", "business unit"),
        ("other", batch_id, "batch", "other sender"),
        ("other", "", "/api/v1/customers/{customerExtId}", "role"),
    ]
    assert all(entry.details["credential"] and entry.details["address"] for entry in entries)
    assert "Garcia" not in str(entries)


def test_last_use_of_a_token_is_shown_without_a_write_for_each_request(api: Api) -> None:
    reader = {"Authorization": f"Bearer {api.user(Role.READ, name='rita')}"}
    assert api.store.users.tokens("rita")[0].last_used_at is None
    before = datetime.now(UTC)
    for _ in range(5):
        assert api.http.get("/api/v1/batches", headers=reader).status_code == 200
    deadline = time.monotonic() + 10
    while (last_use := api.store.users.tokens("rita")[0].last_used_at) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert before <= last_use <= datetime.now(UTC)
    assert api.http.get("/api/v1/batches", headers=reader).status_code == 200
    assert api.store.users.tokens("rita")[0].last_used_at == last_use


def make_auditor(api: Api) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.user(Role.AUDIT, name='ada')}"}


def test_pages_and_exports_hold_the_same_entries(api: Api) -> None:
    for number in range(5):
        api.store.audit.append(AuditEvent("rita", Action.CUSTOMER_READ, f"c-{number}", {"version": number}))
    auditor, path = make_auditor(api), "/api/v1/audit"
    pages: list[list[dict[str, str]]] = []
    cursor = ""
    while not pages or cursor:
        page = api.http.get(f"{path}?action=customer.read&limit=2{cursor}", headers=auditor).json()
        pages.append(page["entries"])
        cursor = f"&cursor={page['next']}" if page["next"] else ""
    assert [[entry["subject"] for entry in entries] for entries in pages] == [["c-4", "c-3"], ["c-2", "c-1"], ["c-0"]]
    exported = api.http.get(f"{path}?action=customer.read&format=ndjson", headers=auditor)
    assert exported.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert [line["number"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["sha256"] for line in lines] == [e["sha256"] for entries in reversed(pages) for e in reversed(entries)]
    as_csv = api.http.get(f"{path}?actor=rita", headers={**auditor, "Accept": "text/csv"})
    assert as_csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["subject"] for row in csv.DictReader(io.StringIO(as_csv.text))] == [f"c-{n}" for n in range(5)]


def test_entries_are_filtered_by_time_and_number(api: Api) -> None:
    for number in range(3):
        api.store.audit.append(AuditEvent("rita", Action.CUSTOMER_READ, f"c-{number}"))
    auditor = make_auditor(api)

    def get(**query: str) -> list[str]:
        page = api.http.get("/api/v1/audit", params={"actor": "rita", **query}, headers=auditor).json()
        return [entry["subject"] for entry in page["entries"]]

    second = api.store.audit.entries(EntryFilter(), after=1, limit=1)[0].at.isoformat()
    assert get(since=second) == ["c-2", "c-1"]
    assert get(until=second) == ["c-0"]
    assert get(after="1", subject="c-2") == ["c-2"]
    assert get(after="3") == []


def test_reading_the_log_is_an_entry_once_an_hour(api: Api) -> None:
    auditor = make_auditor(api)
    for _ in range(5):
        assert api.http.get("/api/v1/audit", headers=auditor).status_code == 200
        assert api.http.get("/api/v1/audit?format=csv", headers=auditor).status_code == 200
    reads = wait_for_entries(api, "audit.read", 2)
    assert sorted((read.actor, read.details["export"]) for read in reads)[-1] == ("ada", True)
    assert len([read for read in reads if read.details["export"]]) == 1


def test_log_that_cannot_record_its_reading_is_not_read(api: Api) -> None:
    auditor = make_auditor(api)
    api.store.audit.append(AuditEvent("rita", Action.CUSTOMER_READ, "c-1"))
    with api.store.engine.begin() as connection:
        connection.execute(text("UPDATE audit_head SET number = 0"))  # the next entry has a number that exists
    for query in ("", "?format=csv", "?format=ndjson"):
        response = api.http.get(f"/api/v1/audit{query}", headers=auditor)
        assert response.status_code == 500
        assert "c-1" not in response.text


def test_verification_gives_a_checkpoint_to_go_on_from(api: Api) -> None:
    auditor, path = make_auditor(api), "/api/v1/audit/verification"
    save_customer(api)
    for number in range(3):
        api.store.audit.append(AuditEvent("rita", Action.CUSTOMER_READ, f"c-{number}"))
    found = api.http.get(path, headers=auditor).json()
    assert (found["isIntact"], found["isComplete"], found["first"], found["last"], found["end"]) == (
        True,
        True,
        1,
        3,
        3,
    )
    api.store.audit.append(AuditEvent("rita", Action.CUSTOMER_READ, "c-3"))
    later = api.http.get(path, params={"checkpoint": found["checkpoint"]}, headers=auditor).json()
    assert (later["isIntact"], later["first"], later["last"]) == (True, 3, 4)
    head = verify_log(api.store.audit)
    assert later["checkpoint"] == f"{head.number}:{head.sha256.hex()}"
    wrong = api.http.get(path, params={"checkpoint": f"3:{'00' * 32}"}, headers=auditor)
    assert (wrong.status_code, wrong.json()["isIntact"], wrong.json()["checkpoint"]) == (200, False, None)
    assert wrong.json()["problem"] == "entry 3 does not have the hash of the checkpoint"


def test_read_that_cannot_be_audited_returns_no_customer(api: Api) -> None:
    ext_id = save_customer(api)
    reader = {"Authorization": f"Bearer {api.user(Role.READ)}"}
    with api.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_head RENAME TO audit_gone"))
    response = api.http.get(f"/api/v1/customers/{ext_id}", headers=reader)
    assert response.status_code == 500
    assert "firstName" not in response.text
    assert save_customer(api)  # saving customers reads none


def test_failed_login_is_audited_without_the_credentials(api: Api) -> None:
    api.store.users.add_user(User("anna", Role.SUBMIT, (), hash_password("correct horse")))
    body = json.dumps({"customers": []}).encode()
    for name, password in (("anna", "wrong horse"), ("correct horse", "x")):
        response = api.http.post(
            "/amlyze-ws-rest/batch-customers",
            content=body,
            auth=(name, password),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code == 401
    assert api.send(body, Authorization="Bearer mst_wrong-horse").status_code == 401
    entries = wait_for_entries(api, "sign-in.refused", 3)
    assert [(entry.subject, entry.details["scheme"]) for entry in entries] == [
        ("anna", "Basic"),
        ("", "Basic"),
        ("", "Bearer"),
    ]
    assert {entry.details["address"] for entry in entries} == {"127.0.0.1"}
    assert "horse" not in str(entries)


def test_repeated_failed_logins_do_not_fill_the_log(api: Api) -> None:
    body = json.dumps({"customers": []}).encode()
    for _ in range(FREE_ATTEMPTS_PER_USER * 3):
        api.http.post("/amlyze-ws-rest/batch-customers", content=body, auth=("anna", "wrong horse"))
    count = len(wait_for_entries(api, "sign-in.refused", FREE_ATTEMPTS_PER_USER))
    assert FREE_ATTEMPTS_PER_USER <= count <= FREE_ATTEMPTS_PER_USER + 2


def test_concurrent_reads_form_one_chain(api: Api) -> None:
    ext_id = save_customer(api)
    reader = {"Authorization": f"Bearer {api.user(Role.READ)}"}
    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(lambda _: api.http.get(f"/api/v1/customers/{ext_id}", headers=reader), range(80)))
    assert {response.status_code for response in responses} == {200}
    assert len(wait_for_entries(api, "customer.read")) == 80
