import base64
import hashlib

import pytest

from muster.web.content_digest import ContentDigest
from muster.web.problems import Problem


def encode(algorithm: str, content: bytes) -> str:
    name = {"sha-256": "sha256", "sha-512": "sha512"}[algorithm]
    return f"{algorithm}=:{base64.b64encode(hashlib.new(name, content).digest()).decode()}:"


def verify(header: str | None, *pieces: bytes) -> None:
    digest = ContentDigest(header)
    for piece in pieces:
        digest.update(piece)
    digest.verify()


@pytest.mark.parametrize(
    "header",
    [
        None,
        encode("sha-256", b"abc"),
        encode("sha-512", b"abc"),
        f"{encode('sha-512', b'abc')}, {encode('sha-256', b'abc')}",
        f"md5=:AAAA:,{encode('sha-256', b'abc')}",  # deprecated, so it is ignored
    ],
)
def test_the_body_that_the_header_describes_is_taken(header: str | None) -> None:
    verify(header, b"a", b"bc")


@pytest.mark.parametrize(
    "header",
    [
        encode("sha-256", b"abd"),
        f"{encode('sha-512', b'abc')}, {encode('sha-256', b'abd')}",
        "sha-256=::",
        "sha-256=:AAAA:",
    ],
)
def test_another_body_is_refused(header: str) -> None:
    with pytest.raises(Problem, match="changed on the way"):
        verify(header, b"abc")


@pytest.mark.parametrize(
    "header", ["", "sha-256", "sha-256=abc", "sha-256=:a:", "sha-256=:AAAA", ":", "x" * 2_000, "ä"]
)
def test_a_header_that_can_not_be_read_is_refused(header: str) -> None:
    with pytest.raises(Problem, match="Content-Digest takes"):
        ContentDigest(header)
