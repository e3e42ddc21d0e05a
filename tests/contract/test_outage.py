"""The database goes away and comes back: nothing half saved, and the service recovers by itself."""

import json
import time

from tests.conftest import OwnPostgres
from tests.samples import individual
from tests.serving import Api, serving

FAILURE = ["errorCode", "errorDescription", "timeElapsedMs"]


def test_while_the_server_is_away_the_answer_is_the_failure_of_the_contract(own_postgres: OwnPostgres) -> None:
    with serving(own_postgres.url) as api:
        kept, lost = individual(), individual()
        assert "errorCode" not in api.results([kept])[0]
        assert api.http.get("/health/ready").json() == {"status": "ready"}
        own_postgres.stop()
        answer = api.send(json.dumps({"customers": [lost]}).encode())
        assert answer.status_code == 500
        assert list(answer.json()) == FAILURE
        assert (answer.json()["errorCode"], answer.json()["errorDescription"]) == ("500", "Processing failed")
        is_refusal_of_health(api)
        assert api.http.get("/health/live").status_code == 200
        own_postgres.start()
        assert wait_until_ready(api)
        assert [result.get("errorCode") for result in api.results([lost, kept])] == [None, "O005"]


def is_refusal_of_health(api: Api) -> None:
    answer = api.http.get("/health/ready")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert list(answer.json()) == ["timestamp", "status", "error", "path", "message"]


def wait_until_ready(api: Api) -> bool:
    for _ in range(50):
        if api.http.get("/health/ready").status_code == 200:
            return True
        time.sleep(0.1)
    return False


def test_a_table_that_is_gone_fails_the_request_and_not_the_service(api: Api) -> None:
    customer = individual()
    api.sql("ALTER TABLE batches RENAME TO elsewhere")
    answer = api.send(json.dumps({"customers": [customer]}).encode())
    assert (answer.status_code, list(answer.json())) == (500, FAILURE)
    api.sql("ALTER TABLE elsewhere RENAME TO batches")
    # Had the failed request kept anything, the number would be taken now.
    assert "errorCode" not in api.results([customer])[0]
