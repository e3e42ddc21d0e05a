"""Messages of problems."""

import pytest

from muster.auth.login_throttle import TooManyAttemptsError
from muster.web.problems import to_problem


@pytest.mark.parametrize(("seconds", "expected"), [(1, "in 1 second"), (2, "in 2 seconds"), (300, "in 300 seconds")])
def test_throttled_response_says_how_long_to_wait(seconds: int, expected: str) -> None:
    problem = to_problem(TooManyAttemptsError(seconds))
    assert problem is not None
    assert (problem.status, list(problem.headers)) == (429, [("Retry-After", str(seconds))])
    assert problem.message.endswith(f"; try again {expected}")
