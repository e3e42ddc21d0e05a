"""The encoding of a text file: UTF-8, what its byte order mark says, or what the sender names. Never a guess.

A guess that is wrong corrupts names without a trace: Lithuanian text in cp1257 is valid in cp1250, too, and detectors
take it for that. So a file that is not UTF-8 is refused, with its first lines as they read under the likely encodings.
"""

import codecs
import re
from collections.abc import Iterable
from itertools import islice, pairwise
from typing import Final, NamedTuple

from muster.loads.rows import InvalidFileError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDE_ENCODINGS: Final = frozenset({"utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
# For names of domains, in time proportional to the square of a line, and for source code. No text file has them.
_NO_ENCODINGS: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "unicode-escape"})
# What exports of banks come in. The order is that of samples that look equally good.
LIKELY_ENCODINGS: Final = (
    "cp1252",
    "cp1257",
    "cp1250",
    "cp1251",
    "cp1254",
    "cp1253",
    "iso-8859-15",
    "iso-8859-13",
    "iso-8859-2",
    "iso-8859-5",
    "cp775",
    "cp850",
    "cp852",
    "cp866",
    "koi8-r",
)
# The letters beyond ASCII of the languages that these encodings are for.
_ALPHABETS: Final = tuple(
    frozenset(letters)
    for letters in (
        "ąčęėįšųūž",  # Lithuanian
        "āčēģīķļņōŗšūž",  # Latvian
        "äöõüšž",  # Estonian, Finnish
        "ąćęłńóśźż",  # Polish
        "áäčďéěíĺľňóôŕřšťúůýž",  # Czech, Slovak
        "áéíóöőúüű",  # Hungarian
        "čćđšž",  # Croatian, Slovene
        "ăâîșțşţ",  # Romanian
        "äöüß",  # German
        "àâæçéèêëîïôœùûüÿ",  # French
        "áéíóúüñ",  # Spanish
        "àáâãçéêíóôõú",  # Portuguese
        "àèéìíòóùú",  # Italian
        "åäöæøé",  # Swedish, Danish, Norwegian
        "áðéíóúýþæö",  # Icelandic
        "çğıöşü",  # Turkish
        "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",  # Greek
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўђјљњћџѓќѕ",  # Cyrillic
    )
)
# How the problem of a load begins whose file ended with `UnknownEncodingError`.
NOT_UTF8: Final = "the file is not UTF-8"
_MAX_SAMPLES: Final = 6
_MAX_SAMPLE_LINES: Final = 3
_MAX_SAMPLE_CHARACTERS: Final = 120
_MAX_JUDGED_BYTES: Final = 2000
_search_other: Final = re.compile(rb"[\x80-\xff]").search
_ASCII: Final = bytes(range(128))


class TextEncoding(NamedTuple):
    """The encoding of a file. `bom` is its byte order mark, and `is_named` says that the sender has named it."""

    codec: str
    bom: bytes = b""
    is_named: bool = False

    @property
    def is_wide(self) -> bool:
        return self.codec in WIDE_ENCODINGS

    @property
    def of_blocks(self) -> str:
        """The encoding of what lines are made of: UTF-16 and UTF-32 are converted first."""
        return "utf-8" if self.is_wide else self.codec


class EncodingSample(NamedTuple):
    """The first lines that differ, as they read under an encoding. `same` are encodings that give the same text."""

    encoding: str
    lines: tuple[str, ...]
    same: tuple[str, ...] = ()


class UnknownEncodingError(InvalidFileError):
    """The file is not UTF-8, and no encoding was named.

    `samples` are its first lines that differ, the likeliest encoding first. They have values of the file: they are for
    the terminal of the file's owner, never for a log or a response.
    """

    def __init__(self, offset: int, lines: Iterable[bytes]) -> None:
        super().__init__(f"{NOT_UTF8} (byte {offset}): name its encoding, such as cp1257")
        self.samples = make_samples(lines)


def find_encoding(beginning: bytes, named: str | None) -> TextEncoding:
    """The encoding of a file that begins like this; raises `InvalidFileError` for a name that can't be right."""
    codec = _normalize(named) if named else None
    for bom, marked in _BYTE_ORDER_MARKS:
        if beginning.startswith(bom):
            if codec not in (None, marked, *(wide[:6] for wide in WIDE_ENCODINGS if wide == marked)):
                raise InvalidFileError(f"the file begins with the byte order mark of {marked}, and is not {named}")
            return TextEncoding(marked, bom, codec is not None)
    if codec is None:
        return TextEncoding("utf-8")
    if codec in ("utf-16", "utf-32"):
        raise InvalidFileError(f"the file has no byte order mark: name {codec}-le or {codec}-be")
    return TextEncoding(codec, is_named=True)


def _normalize(name: str) -> str:
    try:
        codec = codecs.lookup(name).name
        if codec == "utf-8-sig":
            codec = "utf-8"
        if codec.replace("_", "-") in _NO_ENCODINGS:
            raise LookupError
        if codec not in WIDE_ENCODINGS | {"utf-16", "utf-32"} and _ASCII.decode(codec) != _ASCII.decode("ascii"):
            raise LookupError
    except (LookupError, UnicodeError, ValueError):
        raise InvalidFileError(f"{name[:40]!r} is not an encoding of text files; name one such as cp1257") from None
    return codec


def make_samples(lines: Iterable[bytes]) -> tuple[EncodingSample, ...]:
    """The first lines that are not ASCII, under each likely encoding that can read them."""
    others = islice((line for line in lines if not line.isascii()), _MAX_SAMPLE_LINES)
    differing = [_cut(line.rstrip(b"\r\n")) for line in others]
    encodings: dict[tuple[str, ...], list[str]] = {}
    for encoding in LIKELY_ENCODINGS if differing else ():
        try:
            texts = tuple(line.decode(encoding) for line in differing)
        except UnicodeDecodeError:
            continue
        encodings.setdefault(texts, []).append(encoding)
    ordered = sorted(encodings, key=_count_oddities)
    return tuple(
        EncodingSample(encodings[texts][0], tuple(map(_shorten, texts)), tuple(encodings[texts][1:]))
        for texts in ordered[:_MAX_SAMPLES]
    )


def _cut(line: bytes) -> bytes:
    """The part of a line that is judged and shown: a row may have 1 MiB, and judging one takes 5 µs a letter."""
    found = _search_other(line)
    start = max(0, found.start() - _MAX_SAMPLE_CHARACTERS) if found else 0
    return line[start : start + _MAX_JUDGED_BYTES]


def _count_oddities(texts: tuple[str, ...]) -> int:
    """How many letters beyond ASCII the likeliest language does not have; then signs, and words of two scripts or with
    capitals within."""
    text = "\n".join(texts)
    others = [letter for letter in text if not letter.isascii()]
    foreign = min(sum(letter.lower() not in alphabet for letter in others) for alphabet in _ALPHABETS)
    signs = sum(not letter.isalpha() for letter in others)
    capitals = sum(letter.isupper() and before.islower() for before, letter in pairwise(text))
    mixed = sum(a.isalpha() and b.isalpha() and (a >= "\u0370") != (b >= "\u0370") for a, b in pairwise(text))
    return 2 * foreign + signs + capitals + mixed


def _shorten(text: str) -> str:
    """A part of the text that fits a line of a terminal, and shows its first letter beyond ASCII. No control codes."""
    first = next((index for index, letter in enumerate(text) if not letter.isascii()), 0)
    start = max(0, first - _MAX_SAMPLE_CHARACTERS // 2)
    part = text[start : start + _MAX_SAMPLE_CHARACTERS]
    return "".join(letter if letter.isprintable() else " " for letter in part)
