import gzip
import io
import random
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard

from muster.web.decompression import MAX_MEMBERS, decompress
from muster.web.problems import Problem

TEXT = b'{"customers": [' + b",".join(b'{"n": %d}' % n for n in range(40_000)) + b"]}"
NOISE = random.Random(1).randbytes(3_000_000)
MIB = 1024 * 1024

Compress = Callable[[bytes], bytes]


def zstd_stream(data: bytes) -> bytes:
    """A frame without its content size."""
    made = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(made, closefd=False) as writer:
        writer.write(data)
    return made.getvalue()


COMPRESS: list[tuple[str, Compress]] = [("gzip", gzip.compress), ("zstd", zstandard.compress), ("zstd", zstd_stream)]


@pytest.mark.parametrize(("coding", "compress"), COMPRESS)
@pytest.mark.parametrize("data", [b"", b"x", TEXT, NOISE])
def test_compressed_body_is_decompressed(coding: str, compress: Compress, data: bytes) -> None:
    assert decompress(compress(data), coding, len(data)) == data


@pytest.mark.parametrize(("coding", "compress"), COMPRESS)
def test_concatenated_members_are_decompressed(coding: str, compress: Compress) -> None:
    body = bytearray(compress(TEXT) + compress(b"") + compress(NOISE) + compress(b"end"))
    assert decompress(body, coding, 10 * MIB) == TEXT + NOISE + b"end"


@pytest.mark.parametrize(("coding", "compress"), COMPRESS)
@pytest.mark.parametrize("data", [b"x", TEXT])
def test_truncated_body_is_400(coding: str, compress: Compress, data: bytes) -> None:
    body = compress(data)
    for end in {0, 1, 3, 5, len(body) // 2, len(body) - 5, len(body) - 1}:
        with pytest.raises(Problem) as raised:
            decompress(body[:end], coding, MIB)
        assert raised.value.status == 400


@pytest.mark.parametrize(("coding", "compress"), COMPRESS)
@pytest.mark.parametrize("behind", [b"\0", b"garbage", b"{}" * 40_000])
def test_trailing_bytes_are_400(coding: str, compress: Compress, behind: bytes) -> None:
    with pytest.raises(Problem) as raised:
        decompress(compress(TEXT) + behind, coding, MIB)
    assert raised.value.status == 400


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("body", [b"{}", TEXT, zlib.compress(TEXT)])
def test_uncompressed_body_is_400(coding: str, body: bytes) -> None:
    with pytest.raises(Problem) as raised:
        decompress(body, coding, MIB)
    assert raised.value.status == 400


def test_wrong_checksum_is_400() -> None:
    for coding, body in [
        ("gzip", gzip.compress(TEXT)),
        ("zstd", zstandard.ZstdCompressor(write_checksum=True).compress(TEXT)),
    ]:
        damaged = bytearray(body)
        damaged[-5 if coding == "gzip" else -1] ^= 1
        with pytest.raises(Problem) as raised:
            decompress(damaged, coding, MIB)
        assert raised.value.status == 400


@pytest.mark.parametrize(("coding", "compress"), COMPRESS)
def test_limit_is_exact(coding: str, compress: Compress) -> None:
    assert len(decompress(compress(b"x" * 1000), coding, 1000)) == 1000
    with pytest.raises(Problem) as raised:
        decompress(compress(b"x" * 1001), coding, 1000)
    assert raised.value.status == 413


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_decompression_bomb_is_refused_before_it_takes_memory(coding: str) -> None:
    packer = zlib.compressobj(1, wbits=31) if coding == "gzip" else zstandard.ZstdCompressor().compressobj()
    bomb = b"".join(packer.compress(bytes(MIB)) for _ in range(256)) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(Problem) as raised:
            decompress(bomb, coding, MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert raised.value.status == 413
    assert peak < 24 * MIB


def test_zstd_window_over_8_mib_is_400() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = packer.compress(NOISE) + packer.flush()
    with pytest.raises(Problem) as raised:
        decompress(body, "zstd", 10 * MIB)
    assert raised.value.status == 400
    assert "8 MiB" in raised.value.message


@pytest.mark.parametrize(("coding", "empty"), [("gzip", gzip.compress(b"")), ("zstd", zstandard.compress(b""))])
def test_number_of_members_is_bounded(coding: str, empty: bytes) -> None:
    with pytest.raises(Problem) as raised:
        decompress(empty * (MAX_MEMBERS + 1), coding, MIB)
    assert raised.value.status == 400
    assert decompress(empty * MAX_MEMBERS, coding, MIB) == b""
