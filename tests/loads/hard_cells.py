"""Cells that programs like to change: 200 texts, and typed cells with the text that a reader must give."""

# ruff: noqa: E501, RUF001
import unicodedata
from datetime import date, datetime, time
from typing import Final, NamedTuple

_DIGITS: Final = [
    "0", "00", "007", "00123", "0000000000", "0012345678901", "1234567890123456", "12345678901234567890",
    "99999999999999999999999999", "123456789012345678901234567890123456789012345678901234567890", "0.1", "0.10", ".1",
    "1.", "1.0", "1.1000000000000001", "0.30000000000000004", "1e5", "1E5", "1E+16", "1E-7", "1e400", "-0", "+1", "+370600000",
    "-1", "--1", "1,5", "1.234,56", "1 234", "1\u00a0234", "1_000", "0x1F", "0b11", "0o17", "1/2", "3-4", "1:30", "50%", "€5",
    "$5.00", "(5)", "1.2.3", "NaN", "nan", "inf", "-Infinity", "١٢٣", "１２３", "²", "½", "Ⅳ",
]  # fmt: skip
_DATES: Final = [
    "2024-01-15", "15.01.2024", "01/02/2024", "1900-02-29", "1900-01-01", "0001-01-01", "9999-12-31", "2024-1-5", "20240115",
    "2024-01-15T10:30:00Z", "2024-01-15 10:30:00", "2024-W03-1", "MARCH1", "SEPT2", "DEC1", "1-2", "2/3", "10:30", "24:00", "45306",
]  # fmt: skip
_WORDS: Final = [
    "TRUE", "FALSE", "true", "false", "yes", "null", "NULL", "None", "N/A", "#N/A", "#REF!", "#DIV/0!", "NA", "-", "?", "~", "t",
    "=1+1", "=SUM(A1:A2)", "+1+1", "-1+1", "@SUM(1)", "=cmd|' /C calc'!A0", "{=1+1}", "'quoted", "'", "''", '"', '""', '"quoted"',
    'a"b', "a,b", "a;b", "a|b", "a\tb", "a\\b", "a\\nb", "\\", "/", "http://example.com/?a=1&b=2", "mailto:a@example.com",
    "internal:Sheet1!A1", "file:///etc/passwd", "a@example.com", "&amp;", "&", "<", ">", "<b>x</b>", "]]>", "<![CDATA[x]]>",
    "&#10;", "&lt;", "<!-- x -->", "<?xml?>", "%00", "${x}", "{{x}}", "sep=;", "ID", "SYLK", "[Red]", "General", "@", "*", "#",
]  # fmt: skip
_BLANKS: Final = [
    " a", "a ", "  a  ", "a  b", "\ta", "a\t", "a\nb", "a\n\nb", "\na", "a\n", "\na\n", "a\u00a0", "\u00a0a", "\u2003a", "a\u3000", "\u200ba",
    "a\u200b", "\ufeffa", "a\u00adb", "a\u2028b", "a\u2029b", "a\u0085b", "   ", "\u00a0", "a \nb", "a\n b",
]  # fmt: skip
_ESCAPES: Final = [
    "_x0041_", "_x000D_", "_x005F_", "_x005F__x0041_", "_x0041", "x0041_", "_x00e9_", "__x0041__", "_X0041_", "_xD83D_",
]  # fmt: skip
_SCRIPTS: Final = [
    "Žemaitė Ąžuolaitė", "Łódź", "Ünïcödé", "ß", "ẞ", "İstanbul", "ı", "Ελλάδα", "Юлия", "日本語", "한국어", "ไทย", "हिन्दी", "שלום",
    "مرحبا", "abc שלום 123", "\u202eabc\u202c", "\u200fabc", "a\u200db", "😀", "👨‍👩‍👧", "🇱🇹", "𝒜", "\U0010fffd",
    unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é"), unicodedata.normalize("NFD", "Ąžuolas"), "ﬁ", "Å", "\ufffd",
]  # fmt: skip
_LONG: Final = ["x" * 255, "x" * 256, "ž" * 4096, "a b" * 10_000, "😀" * 1000, "x" * 32_767]

TEXTS: Final = (*_DIGITS, *_DATES, *_WORDS, *_BLANKS, *_ESCAPES, *_SCRIPTS, *_LONG)
# Not every format and writer has them: XML has no control characters, and makes newlines of carriage returns.
CONTROLS: Final = ("a\rb", "a\r\nb", "\r", "a\x01b", "\x1f", "a\x0bb", "a\x7fb", "a\x9fb", "\ufffe", "\uffff")


class TypedCell(NamedTuple):
    """A value with the number format that a person gave its cell, and the text that it must become."""

    value: int | float | bool | date | datetime | time
    number_format: str
    text: str


TYPED_CELLS: Final = (
    TypedCell(0, "General", "0"),
    TypedCell(10, "General", "10"),
    TypedCell(-3, "General", "-3"),
    TypedCell(0.1, "General", "0.1"),
    TypedCell(1.1, "0.00", "1.1"),
    TypedCell(64.1, "#,##0.00 €", "64.1"),
    TypedCell(1234567.5, "#,##0.00", "1234567.5"),
    TypedCell(1e-7, "General", "0.0000001"),
    TypedCell(1.5e-10, "0.00E+00", "0.00000000015"),
    TypedCell(123456789012345, "0", "123456789012345"),
    TypedCell(7, "00000", "00007"),
    TypedCell(123456, "00000", "123456"),
    TypedCell(0.25, "0%", "25%"),
    TypedCell(0.125, "0.0%", "12.5%"),
    TypedCell(1, "0%", "100%"),
    TypedCell(True, "General", "true"),
    TypedCell(False, "General", "false"),
    TypedCell(date(2024, 1, 15), "dd.mm.yyyy", "2024-01-15"),
    TypedCell(date(2024, 2, 29), "yyyy-mm-dd", "2024-02-29"),
    TypedCell(date(1980, 12, 31), "m/d/yy", "1980-12-31"),
    TypedCell(date(1900, 3, 1), "dd/mm/yyyy", "1900-03-01"),
    TypedCell(date(9999, 12, 31), "d mmmm yyyy", "9999-12-31"),
    TypedCell(date(2024, 1, 15), "[$-427]yyyy 'm.' mmmm d 'd.'", "2024-01-15"),
    TypedCell(date(2024, 1, 15), '"day" dd"."mm"."yyyy', "2024-01-15"),
    TypedCell(datetime(2024, 1, 15), "dd.mm.yyyy hh:mm", "2024-01-15"),  # noqa: DTZ001 (a cell has no zone)
    TypedCell(datetime(2024, 1, 15, 10, 30), "yyyy-mm-dd hh:mm:ss", "2024-01-15T10:30:00"),  # noqa: DTZ001
    TypedCell(datetime(2024, 1, 15, 23, 59, 59), "dd/mm/yy h:mm AM/PM", "2024-01-15T23:59:59"),  # noqa: DTZ001
    TypedCell(time(10, 30), "hh:mm", "10:30:00"),
)
