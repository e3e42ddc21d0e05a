"""The formats of files: opens a file by its content, and writes its refused rows in its own shape."""

from muster.loads.formats.opening import open_rows
from muster.loads.formats.refused_file import write_refused
from muster.loads.formats.stored_file import fingerprint, make_peekable
from muster.loads.formats.text_encoding import EncodingSample, UnknownEncodingError
from muster.loads.refused_rows import UnsupportedFormatError

__all__ = [
    "EncodingSample",
    "UnknownEncodingError",
    "UnsupportedFormatError",
    "fingerprint",
    "make_peekable",
    "open_rows",
    "write_refused",
]
