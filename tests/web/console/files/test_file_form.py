"""Forms with a file, piece by piece, and what no browser sends."""

import pytest

from muster.web.console.files.file_form import FileFormParser, clean_name
from muster.web.problems import Problem

CONTENT_TYPE = "multipart/form-data; boundary=----x"
FILE_HEADER = b'Content-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
CONTENT = b"a;b\r\n1;2\r\n--\r\n------y\r\n\r\n-"
FORM = b"------x\r\n" + FILE_HEADER + CONTENT + b"\r\n------x--\r\n"


def parse(body: bytes, size: int, content_type: str = CONTENT_TYPE) -> tuple[bytes, str | None]:
    """Content and name of the file of a form that comes in pieces of `size` bytes."""
    parser = FileFormParser(content_type)
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    content = b"".join(part for piece in pieces for part in parser.parse(piece))
    parser.finish()
    return content, parser.name


@pytest.mark.parametrize("size", [*range(1, 40), len(FORM)])
def test_a_file_is_the_same_in_pieces_of_any_size(size: int) -> None:
    assert parse(FORM, size) == (CONTENT, "a.csv")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        FORM[:-6],
        FORM[:30],
        b"------x--\r\n",
        FORM[:-4] + b"\r\n" + FILE_HEADER + b"second\r\n------x--\r\n",
        FORM.replace(b'name="file"', b'name="other"'),
        FORM.replace(b'; filename="a.csv"', b""),
        FORM.replace(b"Content-Type", b"X-Long: " + b"x" * 5_000 + b"\r\nContent-Type"),
        FORM.replace(b"Content-Type", b"X-Many: 1\r\n" * 9 + b"Content-Type"),
        FORM.replace(b"Content-Type: text/csv", b"Content-Type: text/csv\r\nContent-Length: 3"),
        FORM.replace(b"form-data", b"attachment"),
        FORM.replace(b"a.csv", b"\xff.csv"),
        b"no form at all",
    ],
    ids=[
        "empty",
        "cut at its end",
        "cut in its header",
        "without a part",
        "with two files",
        "with another field",
        "with a field that is no file",
        "with a long header",
        "with many headers",
        "with a wrong length",
        "with another disposition",
        "with a name that is not UTF-8",
        "with text",
    ],
)
def test_what_is_no_form_with_one_file_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        parse(body, 7)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/mixed; boundary=x", 415),
        ("multipart/form-data", 400),
        ("multipart/form-data; boundary=", 400),
        (f"multipart/form-data; boundary={'x' * 201}", 400),
    ],
)
def test_another_type_or_boundary_is_refused(content_type: str, status: int) -> None:
    with pytest.raises(Problem) as caught:
        FileFormParser(content_type)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("a.csv", "a.csv"),
        ("C:\\data\\a.csv", "a.csv"),
        ("../../etc/passwd", "passwd"),
        ("a\r\n\0\u202e.csv", "a.csv"),
        ("Žmonės 2024.xlsx", "Žmonės 2024.xlsx"),
        ("x" * 300, "x" * 255),
        ("..", ".."),
        ("", ""),
    ],
)
def test_a_name_has_no_directory_and_no_control_characters(sent: str, name: str) -> None:
    assert clean_name(sent) == name
