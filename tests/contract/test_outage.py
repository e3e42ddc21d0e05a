"""The database is unavailable for a while: nothing is saved in part, and the service recovers by itself."""

import json
import time

from tests.conftest import OwnPostgres
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
    response = api.http.get("/health/ready")
    assert response.status_code == 503
    assert "retry-after" in response.headers
    assert list(response.json()) == ["timestamp", "status", "error", "path", "message"]


def wait_until_ready(api: Api) -> bool:
    for _ in range(50):
        if api.http.get("/health/ready").status_code == 200:
            return True
        time.sleep(0.1)
    return False


def test_missing_table_fails_the_request_but_not_the_service(api: Api) -> None:
    customer = individual()
    api.sql("ALTER TABLE batches RENAME TO elsewhere")
    response = api.send(json.dumps({"customers": [customer]}).encode())
    assert (response.status_code, list(response.json())) == (500, FAILURE)
    api.sql("ALTER TABLE elsewhere RENAME TO batches")
    # If the failed request had saved anything, the number would be in use now.
    assert "errorCode" not in api.results([customer])[0]
