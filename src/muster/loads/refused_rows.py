"""The refused rows of a load: what is kept of them, and given back to the sender."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import zstandard

# What a file of refused rows has beside the original: columns, or members. They are ignored when it is loaded.
ROW_COLUMN: Final = "muster_row"
CODES_COLUMN: Final = "muster_codes"
ERRORS_COLUMN: Final = "muster_errors"
REFUSED_COLUMNS: Final = (ROW_COLUMN, CODES_COLUMN, ERRORS_COLUMN)
# A cell of XLSX holds 32,767 UTF-16 code units.
_MAX_ERRORS_LENGTH: Final = 16_000


class UnsupportedFormatError(ValueError):
    """The refused rows can't be written in the format that was asked for. The text has no value of a cell."""


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

    def to_columns(self) -> tuple[str, str, str]:
        """The texts of `REFUSED_COLUMNS`. Each is a single line, and the errors begin with a letter."""
        errors = " | ".join(" ".join(error.split()) for error in self.errors)
        if not errors[:1].isalpha():
            errors = f"Error: {errors}"
        if len(errors) > _MAX_ERRORS_LENGTH:
            errors = f"{errors[:_MAX_ERRORS_LENGTH]}… (there are {len(self.errors)} errors)"
        return str(self.number), " ".join(self.codes), errors


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[RefusedRow]).decode


def pack_refused_rows(rows: Iterable[RefusedRow]) -> bytes:
    """The rows of one chunk, compressed, as a checkpoint keeps them."""
    return zstandard.compress(_encode(list(rows)))


def unpack_refused_rows(content: bytes) -> list[RefusedRow]:
    """The inverse of `pack_refused_rows`."""
    return _decode(zstandard.decompress(content))


def find_refused_columns(header: Sequence[str]) -> frozenset[int]:
    """The indexes of `REFUSED_COLUMNS` in a header. The sender of the file may have removed some."""
    return frozenset(index for index, name in enumerate(header) if name in REFUSED_COLUMNS)
