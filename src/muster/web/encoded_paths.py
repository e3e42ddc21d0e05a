"""Path parameters that hold any text, slashes included.

The server decodes the path: a customer `a/b`, sent as `a%2Fb`, can't be told from two segments any more. So for these
routes the router gets the path as it was sent, with all slashes of the parameter encoded, and handlers decode it.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, unquote

COMMUNICATIONS: Final = "/api/v1/communications/"
CUSTOMERS: Final = "/api/v1/customers/"
CONSOLE_CUSTOMERS: Final = "/console/customers/"
HISTORY: Final = "/history"
VERSIONS: Final = "/versions"
READERS: Final = "/readers"
DOCUMENT: Final = "/document.json"
# The beginning of a path that ends with such a parameter -> what may stand behind the parameter.
_SUFFIXES: Final[Mapping[str, Sequence[str]]] = {
    COMMUNICATIONS: (),
    CUSTOMERS: (HISTORY,),
    CONSOLE_CUSTOMERS: (VERSIONS, READERS, DOCUMENT),
}


def encode_parameter(path: str, raw_path: bytes | None) -> str:
    """The path for the router. `raw_path` is the path as sent, perhaps with the query; `path` is its decoded form.
    ASGI does not require servers to pass `raw_path`; without it, encoded slashes are lost.

    A slash that was not encoded belongs to the parameter too, except for that of a final suffix like `/history`.
    """
    if not path.startswith(tuple(_SUFFIXES)):
        return path
    sent = raw_path.partition(b"?")[0].decode("latin-1") if raw_path else quote(path)
    for prefix, suffixes in _SUFFIXES.items():
        if sent.startswith(prefix):
            parameter = sent.removeprefix(prefix)
            end = next((end for end in suffixes if parameter.endswith(end) and parameter != end), "")
            return prefix + _encode(parameter.removesuffix(end)) + end
    return path


def decode_parameter(segment: str) -> str:
    """The text of a parameter that `encode_parameter` has encoded."""
    return unquote(segment)


def _encode(parameter: str) -> str:
    return quote(unquote(parameter), safe="")
