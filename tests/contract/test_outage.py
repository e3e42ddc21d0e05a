"""The database is unavailable for a while: nothing is saved in part, and the service recovers by itself."""

import json
import time
from pathlib import Path

import psycopg

from tests.postgres_server import OwnPostgres
from tests.samples import individual
from tests.serving import Api, serving

FAILURE = ["errorCode", "errorDescription", "timeElapsedMs"]


def test_request_gets_the_documented_failure_while_the_database_is_unavailable(own_postgres: OwnPostgres) -> None:
    with serving(own_postgres.url) as api:
        saved, failed = individual(), individual()
        assert "errorCode" not in api.results([saved])[0]
        assert api.http.get("/health/ready").json() == {"status": "ready"}
        own_postgres.stop()
        response = api.send(json.dumps({"customers": [failed]}).encode())
        assert response.status_code == 500
        assert list(response.json()) == FAILURE
        assert (response.json()["errorCode"], response.json()["errorDescription"]) == ("500", "Processing failed")
        assert_not_ready(api)
        assert api.http.get("/health/live").status_code == 200
        own_postgres.start()
        assert wait_until_ready(api)
        assert [result.get("errorCode") for result in api.results([failed, saved])] == [None, "O005"]


def test_request_gets_the_documented_failure_while_the_server_is_frozen(own_postgres: OwnPostgres) -> None:
    with serving(own_postgres.url, statement_timeout=1, outcome_timeout=0.2) as api:
        customers = [individual(), individual()]
        assert "errorCode" not in api.results(customers[:1])[0]  # leaves a connection in the pool
        with own_postgres.frozen():
            response = api.send(json.dumps({"customers": customers[1:]}).encode())
        assert (response.status_code, list(response.json())) == (500, FAILURE)
        assert wait_until_ready(api)
        assert "errorCode" not in api.results(customers[1:])[0]


def assert_not_ready(api: Api) -> None:
    """A worker checks its database once a second at most."""
    for _ in range(50):
        response = api.http.get("/health/ready")
        if response.status_code == 503:
            break
        time.sleep(0.1)
    assert response.status_code == 503
    assert "retry-after" in response.headers
    assert list(response.json()) == ["timestamp", "status", "error", "path", "message"]


def wait_until_ready(api: Api) -> bool:
    for _ in range(50):
        if api.http.get("/health/ready").status_code == 200:
            return True
        time.sleep(0.1)
    return False


def test_metrics_answer_the_token_of_the_file_while_the_database_is_unavailable(
    own_postgres: OwnPostgres, tmp_path: Path
) -> None:
    token = "5eed" * 12
    file = tmp_path / "metrics.token"
    file.write_text(token)
    with serving(own_postgres.url, metrics_token_file=str(file)) as api:
        own_postgres.stop()
        response = api.http.get("/metrics", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 200
        assert "muster_requests_total" in response.text
        # A token of a user needs the database.
        assert api.http.get("/metrics", headers={"Authorization": f"Bearer {api.token}"}).status_code == 500
        own_postgres.start()
        assert wait_until_ready(api)
        assert api.http.get("/api/v1/batches", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        assert api.http.get("/metrics", headers={"Authorization": f"Bearer {token}0"}).status_code == 401
        assert token not in api.read_log()


def test_outage_is_one_line_of_the_log_that_names_the_cause(own_postgres: OwnPostgres) -> None:
    with serving(own_postgres.url) as api:
        own_postgres.stop()
        for _ in range(5):
            assert api.send(json.dumps({"customers": [individual()]}).encode()).status_code == 500
        events = [json.loads(line) for line in api.read_log().splitlines()]
    # Workers of loads notice it, too.
    errors = [event for event in events if event["event"] == "internal_error" and "component" not in event]
    # The first request may find its connection lost, the others find no server.
    assert len(errors) <= 2
    assert {"connection_failure", "sqlstate"} & errors[0].keys()
    # The event of the last request may follow its response.
    assert [event["status"] for event in events if event["event"] == "request"][:4] == [500] * 4


def test_read_only_database_is_not_ready(own_postgres: OwnPostgres) -> None:
    with serving(own_postgres.url) as api, psycopg.connect(own_postgres.url, autocommit=True) as connection:
        assert wait_until_ready(api)
        connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        connection.execute("SELECT pg_reload_conf()")
        assert_not_ready(api)
        assert api.http.get("/health/ready").json()["message"] == "the database is read-only"
        assert "readiness_lost" in api.read_log()
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
        connection.execute("SELECT pg_reload_conf()")
        assert wait_until_ready(api)
        assert '"event":"request"' not in api.read_log()  # probes are counted, not logged


def test_missing_table_fails_the_request_but_not_the_service(api: Api) -> None:
    customer = individual()
    api.sql("ALTER TABLE batches RENAME TO elsewhere")
    response = api.send(json.dumps({"customers": [customer]}).encode())
    assert (response.status_code, list(response.json())) == (500, FAILURE)
    api.sql("ALTER TABLE elsewhere RENAME TO batches")
    # If the failed request had saved anything, the number would be in use now.
    assert "errorCode" not in api.results([customer])[0]
