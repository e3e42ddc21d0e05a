"""Pages for requests of the console that end with an exception."""

from collections.abc import Sequence
from typing import Final

from muster.intake.customer_store import LostCommitError, OutcomeUnknownError, StoreBusyError, StoreUnavailableError
from muster.web.console.access import SignInRequiredError
from muster.web.console.rendering import Headers, HtmlResponse, redirect, render
from muster.web.console.sign_in import SIGN_IN_PATH
from muster.web.console.texts import TranslatableText, text
from muster.web.problems import RETRY_NOT_READY, Problem, get_phrase

CONSOLE_PREFIX: Final = "/console"
_UNAVAILABLE: Final = text(
    "The database does not answer, or is busy, and nothing was changed. Try again in a minute; if it stays, tell the "
    "operator, who finds the error in the log."
)
_BUSY: Final = text(
    "The database is busy with other changes, such as a purge, and this request has waited for them in vain. Nothing "
    "was changed."
)
_BUSY_REMEDY: Final = text(
    "Reload the page in a few seconds. If it stays busy, tell the operator, who finds the cause in the log."
)
_OUTCOME_UNKNOWN: Final = text(
    "The database's answer was lost: what you sent may have been done or not. Look whether it was before you repeat it."
)
_FAILED: Final = text(
    "Something failed inside the service, and nothing was changed. Try again; if it stays, the operator finds the "
    "error in the log."
)


def is_console_path(path: str) -> bool:
    return path == CONSOLE_PREFIX or path.startswith(f"{CONSOLE_PREFIX}/")


def build_error_page(error: Exception, problem: Problem | None) -> HtmlResponse:
    """The page for an exception. `problem` is None for an internal error. What must be logged is logged already."""
    if isinstance(error, SignInRequiredError):
        return redirect(SIGN_IN_PATH)
    if problem is None or isinstance(error, StoreBusyError):
        return _build_failure_page(error)
    headers = [header for header in problem.headers if header[0] != "WWW-Authenticate"]
    return _render(problem.status, headers, message=problem.message)


def _build_failure_page(error: Exception) -> HtmlResponse:
    """Only what is known not to have changed anything is said to have not."""
    match error:
        case OutcomeUnknownError() | LostCommitError():
            return _render(500, failure=[_OUTCOME_UNKNOWN])
        case StoreBusyError():
            return _render(503, RETRY_NOT_READY, failure=[_BUSY, _BUSY_REMEDY])
        case StoreUnavailableError():
            return _render(503, RETRY_NOT_READY, failure=[_UNAVAILABLE])
    return _render(500, failure=[_FAILED])


def _render(
    status: int, headers: Headers = (), *, message: str = "", failure: Sequence[TranslatableText] = ()
) -> HtmlResponse:
    return render(
        "error.html",
        status=status,
        headers=headers,
        user=None,
        phrase=get_phrase(status),
        code=status,
        message=message,
        failure=failure,
    )
