"""Failed logins and reads of customers are in the audit log."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from muster.audit.events import AuditEntry, EntryFilter
from muster.audit.reader import verify_log
from muster.auth.login_throttle import FREE_ATTEMPTS_PER_USER
from muster.auth.passwords import hash_password
from muster.auth.users import Role, User
from tests.samples import individual
from tests.serving import Api


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
