"""Files are read as streams: counted, hashed, decompressed in bounded memory."""

import gzip
import hashlib
import io
from collections.abc import Callable

import pytest
import zstandard

from muster.intake.checkpoint import START
from muster.loads.formats import fingerprint, make_peekable, open_rows
from muster.loads.formats.content import Content
from muster.loads.formats.decompression import read_blocks
from muster.loads.formats.stored_file import BLOCK_BYTES, FINGERPRINT_BYTES, StoredFile
from muster.loads.rows import InvalidFileError
from tests.loads.formats.reading import Pipe, get_values, open_bytes, read

MIB = 1024 * 1024
TEXT = b"id,name\n1,a\n2,b\n"
COMPRESSED = {
    "gzip": gzip.compress(TEXT),
    "gzip of several members": b"".join(gzip.compress(TEXT[at : at + 5]) for at in range(0, len(TEXT), 5)),
    "gzip padded with zeros": gzip.compress(TEXT) + bytes(512),
    "zstd": zstandard.compress(TEXT),
    "zstd of several frames": b"".join(zstandard.compress(TEXT[at : at + 5]) for at in range(0, len(TEXT), 5)),
    "zstd after a frame that is skipped": b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + zstandard.compress(TEXT),
}


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_large_members_are_read_as_one_content(compress: Callable[[bytes], bytes]) -> None:
    parts = [b"".join(b"%07d" % number for number in range(start, start + 80_000)) for start in (0, 80_000)]
    assert decompress(b"".join(map(compress, parts))) == b"".join(parts)


def decompress(content: bytes) -> bytes:
    return b"".join(read_blocks(StoredFile(io.BytesIO(content))))


@pytest.mark.parametrize("kind", COMPRESSED)
def test_compressed_text_is_read_as_the_text(kind: str) -> None:
    source = open_bytes(COMPRESSED[kind])
    assert get_values(source.rows(START)) == [["1", "a"], ["2", "b"]]
    assert source.bytes_read == source.size == len(COMPRESSED[kind])
    assert source.sha256() == hashlib.sha256(COMPRESSED[kind]).digest()


@pytest.mark.parametrize("kind", COMPRESSED)
def test_a_pipe_is_read_as_a_file(kind: str) -> None:
    pipe = io.BufferedReader(Pipe(COMPRESSED[kind]), 8)
    source = open_rows(pipe, name="-", size=None)
    assert get_values(source.rows(START)) == [["1", "a"], ["2", "b"]]
    assert source.sha256() == hashlib.sha256(COMPRESSED[kind]).digest()
    assert source.size is None


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_compressed_data_that_breaks_off_is_told_with_its_byte(kind: str) -> None:
    for size in range(4, len(COMPRESSED[kind]) - 1):
        with pytest.raises(InvalidFileError, match=rf"the {kind} file breaks off \(byte {size}\)"):
            decompress(COMPRESSED[kind][:size])


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
@pytest.mark.parametrize("tail", [b"x", b"\0x", b"garbage after the end"])
def test_something_after_the_end_is_told(kind: str, tail: bytes) -> None:
    with pytest.raises(InvalidFileError, match=r"is corrupt between byte|breaks off"):
        decompress(COMPRESSED[kind] + tail)


def test_corrupt_data_is_told_with_its_byte() -> None:
    broken = bytearray(gzip.compress(TEXT * 100))
    broken[-8] ^= 1  # of the checksum
    with pytest.raises(InvalidFileError, match=r"the gzip file is corrupt between byte \d+ and byte \d+"):
        decompress(bytes(broken))


def test_a_zstd_window_of_more_than_8_mib_is_told() -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(InvalidFileError, match="compress it without --long"):
        decompress(compressor.compress(TEXT) + compressor.flush())


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_an_absurd_ratio_ends_the_file_in_little_memory(compress: Callable[[bytes], bytes]) -> None:
    bomb = compress(bytes(16 * MIB))
    assert len(bomb) * 1_000 < 16 * MIB
    assert sum(map(len, read_blocks(StoredFile(io.BytesIO(bomb))))) == 16 * MIB
    blocks: list[bytes] = []
    with pytest.raises(InvalidFileError, match="decompresses to more than 1000 times its size"):
        blocks.extend(read_blocks(StoredFile(io.BytesIO(bomb)), min_bomb_bytes=MIB))
    assert max(map(len, blocks), default=0) <= 9 * MIB


def test_fingerprint_is_of_the_beginning_and_the_size() -> None:
    content = bytes(range(256)) * 1_000
    file = io.BytesIO(content)
    same = fingerprint(file, len(content))
    assert file.tell() == 0
    assert fingerprint(io.BytesIO(content[:FINGERPRINT_BYTES] + b"other"), len(content)) == same
    assert fingerprint(io.BytesIO(content), len(content) + 1) != same
    assert fingerprint(io.BytesIO(content), None) != same
    assert fingerprint(io.BytesIO(b"x" + content[1:]), len(content)) != same


def test_a_pipe_is_whole_after_its_fingerprint() -> None:
    text = TEXT + b"3,c\n" * 30_000
    pipe = make_peekable(io.BufferedReader(Pipe(text, 10_000)))
    assert fingerprint(pipe, None) == fingerprint(io.BytesIO(text), None)
    source = open_rows(pipe, name="-", size=None)
    assert len(list(source.rows(START))) == 30_002
    assert source.sha256() == hashlib.sha256(text).digest()


def test_a_position_that_was_left_behind_is_an_error() -> None:
    content = Content(iter([b"abc", b"def"]))
    content.read()
    content.read()
    content.digest_at(4)
    with pytest.raises(ValueError, match="too far back"):
        content.digest_at(2)


def test_closing_the_source_closes_the_file() -> None:
    file = io.BytesIO(TEXT)
    open_rows(file, name="x", size=None).close()
    assert file.closed


def test_blocks_are_bounded() -> None:
    content = gzip.compress(bytes(range(256)) * 20_000)
    assert max(map(len, read_blocks(StoredFile(io.BytesIO(content))))) <= 2 * BLOCK_BYTES
    assert read(TEXT)


@pytest.mark.parametrize(("offset", "is_kept"), [(5, False), (6, True), (8, True), (9, True)])
def test_little_of_the_content_is_kept(offset: int, is_kept: bool) -> None:
    content = Content(iter([b"abc", b"def", b"ghi"]), max_kept_bytes=4)
    while content.read():
        pass
    if is_kept:
        assert content.digest_at(offset) == hashlib.sha256(b"abcdefghi"[:offset]).digest()
    else:
        with pytest.raises(ValueError, match="too far back"):
            content.digest_at(offset)
