"""Requests as bytes, mostly right and somewhere wrong: paths, queries, heads, codings and lengths."""

import gzip
import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import zstandard

from fuzzing.mutation import mutated
from fuzzing.oddities import BROKEN_LINES, METHODS, ODD_LINES, ODD_PATHS, ODD_QUERIES
from fuzzing.seeds import customers, seeds
from fuzzing.values import UNITS
from muster.classifiers.snapshot import CLASSIFIER_NAMES as CLASSIFIERS
from muster.web.openapi import document

_BEARER: Final = re.compile(rb"Bearer mst_\S+")
_MOST_SHOWN: Final = 1_000
# So few customers that some are changed and asked for.
_FRESH_BITS: Final = 6
_DOCUMENT: Final[dict[str, Any]] = json.loads(document())
_UNDOCUMENTED: Final = ("/v2/api-docs", "/swagger-ui/", "/swagger-ui/index.html", "/nowhere", "/", "*", "//", "/%00")


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. Only one that is `complete` by the rules of HTTP must be answered."""

    content: bytes
    method: str
    complete: bool
    statuses: frozenset[int] | None = None  # those that the document knows; None where it says nothing

    @property
    def shown(self) -> str:
        """Its beginning, for whoever looks for what was wrong; without the token."""
        return repr(_BEARER.sub(b"Bearer ...", self.content[:_MOST_SHOWN]))


class Requests:
    """Makes requests by chance, of a user with this token."""

    def __init__(self, token: str, random: Random) -> None:
        self._token = token
        self._random = random
        self._bodies = list(seeds())

    def next(self) -> Request:
        """The next request."""
        method, path, statuses = self._target()
        body, coding = self._body() if method in ("POST", "PUT", "PATCH") else (b"", [])
        lines = [b"Host: muster", b"Authorization: Bearer " + self._token.encode(), b"Content-Type: application/json"]
        lines, complete = self._changed([*lines, *coding])
        framing, sent, whole = self._framed(body)
        head = [method.encode() + b" " + path.encode("latin-1") + b" HTTP/1.1", *lines, *framing, b"", b""]
        return Request(b"\r\n".join(head) + sent, method, complete and whole and _is_allowed(method, path), statuses)

    def _target(self) -> tuple[str, str, frozenset[int] | None]:
        random = self._random
        template = random.choice((*_DOCUMENT["paths"], *_UNDOCUMENTED))
        operations = _DOCUMENT["paths"].get(template, {})
        method = next(iter(operations), "get").upper()
        statuses = frozenset(map(int, operations[method.lower()]["responses"])) if operations else None
        path = "/".join(self._named(part) if part.startswith("{") else part for part in template.split("/"))
        if random.random() < 0.1:
            method = random.choice(METHODS)
            statuses = None
        if random.random() < 0.1:
            at = random.randint(1, len(path))
            path = path[:at] + random.choice(ODD_PATHS) + path[at:]
            statuses = None
        return method, path + self._query(operations), statuses

    def _named(self, part: str) -> str:
        """What a path names: something that may be there, or hardly can."""
        random = self._random
        if random.random() < 0.3:
            return random.choice(ODD_PATHS)
        known = [str(customer[name]) for customer in customers() for name in ("customerExtId", "communicationNumber")]
        fresh = [f"c-{random.getrandbits(_FRESH_BITS)}", str(uuid4())]
        return quote(random.choice(CLASSIFIERS if part == "{name}" else (*known, *fresh * 3)), safe="")

    def _query(self, operations: dict[str, Any]) -> str:
        random = self._random
        if random.random() < 0.5:
            return ""
        names = [its["name"] for operation in operations.values() for its in operation.get("parameters", ())]
        usual = ("full", "all", "90", "5", *UNITS, "2024-05-26T16:49:50Z", "9999-12-31T23:59:59-23:59", str(uuid4()))
        pairs = [
            f"{random.choice((*names, 'unknown', ''))}={random.choice((*usual, *ODD_QUERIES))}"
            for _ in range(random.randint(1, 3))
        ]
        return "?" + quote("&".join(pairs), safe="%=&:+\xff", encoding="latin-1", errors="replace")

    def _body(self) -> tuple[bytes, list[bytes]]:
        """A body, and the line that says how it is compressed; it may be broken, and the line may lie."""
        random = self._random
        body = self._fresh() if random.random() < 0.5 else mutated(random.choice(self._bodies), 200_000, random)
        coding = random.choice((b"", b"", b"", b"gzip", b"zstd"))
        if not coding:
            return body, []
        packed = gzip.compress(body, 1) if coding == b"gzip" else zstandard.compress(body)
        if random.random() < 0.3:
            at = random.randrange(len(packed))
            packed = random.choice((packed[:at], packed[:at] + b"\xff" + packed[at + 1 :], packed * 2, packed + b"x"))
        return packed, [b"Content-Encoding: " + coding]

    def _fresh(self) -> bytes:
        """Customers that nobody has sent before, or a change to some of them."""
        random = self._random
        some = [
            {
                **random.choice(customers()),
                "communicationNumber": f"{random.getrandbits(64):x}",
                "customerExtId": f"c-{random.getrandbits(_FRESH_BITS)}",
                "action": random.choice(("CREATE", "UPDATE", None)),
                "businessUnit": random.choice((None, *UNITS)),
            }
            for _ in range(random.randint(0, 5))
        ]
        body = json.dumps({"customers": some}).encode()
        return mutated(body, 200_000, random) if random.random() < 0.3 else body

    def _changed(self, lines: list[bytes]) -> tuple[list[bytes], bool]:
        """The lines of the head with some of them changed, and whether HTTP allows them."""
        random = self._random
        complete = True
        while random.random() < 0.4:
            line = random.choice(ODD_LINES)
            if random.random() < 0.5:  # instead of the one of that name, and not beside it
                name = line.partition(b":")[0]
                lines = [other for other in lines if other.partition(b":")[0] != name]
            lines.insert(random.randint(0, len(lines)), line)
        if random.random() < 0.03:
            lines.insert(random.randint(0, len(lines)), random.choice(BROKEN_LINES))
            complete = False
        return lines, complete and sum(line.startswith((b"Host", b"Upgrade", b"Expect")) for line in lines) == 1

    def _framed(self, body: bytes) -> tuple[list[bytes], bytes, bool]:
        """The lines that say where the body ends, the body as it is sent, and whether the two fit."""
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


def _is_allowed(method: str, path: str) -> bool:
    """Whether HTTP lets the first line through, and every server knows the method."""
    return path.isascii() and " " not in path and path.startswith("/") and method.isupper() and method != "QUERY"
