"""The header `Content-Digest` of a request (RFC 9530): what the client says that the body's digest is."""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Any, Final

from muster.web.problems import Problem

# A dictionary of RFC 8941 whose values are byte sequences.
_MEMBER: Final = re.compile(r"\s*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\s*")
_ALGORITHMS: Final = {"sha-256": "sha256", "sha-512": "sha512"}  # the others of RFC 9530 are deprecated
_MAX_LENGTH: Final = 1_000
_INVALID: Final = "the header Content-Digest takes sha-256=:BASE64: or sha-512=:BASE64:, with the digest of the body"
_DIFFERS: Final = "the body is not the one that Content-Digest describes; it changed on the way, send it again"


class ContentDigest:
    """The digests of a body that comes in pieces. Other algorithms than SHA-256 and SHA-512 are ignored."""

    def __init__(self, header: str | None) -> None:
        """Raises `Problem`, a 400, for a header that can't be parsed."""
        self._expected = _parse(header)
        self._hashes: dict[str, Any] = {name: hashlib.new(_ALGORITHMS[name]) for name in self._expected}

    def update(self, content: bytes | bytearray) -> None:
        for digest in self._hashes.values():
            digest.update(content)

    def verify(self) -> None:
        """Raises `Problem`, a 400, when the body was another one."""
        for name, digest in self._hashes.items():
            if not hmac.compare_digest(digest.digest(), self._expected[name]):
                raise Problem(400, _DIFFERS)


def _parse(header: str | None) -> dict[str, bytes]:
    if header is None:
        return {}
    if len(header) > _MAX_LENGTH:
        raise Problem(400, _INVALID)
    found = {}
    for member in header.split(","):
        match = _MEMBER.fullmatch(member)
        if match is None:
            raise Problem(400, _INVALID)
        if match[1] in _ALGORITHMS:
            try:
                found[match[1]] = base64.b64decode(match[2], validate=True)
            except binascii.Error:
                raise Problem(400, _INVALID) from None
    return found
