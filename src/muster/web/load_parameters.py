"""Parameters and bodies of requests that send loads: types, documentation, and messages for bad values."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final

import msgspec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, PathParameter, QueryParameter

from muster.web.batch_headers import WRONG_KEY, WRONG_TYPE, is_json, parse_idempotency_key
from muster.web.load_bodies import NewLoadBody
from muster.web.parameters import EXAMPLE_ID, bad_parameter, parse_uuid
from muster.web.problems import Problem, or_404

# A mapping of 200 columns, with its value maps, has some 30 KB.
MAX_NEW_LOAD_BYTES: Final = 256 * 1024
# A load may have a mapping of that size, and a page is held whole.
MAX_LOADS_PAGE: Final = 100
NO_LOAD: Final = "there is no load with this id, or none that this user may see"
_WRONG_CODING: Final = (
    "the header Content-Encoding is not taken here; send a compressed file as it is, its content shows how to read it"
)
_PATH: Final = re.compile(r" - at `(\$[^`]*)`")
_NUL: Final = b"\\u0000"

LoadId = Annotated[
    str,
    PathParameter(name="loadId", format="uuid", examples=[Example(value=EXAMPLE_ID)]),
]
PartNumber = Annotated[
    str,
    PathParameter(
        name="number", schema_extra={"type": "integer", "format": "int64", "minimum": 1}, examples=[Example(value=1)]
    ),
]
LoadLimit = Annotated[
    int, QueryParameter(name="limit", ge=1, le=MAX_LOADS_PAGE, description="The maximum number of items on the page.")
]
ContentDigestHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Content-Digest",
        description="The digest of the body (RFC 9530), such as `sha-256=:BASE64:`; checked when it is there.",
    ),
]
IdempotencyKeyHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="The client chooses it for one load. Sent again with the same key, the request gives the load that "
        "was created first, also after its end, unless it was cancelled.",
    ),
]

KeyFilter = Annotated[
    str | None,
    QueryParameter(
        name="idempotencyKey",
        description="Gives the one load that this user created under this key, also after its end, unless it was "
        "cancelled.",
    ),
]
Start = Annotated[
    str | None,
    QueryParameter(
        name="start",
        description="`true`: the body is the file, and the load starts when it has come.",
        schema_extra={"type": "boolean"},
    ),
]
RefusedFormat = Annotated[
    str | None,
    QueryParameter(
        name="format",
        description="The format of the file. The default is that of the file that was loaded.",
        schema_extra={"type": "string", "enum": ["csv", "xlsx", "ndjson"]},
    ),
]
ForExcel = Annotated[
    str | None,
    QueryParameter(
        name="forExcel",
        description="`true`: as CSV of which Excel changes and runs no cell.",
        schema_extra={"type": "boolean"},
    ),
]


def parse_load_id(text: str) -> Any:
    """Raises `Problem`, a 404."""
    return or_404(parse_uuid(text), NO_LOAD)


def parse_part_number(text: str) -> int:
    """Raises `Problem`, a 404."""
    if not re.fullmatch("[1-9][0-9]{0,8}", text, re.ASCII):
        raise Problem(404, "the number of a part is a whole number from 1")
    return int(text)


def parse_flag(name: str, text: str | None) -> bool:
    """Raises `Problem`, a 400."""
    if text not in (None, "true", "false"):
        raise bad_parameter(name)
    return text == "true"


def parse_format(text: str | None) -> str | None:
    """Raises `Problem`, a 400."""
    if text not in (None, "csv", "xlsx", "ndjson"):
        raise bad_parameter("format")
    return text


def parse_key(header: str | None) -> str | None:
    """The idempotency key. Raises `Problem`, a 400."""
    if header is None:
        return None
    key = parse_idempotency_key([header.encode("latin-1", "replace")])
    if not key:
        raise Problem(400, WRONG_KEY)
    return key


def parse_key_filter(key: str | None) -> str | None:
    """The idempotency key to look for. Raises `Problem`, a 400."""
    if key is None:
        return None
    if not key or parse_idempotency_key([f'"{key}"'.encode("utf-8", "replace")]) != key:
        raise bad_parameter("idempotencyKey")
    return key


def parse_new_load(body: bytes | bytearray) -> NewLoadBody:
    """Raises `Problem`, a 400 that names the place, but no value."""
    try:
        new = msgspec.json.decode(body, type=NewLoadBody)
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        raise Problem(
            400, f"the body is not valid at {found[1] if found else '$'}; /v2/api-docs says what it takes"
        ) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Problem(400, "the body is not JSON in UTF-8") from None
    if _NUL in msgspec.json.encode(new):
        raise Problem(400, "the body has a NUL character, which no name and no column has")
    return new


def check_json(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raises `Problem`, a 415, unless the body is plain JSON."""
    headers = list(headers)
    if not is_json([value for name, value in headers if name == b"content-type"]):
        raise Problem(415, WRONG_TYPE)
    check_no_coding(headers)


def check_no_coding(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Raises `Problem`, a 415, for a content coding."""
    if any(value.strip().lower() not in (b"", b"identity") for name, value in headers if name == b"content-encoding"):
        raise Problem(415, _WRONG_CODING, [("Accept-Encoding", "identity")])


def get_content_length(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """In bytes; None without the header, as with chunks."""
    values = [value for name, value in headers if name == b"content-length"]
    return int(values[0]) if len(values) == 1 and values[0].isdigit() and len(values[0]) < 20 else None
