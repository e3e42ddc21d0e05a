"""Whatever bytes come in: a list of customers, or a sentence that says what is wrong with them."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.customer.numbers import UNREADABLE
from muster.intake import decode, tolerant_json
from muster.intake.decode import InvalidBatchError, TooManyCustomersError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def customers_of(body: bytes, limit: int) -> list[Any]:
    return list(decode.decode_customers(body, limit))


def batch(items: str) -> bytes:
    return f'{{"customers":[{items}]}}'.encode()


def test_the_items_of_customers_come_out_as_plain_values() -> None:
    assert customers_of(batch('{"a": "x"}, 1, null'), 10) == [{"a": "x"}, 1, None]


def test_decimals_keep_every_digit() -> None:
    (number,) = customers_of(batch("0.10"), 10)
    assert str(number) == "0.10"


def test_of_a_key_that_stands_twice_the_last_one_counts_in_both_decoders() -> None:
    assert customers_of(b'{"customers": [1], "customers": [2]}', 10) == [2]
    assert tolerant_json.decode('{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"\xef\xbb\xbf[1 2]", r"byte 6\)"),
        ('{"customers": ["é\\ud800" 1]}'.encode(), r"byte 26\)"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
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
def test_what_is_no_batch_is_refused_with_a_reason(body: bytes, says: str) -> None:
    with pytest.raises(InvalidBatchError, match=says) as caught:
        customers_of(body, 10)
    assert "Tom" not in str(caught.value)


def test_more_customers_than_allowed_are_refused() -> None:
    assert len(customers_of(batch("1,2,3"), 3)) == 3
    with pytest.raises(TooManyCustomersError, match="3"):
        customers_of(batch("1,2,3,4"), 3)


@pytest.mark.parametrize("key", ["customers", "\\u0063ustomers"])
def test_a_large_body_is_no_batch_either_when_a_list_that_does_not_count_is_broken(key: str) -> None:
    body = f'{{"{key}": ["\xff"], "customers": [1]}}'.encode("latin-1")
    for whole in (0, len(body)):
        with pytest.raises(InvalidBatchError, match="not UTF-8"):
            list(decode.decode_customers(body, 10, whole=whole))


def test_a_byte_order_mark_is_passed_over() -> None:
    assert customers_of(b"\xef\xbb\xbf" + batch("1"), 10) == [1]


@pytest.mark.parametrize(
    "oddity",
    [
        '"\\ud800"',
        '"\\udc00 \\ud800"',
        "1" * 5_000,
        "-" + "1" * 5_000,
        "1e999999999",
        "1e99999999999999999999",
        "0." + "1" * 41,
    ],
    ids=lambda oddity: oddity[:24],
)
def test_a_value_that_no_kind_takes_costs_the_others_nothing(oddity: str) -> None:
    first, odd, last = customers_of(batch(f'{{"a": 1}}, {{"a": {oddity}}}, {{"a": 2}}'), 10)
    assert (first, last) == ({"a": 1}, {"a": 2})
    assert odd == {"a": UNREADABLE}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_hundred_thousand_nested_brackets_cost_the_others_nothing(opening: str, closing: str) -> None:
    nested = opening * 100_000 + "1" + closing * 100_000
    first, odd, last = customers_of(batch(f'1, {{"a": {nested}}}, 2'), 10)
    assert (first, last) == (1, 2)
    assert type(odd["a"]) is (list if opening == "[" else dict)


def test_broken_json_below_a_hundred_thousand_brackets_is_still_no_json() -> None:
    with pytest.raises(InvalidBatchError, match="byte 100015"):
        customers_of(batch("[" * 100_000 + " x" + "]" * 100_000), 10)


@given(JSON)
def test_the_careful_decoder_reads_what_the_standard_library_reads(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert tolerant_json.decode(text) == value


@given(st.text(alphabet='[]{}",:0123456789.eE+-truefalsn \\u', max_size=30))
def test_the_careful_decoder_refuses_what_the_standard_library_refuses(text: str) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse, parse_float=Decimal)
    except ValueError:
        with pytest.raises(tolerant_json.InvalidJsonError):
            tolerant_json.decode(text)
    else:
        tolerant_json.decode(text)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A body with a few bytes in a wrong place."""
    items = draw(st.lists(st.recursive(st.text(max_size=3) | st.integers(0, 9), st.lists, max_leaves=4), max_size=3))
    body = json.dumps({"customers": items}, ensure_ascii=draw(st.booleans())).encode(errors="replace")
    place = draw(st.integers(0, len(body)))
    noise = draw(st.text(alphabet='[]{}",:0.eE+-tn \\u\0\n', max_size=3).map(str.encode) | st.binary(max_size=2))
    return body[:place] + noise + body[place + draw(st.integers(0, 2)) :]


@given(broken())
def test_broken_bodies_are_refused_and_sound_ones_read_as_the_standard_library_does(body: bytes) -> None:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        expected = json.loads(str(body, "utf-8"), parse_constant=refuse, parse_float=Decimal)["customers"]
        readable = isinstance(expected, list) and not re.search(r"\\\\u[dD]", repr(body))
    except (ValueError, KeyError, TypeError):
        with pytest.raises(InvalidBatchError):
            customers_of(body, 1_000)
    else:
        if readable:  # halves of surrogate pairs are taken by the standard library, and have tests of their own
            assert customers_of(body, 1_000) == expected
