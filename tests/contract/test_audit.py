"""Who signed in wrongly and who read which customer can be shown."""

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


def entries(api: Api, action: str, least: int = 0) -> list[AuditEntry]:
    """Those of this action, when there are so many: wrong credentials are put on record apart from their request."""
    deadline = time.monotonic() + 10
    while len(found := _entries(api, action)) < least:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def _entries(api: Api, action: str) -> list[AuditEntry]:
    every = api.store.audit.entries(EntryFilter(), after=0, limit=1_000)
    verify_log(api.store.audit)
    return [entry for entry in every if entry.action == action]


def sent(api: Api) -> str:
    customer = individual()
    api.results([customer])
    return str(customer["customerExtId"])


def test_who_read_a_customer_is_on_record_before_the_answer(api: Api) -> None:
    ext_id = sent(api)
    reader = {"Authorization": f"Bearer {api.user(Role.READ, name='rita')}"}
    assert api.http.get(f"/api/v1/customers/{ext_id}", headers=reader).status_code == 200
    assert api.http.get(f"/api/v1/customers/{ext_id}/history", headers=reader).status_code == 200
    assert api.http.get("/api/v1/customers/nobody", headers=reader).status_code == 404
    [read] = entries(api, "customer.read")
    [history] = entries(api, "history.read")
    assert (read.actor, read.subject, read.details["version"]) == ("rita", ext_id, 1)
    assert (history.actor, history.subject, history.details["businessUnit"]) == ("rita", ext_id, "MAIN")


def test_a_read_that_can_not_be_put_on_record_gets_no_customer(api: Api) -> None:
    ext_id = sent(api)
    reader = {"Authorization": f"Bearer {api.user(Role.READ)}"}
    with api.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_head RENAME TO audit_gone"))
    answer = api.http.get(f"/api/v1/customers/{ext_id}", headers=reader)
    assert answer.status_code == 500
    assert "firstName" not in answer.text
    assert sent(api)  # whoever brings customers reads none


def test_wrong_credentials_are_on_record_without_what_they_were(api: Api) -> None:
    api.store.users.add_user(User("anna", Role.SUBMIT, (), hash_password("correct horse")))
    body = json.dumps({"customers": []}).encode()
    for name, password in (("anna", "wrong horse"), ("correct horse", "x")):
        answer = api.http.post(
            "/amlyze-ws-rest/batch-customers",
            content=body,
            auth=(name, password),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 401
    assert api.send(body, Authorization="Bearer mst_wrong-horse").status_code == 401
    told = entries(api, "sign-in.refused", 3)
    assert [(entry.subject, entry.details["scheme"]) for entry in told] == [
        ("anna", "Basic"),
        ("", "Basic"),
        ("", "Bearer"),
    ]
    assert {entry.details["address"] for entry in told} == {"127.0.0.1"}
    assert "horse" not in str(told)


def test_whoever_guesses_on_fills_no_log(api: Api) -> None:
    body = json.dumps({"customers": []}).encode()
    for _ in range(FREE_ATTEMPTS_PER_USER * 3):
        api.http.post("/amlyze-ws-rest/batch-customers", content=body, auth=("anna", "wrong horse"))
    assert (
        FREE_ATTEMPTS_PER_USER
        <= len(entries(api, "sign-in.refused", FREE_ATTEMPTS_PER_USER))
        <= FREE_ATTEMPTS_PER_USER + 2
    )


def test_many_readers_at_once_make_one_chain(api: Api) -> None:
    ext_id = sent(api)
    reader = {"Authorization": f"Bearer {api.user(Role.READ)}"}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: api.http.get(f"/api/v1/customers/{ext_id}", headers=reader), range(80)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(entries(api, "customer.read")) == 80
