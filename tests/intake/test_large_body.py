"""Large responses are held in compressed pieces, and read as they were written."""

import os

from muster.intake.large_body import PIECE_BYTES, LargeBody


def test_pieces_of_a_large_body_are_bounded_and_together_what_was_appended() -> None:
    texts = [b"", b"a" * 10, os.urandom(PIECE_BYTES + 1), b"b" * (PIECE_BYTES - 5), b"cd" * 10]
    body = LargeBody()
    for text in texts:
        body.append(memoryview(text))
    assert len(body) == sum(map(len, texts))
    for _ in range(2):
        pieces = list(body)
        assert b"".join(pieces) == bytes(body) == b"".join(texts)
    assert max(map(len, pieces)) <= 2 * PIECE_BYTES


def test_empty_large_body_has_no_pieces() -> None:
    assert (list(LargeBody()), bytes(LargeBody()), len(LargeBody())) == ([], b"", 0)
