"""The refused rows of a load: what is kept of them, and given back to the sender."""

from collections.abc import Iterable
from typing import Final

import msgspec
import zstandard


class RefusedRow(msgspec.Struct, array_like=True, gc=False):
    """A refused row.

    `raw` and `cells` are the row as it stood (see `Row`): the text of text formats, the cells of the others. `codes`
    and `errors` go together; an error says in words the cell, its header, what is wrong and what is expected. When
    several rows make a customer, all of them are refused, with the same errors.
    """

    number: int
    raw: str
    cells: tuple[str | None, ...] | None
    codes: tuple[str, ...]
    errors: tuple[str, ...]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[RefusedRow]).decode


def pack_refused_rows(rows: Iterable[RefusedRow]) -> bytes:
    """The rows of one chunk, compressed, as a checkpoint keeps them."""
    return zstandard.compress(_encode(list(rows)))


def unpack_refused_rows(content: bytes) -> list[RefusedRow]:
    """The inverse of `pack_refused_rows`."""
    return _decode(zstandard.decompress(content))
