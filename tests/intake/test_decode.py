"""Decoding gives a list of customers for a batch, and an error that says what is wrong for any other body."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.customer.numbers import UNREADABLE
from muster.intake import tolerant_json
from muster.intake.decode import InvalidBatchError, TooManyCustomersError, decode_customers

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def decode(body: bytes, limit: int = 10) -> list[Any]:
    return list(decode_customers(body, limit))


def make_body(items: str) -> bytes:
    return f'{{"customers":[{items}]}}'.encode()


def test_items_are_decoded_to_plain_values() -> None:
    assert decode(make_body('{"a": "x"}, 1, null')) == [{"a": "x"}, 1, None]


def test_decimal_keeps_every_digit() -> None:
    (number,) = decode(make_body("0.10"))
    assert str(number) == "0.10"


def test_last_of_duplicate_keys_counts_in_both_decoders() -> None:
    assert decode(b'{"customers": [1], "customers": [2]}') == [2]
    assert tolerant_json.decode('{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xef\xbb\xbf[1 2]", r"byte 6\)"),
        ('{"customers": ["é\\ud800" 1]}'.encode(), r"byte 26\)"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no list of customers"),
        (b'{"customers": null}', "no list of customers"),
        (b'{"customers": {}}', "no list of customers"),
        (b'{"customers": [{"firstName": "Tom', r"truncated \(byte 33\)"),
        (b'{"customers": [1,]}', "byte 17"),
        (b'{"customers": []} x', "byte 19"),
        (b'{"customers": [NaN]}', "byte 15"),
        (b'{"customers": ["\xff"]}', r"not UTF-8 \(byte 16\)"),
        (b"\x1f\x8b\x08", "byte 0"),
        (b'{"customers": ["\\ud800", }', "byte 25"),
    ],
)
def test_error_says_what_is_wrong_and_where_without_values(body: bytes, message: str) -> None:
    with pytest.raises(InvalidBatchError, match=message) as caught:
        decode(body)
    assert "Tom" not in str(caught.value)


def test_batch_over_the_limit_is_rejected() -> None:
    assert len(decode(make_body("1,2,3"), 3)) == 3
    with pytest.raises(TooManyCustomersError, match="3"):
        decode(make_body("1,2,3,4"), 3)


@pytest.mark.parametrize("key", ["customers", "\\u0063ustomers"])
def test_invalid_list_that_does_not_count_makes_a_body_of_any_size_invalid(key: str) -> None:
    body = f'{{"{key}": ["\xff"], "customers": [1]}}'.encode("latin-1")
    for max_whole_bytes in (0, len(body)):
        with pytest.raises(InvalidBatchError, match="not UTF-8"):
            list(decode_customers(body, 10, max_whole_bytes=max_whole_bytes))


def test_byte_order_mark_is_skipped() -> None:
    assert decode(b"\xef\xbb\xbf" + make_body("1")) == [1]


@pytest.mark.parametrize(
    "text",
    [
        '"\\ud800"',
        '"\\udc00 \\ud800"',
        "1" * 5_000,
        "-" + "1" * 5_000,
        "1e999999999",
        "1e99999999999999999999",
        "0." + "1" * 41,
    ],
    ids=lambda text: text[:24],
)
def test_unreadable_value_leaves_the_other_customers_alone(text: str) -> None:
    first, middle, last = decode(make_body(f'{{"a": 1}}, {{"a": {text}}}, {{"a": 2}}'))
    assert (first, last) == ({"a": 1}, {"a": 2})
    assert middle == {"a": UNREADABLE}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_leaves_the_other_customers_alone(opening: str, closing: str) -> None:
    nested = opening * 100_000 + "1" + closing * 100_000
    first, middle, last = decode(make_body(f'1, {{"a": {nested}}}, 2'))
    assert (first, last) == (1, 2)
    assert type(middle["a"]) is (list if opening == "[" else dict)


def test_invalid_json_below_deep_nesting_is_rejected() -> None:
    with pytest.raises(InvalidBatchError, match="byte 100015"):
        decode(make_body("[" * 100_000 + " x" + "]" * 100_000))


@given(JSON)
def test_tolerant_decoder_accepts_what_the_standard_library_accepts(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert tolerant_json.decode(text) == value


@given(st.text(alphabet='[]{}",:0123456789.eE+-truefalsn \\u', max_size=30))
def test_tolerant_decoder_rejects_what_the_standard_library_rejects(text: str) -> None:
    def reject(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=reject, parse_float=Decimal)
    except ValueError:
        with pytest.raises(tolerant_json.InvalidJsonError):
            tolerant_json.decode(text)
    else:
        tolerant_json.decode(text)


@st.composite
def malformed_bodies(draw: st.DrawFn) -> bytes:
    """A batch with a few bytes changed at one place."""
    items = draw(st.lists(st.recursive(st.text(max_size=3) | st.integers(0, 9), st.lists, max_leaves=4), max_size=3))
    body = json.dumps({"customers": items}, ensure_ascii=draw(st.booleans())).encode(errors="replace")
    at = draw(st.integers(0, len(body)))
    noise = draw(st.text(alphabet='[]{}",:0.eE+-tn \\u\0\n', max_size=3).map(str.encode) | st.binary(max_size=2))
    return body[:at] + noise + body[at + draw(st.integers(0, 2)) :]


@given(malformed_bodies())
def test_changed_bodies_are_decoded_as_the_standard_library_does(body: bytes) -> None:
    def reject(constant: str) -> None:
        raise ValueError(constant)

    try:
        expected = json.loads(str(body, "utf-8"), parse_constant=reject, parse_float=Decimal)["customers"]
        is_comparable = isinstance(expected, list) and not re.search(r"\\\\u[dD]", repr(body))
    except (ValueError, KeyError, TypeError):
        with pytest.raises(InvalidBatchError):
            decode(body, 1_000)
    else:
        if is_comparable:  # the standard library decodes lone surrogates, which have tests of their own
            assert decode(body, 1_000) == expected
