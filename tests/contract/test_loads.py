"""Loads over HTTP, on both databases: from the upload to the mended second load."""

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from muster.auth.users import Role
from tests.contract.loads import Loads, digest, make_csv, wait_for_deleted_parts
from tests.samples import individual
from tests.serving import Api
from tests.web.reading import series_in, value


@pytest.fixture(name="api")
def _api(shared_api: Api) -> Api:
    """The service of all tests here, without their customers and parts, with the token of a new user."""
    for table in ("communications", "customer_history", "customers", "load_parts"):
        shared_api.sql(f"DELETE FROM {table}")
    return replace(shared_api, token=shared_api.user())


@pytest.fixture(name="loads")
def _loads(api: Api) -> Loads:
    return Loads(api)


def test_a_file_in_one_request_is_loaded(api: Api, loads: Loads) -> None:
    content = make_csv(25)
    load = loads.upload(content, batch=10)
    assert (load["state"], load["rows"], load["accepted"], load["refused"]) == ("completed", 25, 25, 0), load
    assert (load["format"], load["size"], load["bytesRead"]) == ("csv", len(content), len(content))
    assert load["sha256"] == hashlib.sha256(content).hexdigest()
    assert api.sql("SELECT count(*) FROM customers")[0][0] == 25
    wait_for_deleted_parts(api)
    results = loads.request("GET", f"/{load['id']}/results")
    assert results.headers["Content-Type"] == "application/x-ndjson"
    numbers = [json.loads(line)["communicationNumber"] for line in results.text.splitlines()]
    assert numbers == [f"n-{number}" for number in range(25)]


def test_refused_rows_are_mended_and_loaded_again(api: Api, loads: Loads) -> None:
    load = loads.upload(make_csv(3, entityType="NEITHER"))
    assert (load["state"], load["accepted"], load["refused"]) == ("completed", 2, 1)
    (code,) = load["codes"]
    assert (code["count"], code["firstRow"]) == (1, 4)
    assert code["cell"]
    refused = loads.request("GET", f"/{load['id']}/refused")
    assert refused.headers["Content-Type"] == "text/csv"
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Content-Disposition"] == f'attachment; filename="refused-{load["id"]}.csv"'
    assert len(refused.content) == int(refused.headers["Content-Length"])
    assert b"n-2" in refused.content
    assert b"n-1" not in refused.content
    again = loads.upload(refused.content.replace(b"NEITHER", b"INDIVIDUAL"))
    assert (again["state"], again["accepted"], again["refused"]) == ("completed", 1, 0)
    assert api.sql("SELECT count(*) FROM customers")[0][0] == 3


def test_a_load_is_found_by_the_key_of_its_sender(api: Api, loads: Loads) -> None:
    content, key = make_csv(3), {"Idempotency-Key": '"feed-1"'}
    load = loads.request("POST", params={"start": "true", "name": "a.csv"}, content=content, headers=key).json()
    found = loads.request("GET", params={"idempotencyKey": "feed-1"}).json()
    assert ([other["id"] for other in found["loads"]], found["next"]) == ([load["id"]], None)
    for other, wanted in ((loads, "feed-2"), (Loads(api, api.user(Role.ADMIN)), "feed-1")):
        assert other.request("GET", params={"idempotencyKey": wanted}).json() == {"loads": [], "next": None}
    for wrong in ("", "a%20b", "a%22b", "%C3%A4", "k" * 256, "%ED%A0%80", "%FF", "%00"):
        assert loads.request("GET", f"?idempotencyKey={wrong}").status_code == 400
    loads.wait(load["id"])


def test_refused_rows_come_in_other_formats(loads: Loads) -> None:
    load = loads.upload(make_csv(2, entityType="NEITHER"))
    ndjson = loads.request("GET", f"/{load['id']}/refused?format=ndjson")
    assert ndjson.headers["Content-Type"] == "application/x-ndjson"
    assert json.loads(ndjson.text)["communicationNumber"] == "n-1"
    xlsx = loads.request("GET", f"/{load['id']}/refused?format=xlsx")
    assert xlsx.content.startswith(b"PK")
    for wrong in ("format=pdf", "forExcel=yes"):
        assert loads.request("GET", f"/{load['id']}/refused?{wrong}").status_code == 400
    assert loads.request("GET", f"/{load['id']}/refused?forExcel=true").content.startswith(b"\xef\xbb\xbf")
    assert loads.request("HEAD", f"/{load['id']}/refused").status_code == 200


def test_a_file_in_parts_is_loaded_and_its_parts_are_deleted(api: Api, loads: Loads) -> None:
    content = make_csv(50)
    created = loads.create(sha256=hashlib.sha256(content).hexdigest(), options={"batch": 20})
    third = len(content) // 3
    for number, start in ((3, 2 * third), (1, 0), (2, third), (2, third)):
        end = None if number == 3 else start + third
        assert loads.put(created["id"], number, content[start:end]).status_code == 204
    parts = loads.request("GET", f"/{created['id']}/parts").json()["parts"]
    assert [part["number"] for part in parts] == [1, 2, 3]
    assert parts[0]["sha256"] == hashlib.sha256(content[:third]).hexdigest()
    started = loads.request("POST", f"/{created['id']}/start")
    assert started.status_code == 202
    load = loads.wait(created["id"])
    assert (load["state"], load["accepted"], load["size"]) == ("completed", 50, len(content)), load
    assert loads.request("POST", f"/{created['id']}/start").json()["state"] == "completed"
    wait_for_deleted_parts(api)
    assert loads.request("GET", f"/{created['id']}/parts").json() == {"parts": []}
    batches = loads.http.get("/api/v1/batches", headers=loads.headers).json()["batches"]
    assert sorted(batch["accepted"] for batch in batches) == [10, 20, 20]
    wait_for_deleted_parts(api)


def test_a_dry_run_judges_the_whole_file_and_saves_nothing(api: Api, loads: Loads) -> None:
    content = make_csv(20) + make_csv(1, start=3).partition(b"\r\n")[2]  # row 5 again
    load = loads.upload(content, dryRun="true", batch=7)
    assert (load["state"], load["accepted"], load["refused"]) == ("completed", 20, 1), load
    assert (load["dryRun"], load["codes"][0]["firstRow"]) == (True, 22)
    assert b"n-3" in loads.request("GET", f"/{load['id']}/refused").content
    assert loads.request("GET", f"/{load['id']}/results").status_code == 404
    assert api.sql("SELECT count(*) FROM customers")[0][0] == 0


def test_options_are_those_of_the_request(loads: Loads) -> None:
    options = {
        "upsert": True,
        "unknown": "reject",
        "accept": "all",
        "batch": 5,
        "encoding": "cp1257",
        "mapping": {},
        "sheet": "S",
    }
    created = loads.create(options=options)
    assert created["options"] == {**options, "accept": 100, "dryRun": False}
    listed = loads.request("GET").json()["loads"][0]
    assert listed["options"] == {**options, "accept": 100, "dryRun": False, "mapping": None}


def test_nothing_is_loaded_unless_enough_rows_are_accepted(api: Api, loads: Loads) -> None:
    load = loads.upload(make_csv(4, entityType="NEITHER"), accept="all")
    assert load["state"] == "failed"
    assert "3 of 4" in load["problem"]
    assert api.sql("SELECT count(*) FROM customers")[0][0] == 0


def test_a_file_of_which_enough_rows_are_accepted_is_judged_and_then_loaded(api: Api, loads: Loads) -> None:
    before = count_accepted(api)
    load = loads.upload(make_csv(4, entityType="NEITHER"), accept="75")
    assert (load["state"], load["accepted"], load["refused"]) == ("completed", 3, 1), load
    assert api.sql("SELECT count(*) FROM customers")[0][0] == 3
    assert [after - count for after, count in zip(count_accepted(api), before, strict=True)] == [3, 3]


def count_accepted(api: Api) -> list[float]:
    """Of dry runs, and of loads."""
    found = series_in(api.http.get("/metrics", headers={"Authorization": f"Bearer {api.user(Role.WATCH)}"}).text)
    return [value(found, "muster_load_rows_total", mode=mode, result="accepted") for mode in ("dry_run", "load")]


def test_a_mapping_names_the_columns(loads: Loads) -> None:
    content = make_csv(2).replace(b"customerExtId", b"Kundennummer", 1)
    refused = loads.upload(content)
    assert refused["accepted"] == 0
    created = loads.create(options={"mapping": {"columns": {"Kundennummer": "customerExtId"}}})
    loads.put(created["id"], 1, content)
    loads.request("POST", f"/{created['id']}/start")
    load = loads.wait(created["id"])
    assert load["state"] == "failed"
    assert load["problem"]


@cache
def make_zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("xl/workbook.xml", b"<workbook>" + b" " * 130_000_000 + b"</workbook>")
    return buffer.getvalue()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "truncated gzip": lambda: gzip.compress(make_csv(1_000))[:-500],
    "zip bomb": make_zip_bomb,
    "HTML": lambda: b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "not UTF-8": lambda: make_csv(1).replace(b"Jose", "Jos\xe9".encode("latin-1")) + b"\xff\xfe\xe9",
    "PDF": lambda: b"%PDF-1.7\n" + b"x" * 1_000,
    "bytes": lambda: bytes(range(256)) * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_fails_with_a_clear_problem_while_others_are_served(name: str, shared_api: Api) -> None:
    loads = Loads(shared_api)
    load_id = loads.request("POST", params={"start": "true", "name": "customers.csv"}, content=HOSTILE[name]()).json()[
        "id"
    ]
    results = shared_api.results([individual()])
    assert results[0]["resultType"] == "REQUEST_ACCEPTED"
    load = loads.wait(load_id)
    assert load["state"] == "failed", load
    assert len(load["problem"]) > 10
    assert "internal" not in load["problem"]
    assert '"event":"internal_error"' not in shared_api.read_log()


def test_a_gzip_file_is_read_by_its_content(loads: Loads) -> None:
    load = loads.upload(gzip.compress(make_csv(10)), name="customers.csv.gz")
    assert (load["state"], load["accepted"], load["format"]) == ("completed", 10, "csv")


PROBLEMS: Sequence[tuple[int, str, str, dict[str, Any]]] = [
    (400, "POST", "", {"json": {"name": "a/b"}}),
    (400, "POST", "", {"json": {"name": "a", "unknown": 1}}),
    (400, "POST", "", {"json": {"name": "a", "options": {"batch": 0}}}),
    (400, "POST", "", {"json": {"name": "a", "options": {"encoding": "klingon"}}}),
    (400, "POST", "", {"json": {"name": "a", "options": {"mapping": {"a": "\0"}}}}),
    (400, "POST", "?dryRun=true", {"json": {"name": "a"}}),
    (400, "POST", "?start=true", {"content": b"a;b\n"}),
    (400, "POST", "?start=true&name=a&batch=10001", {"content": b"a;b\n"}),
    (400, "POST", "?start=true&name=a&accept=101", {"content": b"a;b\n"}),
    (400, "POST", "?start=true&name=a&unknown=maybe", {"content": b"a;b\n"}),
    (400, "POST", "?start=true&name=a&sheet=", {"content": b"a;b\n"}),
    (400, "POST", "?start=yes&name=a", {"content": b"a;b\n"}),
    (400, "POST", "?start=true&name=a", {"content": b""}),
    (400, "POST", "?start=true&name=a", {"content": b"a;b\n", "headers": {"Content-Digest": digest(b"other")}}),
    (400, "POST", "?start=true&name=a&nmae=b", {"content": b"a;b\n"}),
    (415, "POST", "", {"content": b"{}", "headers": {"Content-Type": "text/csv"}}),
    (415, "POST", "?start=true&name=a", {"content": b"a", "headers": {"Content-Encoding": "gzip"}}),
    (413, "POST", "", {"json": {"name": "a", "options": {"mapping": {"a": "x" * 300_000}}}}),
]


@pytest.mark.parametrize(("status", "method", "path", "given"), PROBLEMS)
def test_a_bad_request_is_refused_and_leaves_no_load(
    status: int, method: str, path: str, given: dict[str, Any], shared_api: Api
) -> None:
    loads = Loads(shared_api, shared_api.user())
    response = loads.request(method, path, **given)
    assert response.status_code == status, response.text
    assert list(response.json()) == ["timestamp", "status", "error", "path", "message"]
    listed = loads.request("GET").json()["loads"]
    assert {load["state"] for load in listed} <= {"cancelled"}


def test_a_part_is_checked(api: Api, loads: Loads) -> None:
    load_id = loads.create()["id"]
    wrong = loads.request("PUT", f"/{load_id}/parts/1", content=b"abc", headers={"Content-Digest": digest(b"abd")})
    assert wrong.status_code == 400
    unreadable = loads.request("PUT", f"/{load_id}/parts/1", content=b"a", headers={"Content-Digest": "sha-256=a"})
    assert unreadable.status_code == 400
    assert loads.request("PUT", f"/{load_id}/parts/0", content=b"a").status_code == 404
    assert loads.put(load_id, 100_001, b"a").status_code == 413
    assert loads.request("PUT", f"/{load_id}/parts/1", content=b"x" * (8 * 2**20 + 1)).status_code == 413
    assert loads.request("GET", f"/{load_id}/parts").json() == {"parts": []}
    assert loads.request("POST", f"/{load_id}/start").status_code == 409
    assert loads.put(load_id, 2, b"a").status_code == 204
    assert "part 1 is missing" in loads.request("POST", f"/{load_id}/start").json()["message"]
    assert loads.request("POST", f"/{load_id}/cancel").json()["state"] == "cancelled"
    assert loads.put(load_id, 1, b"a").status_code == 409


def test_an_upload_under_the_same_key_is_loaded_once(api: Api, loads: Loads) -> None:
    content, key = make_csv(3), {"Idempotency-Key": "file-1"}
    query = {"start": "true", "name": "a.csv"}
    first, second = (loads.request("POST", params=query, content=content, headers=key) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    loads.wait(first.json()["id"])
    assert len(loads.request("GET").json()["loads"]) == 1


def test_an_upload_that_broke_off_with_its_process_is_repeated_under_its_key(api: Api, loads: Loads) -> None:
    """The process died between the creation and the last part, so nobody discarded the load."""
    key = {"Idempotency-Key": "file-2"}
    broken_off = loads.request("POST", json={"name": "a.csv"}, headers=key).json()
    loads.put(broken_off["id"], 1, b"half of a file")
    query = {"start": "true", "name": "a.csv"}
    repeated = loads.request("POST", params=query, content=make_csv(3, start=700), headers=key)
    assert (repeated.status_code, repeated.json()["id"]) == (202, broken_off["id"])
    load = loads.wait(broken_off["id"])
    assert (load["state"], load["accepted"]) == ("completed", 3)


def test_a_file_that_is_not_the_announced_one_fails(loads: Loads) -> None:
    created = loads.create(sha256=hashlib.sha256(b"other").hexdigest())
    loads.put(created["id"], 1, make_csv(1))
    loads.request("POST", f"/{created['id']}/start")
    load = loads.wait(created["id"])
    assert (load["state"], load["rows"]) == ("failed", 0)
    assert "SHA-256" in load["problem"]
    assert load["sha256"] is None or load["sha256"] == hashlib.sha256(b"other").hexdigest()


def test_no_value_of_a_cell_leaves_the_database_but_in_refused_rows(api: Api, loads: Loads) -> None:
    canary = "canary-4711"
    header, first, *rest = make_csv(30).splitlines()
    fields = len(header.split(b";"))
    lines = [header, first, *rest]
    for column in range(2, fields):
        cells = lines[1 + column].split(b";")
        lines[1 + column] = b";".join([*cells[:column], canary.encode(), *cells[column + 1 :]])
    content = b"\n".join([*lines, b'"' + canary.encode(), b""])  # a quote that is not closed at the end
    for query in ({}, {"dryRun": "true"}, {"unknown": "reject"}):
        load = loads.upload(content, name=f"{canary}.csv", **query)
        assert load["refused"] > 0
        assert canary.encode() in loads.request("GET", f"/{load['id']}/refused").content
        assert canary not in json.dumps({**load, "name": ""})
    assert loads.upload(b"\0\1\2" * 100 + canary.encode())["state"] == "failed"
    metrics = api.http.get("/metrics", headers={"Authorization": f"Bearer {api.user(Role.WATCH)}"}).text
    audit = str(api.sql("SELECT * FROM audit_log"))
    assert all(canary not in text for text in (api.read_log(), metrics, audit))
