"""Path parameters that hold any text, slashes included.

The server decodes the path: a customer `a/b`, sent as `a%2Fb`, can't be told from two segments any more. So for these
routes the router gets the path as it was sent, with all slashes of the parameter encoded, and handlers decode it.
"""

from typing import Final
from urllib.parse import quote, unquote

COMMUNICATIONS: Final = "/api/v1/communications/"
CUSTOMERS: Final = "/api/v1/customers/"
HISTORY: Final = "/history"


def encode_parameter(path: str, raw_path: bytes | None) -> str:
    """The path for the router. `raw_path` is the path as sent, perhaps with the query; `path` is its decoded form.
    ASGI does not require servers to pass `raw_path`; without it, encoded slashes are lost.

    A slash that was not encoded belongs to the parameter too, except for that of a final `/history`.
    """
    if not path.startswith((COMMUNICATIONS, CUSTOMERS)):
        return path
    sent = raw_path.partition(b"?")[0].decode("latin-1") if raw_path else quote(path)
    if sent.startswith(COMMUNICATIONS):
        return COMMUNICATIONS + _encode(sent.removeprefix(COMMUNICATIONS))
    if sent.startswith(CUSTOMERS):
        parameter = sent.removeprefix(CUSTOMERS)
        end = HISTORY if parameter.endswith(HISTORY) and parameter != HISTORY else ""
        return CUSTOMERS + _encode(parameter.removesuffix(end)) + end
    return path


def decode_parameter(segment: str) -> str:
    """The text of a parameter that `encode_parameter` has encoded."""
    return unquote(segment)


def _encode(parameter: str) -> str:
    return quote(unquote(parameter), safe="")
