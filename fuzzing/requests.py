"""Random requests as bytes, mostly valid, with faults in path, query, headers, content coding or framing."""

import gzip
import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import zstandard

from fuzzing.mutation import mutate
from fuzzing.seeds import build_customers, build_seeds
from fuzzing.unusual_requests import INVALID_HEADERS, METHODS, UNUSUAL_HEADERS, UNUSUAL_PATHS, UNUSUAL_QUERY_VALUES
from fuzzing.values import UNITS
from muster.classifiers.snapshot import CLASSIFIER_NAMES
from muster.web.openapi import document

_BEARER: Final = re.compile(rb"Bearer mst_\S+")
_MAX_SHOWN_BYTES: Final = 1_000
_MAX_BODY_BYTES: Final = 200_000
# So few identifiers that some customers are updated and read.
_ID_BITS: Final = 6
_DOCUMENT: Final[dict[str, Any]] = json.loads(document())
_UNDOCUMENTED: Final = ("/v2/api-docs", "/swagger-ui/", "/swagger-ui/index.html", "/nowhere", "/", "*", "//", "/%00")


@dataclass(frozen=True, slots=True)
class RawRequest:
    """The bytes of a request. Only a request that is valid HTTP must get a response."""

    content: bytes
    method: str
    is_valid: bool
    statuses: frozenset[int] | None = (
        None  # those that the OpenAPI document has; None when it does not have the request
    )

    @property
    def excerpt(self) -> str:
        """Its beginning, for reports; without the token."""
        return repr(_BEARER.sub(b"Bearer ...", self.content[:_MAX_SHOWN_BYTES]))


class RequestGenerator:
    """Generates random requests of the user with this token."""

    def __init__(self, token: str, random: Random) -> None:
        self._token = token
        self._random = random
        self._bodies = list(build_seeds())

    def generate(self) -> RawRequest:
        method, target, statuses = self._generate_target()
        body, coding = self._generate_body() if method in ("POST", "PUT", "PATCH") else (b"", [])
        headers = [b"Host: muster", b"Authorization: Bearer " + self._token.encode(), b"Content-Type: application/json"]
        headers, has_valid_headers = self._mutate_headers([*headers, *coding])
        framing, sent, has_valid_framing = self._frame(body)
        request_line = method.encode() + b" " + target.encode("latin-1") + b" HTTP/1.1"
        content = b"\r\n".join([request_line, *headers, *framing, b"", b""]) + sent
        is_valid = has_valid_headers and has_valid_framing and _is_valid_request_line(method, target)
        return RawRequest(content, method, is_valid, statuses)

    def _generate_target(self) -> tuple[str, str, frozenset[int] | None]:
        random = self._random
        template = random.choice((*_DOCUMENT["paths"], *_UNDOCUMENTED))
        operations = _DOCUMENT["paths"].get(template, {})
        method = next(iter(operations), "get").upper()
        statuses = frozenset(map(int, operations[method.lower()]["responses"])) if operations else None
        path = "/".join(
            self._generate_path_parameter(part) if part.startswith("{") else part for part in template.split("/")
        )
        if random.random() < 0.1:
            method = random.choice(METHODS)
            statuses = None
        if random.random() < 0.1:
            at = random.randint(1, len(path))
            path = path[:at] + random.choice(UNUSUAL_PATHS) + path[at:]
            statuses = None
        return method, path + self._generate_query(operations), statuses

    def _generate_path_parameter(self, part: str) -> str:
        """A value that may exist, or an unusual one."""
        random = self._random
        if random.random() < 0.3:
            return random.choice(UNUSUAL_PATHS)
        known = [
            str(customer[name]) for customer in build_customers() for name in ("customerExtId", "communicationNumber")
        ]
        fresh = [f"c-{random.getrandbits(_ID_BITS)}", str(uuid4())]
        return quote(random.choice(CLASSIFIER_NAMES if part == "{name}" else (*known, *fresh * 3)), safe="")

    def _generate_query(self, operations: dict[str, Any]) -> str:
        random = self._random
        if random.random() < 0.5:
            return ""
        names = [its["name"] for operation in operations.values() for its in operation.get("parameters", ())]
        usual = (
            "full",
            "all",
            "reject",
            "true",
            "90",
            "5",
            *UNITS,
            "2024-05-26T16:49:50Z",
            "9999-12-31T23:59:59-23:59",
            str(uuid4()),
        )
        pairs = [
            f"{random.choice((*names, 'unknown', ''))}={random.choice((*usual, *UNUSUAL_QUERY_VALUES))}"
            for _ in range(random.randint(1, 3))
        ]
        return "?" + quote("&".join(pairs), safe="%=&:+\xff", encoding="latin-1", errors="replace")

    def _generate_body(self) -> tuple[bytes, list[bytes]]:
        """A body and its Content-Encoding header, if any. The compressed body may be corrupt."""
        random = self._random
        body = self._generate_batch()
        coding = random.choice((b"", b"", b"", b"gzip", b"zstd"))
        if not coding:
            return body, []
        packed = gzip.compress(body, 1) if coding == b"gzip" else zstandard.compress(body)
        if random.random() < 0.3:
            at = random.randrange(len(packed))
            packed = random.choice((packed[:at], packed[:at] + b"\xff" + packed[at + 1 :], packed * 2, packed + b"x"))
        return packed, [b"Content-Encoding: " + coding]

    def _generate_batch(self) -> bytes:
        """A mutated seed, or a batch of new and existing customers."""
        random = self._random
        if random.random() < 0.5:
            return mutate(random.choice(self._bodies), _MAX_BODY_BYTES, random)
        customers = [
            {
                **random.choice(build_customers()),
                "communicationNumber": f"{random.getrandbits(64):x}",
                "customerExtId": f"c-{random.getrandbits(_ID_BITS)}",
                "action": random.choice(("CREATE", "UPDATE", None)),
                "businessUnit": random.choice((None, *UNITS)),
            }
            for _ in range(random.randint(0, 5))
        ]
        body = json.dumps({"customers": customers}).encode()
        return mutate(body, _MAX_BODY_BYTES, random) if random.random() < 0.3 else body

    def _mutate_headers(self, lines: list[bytes]) -> tuple[list[bytes], bool]:
        """The header lines with some changes, and whether the server must accept them as HTTP."""
        random = self._random
        is_valid = True
        while random.random() < 0.4:
            line = random.choice(UNUSUAL_HEADERS)
            if random.random() < 0.5:  # replaces the header of that name
                name = line.partition(b":")[0]
                lines = [other for other in lines if other.partition(b":")[0] != name]
            lines.insert(random.randint(0, len(lines)), line)
        if random.random() < 0.03:
            lines.insert(random.randint(0, len(lines)), random.choice(INVALID_HEADERS))
            is_valid = False
        return lines, is_valid and sum(line.startswith((b"Host", b"Upgrade", b"Expect")) for line in lines) == 1

    def _frame(self, body: bytes) -> tuple[list[bytes], bytes, bool]:
        """The framing headers, the body as it is sent, and whether the two match."""
        random = self._random
        chance = random.random()
        if chance < 0.75:
            return ([b"Content-Length: %d" % len(body)] if body or random.random() < 0.2 else []), body, True
        if chance < 0.9:
            cut = random.randint(0, len(body))
            pieces = [piece for piece in (body[:cut], body[cut:]) if piece]
            chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
            if random.random() < 0.7:
                return [b"Transfer-Encoding: chunked"], chunks, True
            wrong = random.choice(
                (chunks[:-5], b"zz\r\n" + chunks, b"-1\r\n" + chunks, b"ffffffffffffffffff\r\n" + chunks)
            )
            lines = [b"Transfer-Encoding: chunked", *([b"Content-Length: 5"] if random.random() < 0.3 else [])]
            return lines, wrong, False
        return [b"Content-Length: %d" % (len(body) + random.choice((-3, -1, 1, 100, 10**8)))], body, False


def _is_valid_request_line(method: str, path: str) -> bool:
    """Whether the request line is valid HTTP and every server knows the method."""
    return path.isascii() and " " not in path and path.startswith("/") and method.isupper() and method != "QUERY"
