"""Forms with small files."""

import pytest

from muster.web.console.administration.multipart_form import MAX_FIELDS, parse_multipart_form
from muster.web.problems import Problem


def make_part(disposition: str, content: bytes) -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + disposition.encode() + b"\r\n\r\n" + content + b"\r\n"


def test_fields_and_files_are_told_apart_and_kept_exactly() -> None:
    content = b"\r\n--a\0\xff\r\n"
    body = make_part('name="x"', "ž".encode()) + make_part('name="x"', b" 2 ")
    body += make_part('name="file"; filename=""', content) + b"--b--\r\n"
    form = parse_multipart_form(body, "b")
    assert form.form.values == {"x": ["ž", " 2 "]}
    assert form.files == {"file": content}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing of it",
        make_part('name="x"', b"cut"),
        make_part('name="x"', b"not UTF-8: \xff") + b"--b--\r\n",
        make_part('name="x"', b"\0") + b"--b--\r\n",
        make_part('filename="x"', b"") + b"--b--\r\n",
        make_part('name="x"', b"") * (MAX_FIELDS + 1) + b"--b--\r\n",
        b"--b\r\nContent-Disposition: nonsense\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n" + b"X: y\r\n" * 100 + b"\r\n\r\n--b--\r\n",
        b"--b\r\nX: " + b"y" * 10_000 + b"\r\n\r\n\r\n--b--\r\n",
    ],
    ids=lambda body: repr(body)[:60],
)
def test_what_no_page_sends_is_a_400(body: bytes) -> None:
    with pytest.raises(Problem) as raised:
        parse_multipart_form(body, "b")
    assert raised.value.status == 400
