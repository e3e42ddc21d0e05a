"""Text is UTF-8, in what its byte order mark says, or in the encoding that its sender names."""

import pytest

from muster.loads.formats import UnknownEncodingError
from muster.loads.formats.text_encoding import LIKELY_ENCODINGS, make_samples
from muster.loads.formats.text_lines import escape_bytes, restore_bytes
from muster.loads.rows import InvalidFileError
from tests.loads.formats.reading import get_codes, get_values, open_bytes, read

SENTENCES = {
    "cp1257": "Šarūnas Žukauskas, Ąžuolų g. 5; Jūratė Kazlauskienė",
    "cp1250": "Zażółć gęślą jaźń, Łódź; Dvořák, Jiří, Plzeň, Žižkov, Kovács Györgyné, Gyűrű",
    "cp1251": "Иванов Пётр Сергеевич, улица Ленина; Надежда Щукина, посёлок Южный",
    "cp1252": "Müller, Straße; Jörg Schröder",
    "cp1253": "Παπαδόπουλος Γεώργιος, Αθήνα",
}


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(codec: str) -> None:
    source = open_bytes("id,name\n1,ąЖ😀\n2,b".encode(codec))
    assert source.layout.has_bom
    assert source.layout.header == ("id", "name")
    assert source.layout.encoding in ("utf-8", "utf-16-le", "utf-32-le")
    assert get_values(read("id,name\n1,ąЖ😀\n2,b".encode(codec))) == [["1", "ąЖ😀"], ["2", "b"]]


@pytest.mark.parametrize("encoding", ["cp1257", "utf-16-le", "gb18030", "shift_jis", "iso-8859-13"])
def test_a_named_encoding_is_used(encoding: str) -> None:
    text = "id,name\n1,中\n" if encoding in ("gb18030", "shift_jis") else "id,name\n1,Žą\n"
    assert get_values(read(text.encode(encoding), encoding=encoding)) == [["1", text[-3:-1].strip(",")]]


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"\xef\xbb\xbfa,b\n", "cp1257", "begins with the byte order mark of utf-8, and is not cp1257"),
        (b"a,b\n", "nonsense", "'nonsense' is not an encoding of text files"),
        (b"a,b\n", "base64", "is not an encoding"),
        (b"a,b\n", "cp037", "is not an encoding"),
        (b"a,b\n", "utf-7", "is not an encoding"),
        (b"a,b\n", "idna", "is not an encoding"),
        (b"a,b\n", "punycode", "is not an encoding"),
        (b"a,b\n", "raw_unicode_escape", "is not an encoding"),
        (b"a,b\n", "a\0b", "is not an encoding"),
        (b"a,b\n", "utf-16", "name utf-16-le or utf-16-be"),
        ("\ufeffa,b\n1,".encode("utf-16-le") + b"\x00\xd8a\x00", None, r"the file is not utf-16-le \(byte 14\)"),
        ("\ufeffa,b\n1,2".encode("utf-16-le") + b"\x00", None, r"the file is not utf-16-le \(byte 16\)"),
        (b'\xff\xfe{\0"\0a\0"\0:\x001\0}\0', "utf-8", "begins with the byte order mark of utf-16-le"),
    ],
)
def test_an_encoding_that_can_not_be_right_is_refused(content: bytes, encoding: str | None, message: str) -> None:
    with pytest.raises(InvalidFileError, match=message):
        read(content, encoding=encoding)


@pytest.mark.parametrize("place", ["in the header", "in the first rows", "far below"])
def test_text_that_is_not_utf_8_is_refused_without_a_value_in_the_message(place: str) -> None:
    filler = b"0,x\n" * (50_000 if place == "far below" else 1)
    content = b"id,name\n" + filler + "1,Žąsis\n".encode("cp1257")
    if place == "in the header":
        content = "id,pavardė\n".encode("cp1257") + filler
    with pytest.raises(UnknownEncodingError) as caught:
        read(content)
    at = content.index(b"\xeb" if place == "in the header" else b"\xde")
    assert str(caught.value) == f"the file is not UTF-8 (byte {at}): name its encoding, such as cp1257"
    shown = {line for sample in caught.value.samples for line in sample.lines}
    assert ("id,pavardė" if place == "in the header" else "1,Žąsis") in shown


@pytest.mark.parametrize("encoding", SENTENCES)
def test_the_first_sample_is_the_right_text(encoding: str) -> None:
    lines = [part.encode(encoding) for part in SENTENCES[encoding].split(";")]
    samples = make_samples([b"only,ascii\n", *lines])
    assert samples[0].lines == tuple(SENTENCES[encoding].split(";"))
    assert encoding in (samples[0].encoding, *samples[0].same)


def test_samples_are_few_short_and_without_control_codes() -> None:
    samples = make_samples([b"x" * 500 + b"\xe0\x1b[31m\t" + b"y" * 500] * 10)
    assert len(samples) <= 6
    assert all(len(sample.lines) == 3 for sample in samples)
    assert all(len(line) <= 120 and line.isprintable() for sample in samples for line in sample.lines)
    assert make_samples([b"ascii"]) == ()
    assert {sample.encoding for sample in samples} <= set(LIKELY_ENCODINGS)


def test_with_a_named_encoding_a_row_that_is_no_text_is_refused_by_itself() -> None:
    content = b"id,name\n1,\xc4\x97\n2,\xff\xfe\n3,b\n"
    rows = read(content, encoding="utf-8")
    assert get_codes(rows) == ["", "F003", ""]
    assert [row.number for row in rows] == [2, 3, 4]
    assert restore_bytes(rows[1].raw, "utf-8") == b"2,\xff\xfe\n"


def test_bytes_that_are_no_text_come_back() -> None:
    line = bytes(range(256)) + "\uef80\uefff".encode()
    assert restore_bytes(escape_bytes(line), "utf-8") == line
    escape_bytes(line).encode("utf-8")  # it can be stored
