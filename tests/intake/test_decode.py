"""Decoding gives a list of customers for a batch, and an error that says what is wrong for any other body."""

import json
import re
from decimal import Decimal
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.customer.numbers import UNREADABLE
from muster.intake import tolerant_json
from muster.intake.decode import GROUP_SIZE, InvalidBatchError, TooManyCustomersError, decode_customers
from muster.intake.json_scanner import InvalidJsonError, check_syntax

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def decode(body: bytes, limit: int = 10) -> list[Any]:
    return list(chain.from_iterable(decode_customers(body, limit)))


def get_error(body: bytes) -> str:
    """The message of the error, which is the same for a body that is decoded as a whole and for a large one."""
    messages = set()
    for max_whole_bytes in (-1, len(body)):
        with pytest.raises(InvalidBatchError) as caught:
            list(decode_customers(body, 10, max_whole_bytes=max_whole_bytes))
        messages.add(str(caught.value))
    [message] = messages
    return message


def make_body(items: str) -> bytes:
    return f'{{"customers":[{items}]}}'.encode()


def test_items_are_decoded_to_plain_values() -> None:
    assert decode(make_body('{"a": "x"}, 1, null')) == [{"a": "x"}, 1, None]


def test_decimal_keeps_every_digit() -> None:
    (number,) = decode(make_body("0.10"))
    assert str(number) == "0.10"


def test_last_of_duplicate_keys_of_a_customer_counts_in_both_decoders() -> None:
    assert decode(make_body('{"a": 1, "a": 2}')) == [{"a": 2}]
    assert tolerant_json.decode(b'{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    "body",
    [
        '{"customers": [1], "customers": [2]}',
        '{"customers": [1], "other": 1, "cust\\u006fmers": [2]}',
        '{"customers": null, "customers": [2]}',
        '{"customers": [1], "customers": [2]',
        '{"customers": ["\\ud800"], "customers": [2]}',
    ],
)
def test_list_of_customers_that_stands_twice_is_rejected(body: str) -> None:
    assert "customers is twice" in get_error(body.encode())


def test_only_a_key_of_the_body_itself_is_a_second_list_of_customers() -> None:
    body = b'{"note": "customers", "customers": [{"customers": 1, "a": {"customers": []}}], "Customers": []}'
    for max_whole_bytes in (-1, len(body)):
        [[item]] = decode_customers(body, 10, max_whole_bytes=max_whole_bytes)
        assert item == {"customers": 1, "a": {"customers": []}}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b'\xef\xbb\xbf{"customers": [1 2]}', r"byte 20, the customer at index 1\)"),
        ('{"customers": ["é\\ud800" 1]}'.encode(), r"byte 26, the customer at index 1\)"),
        (b"null", "not a JSON object"),
        (b"1", "not a JSON object"),
        (b"{}", "no list of customers"),
        (b'{"customers": null}', "no list of customers.* is no list"),
        (b'{"customers": {}}', "no list of customers.* is no list"),
        (b'{"customers": [{"firstName": "Tom', r"breaks off before its end \(byte 33\)"),
        (b'{"customers": [{"firstName": "Tom\\', r"breaks off"),
        (b'{"customers": [1, tru', r"breaks off"),
        (b'{"customers": [1', r"breaks off"),
        (b'{"customers": [1,]}', r"byte 17, the customer at index 1\)"),
        (b'{"customers": [1], }', r"expected a string \(byte 19\)"),
        (b'{"customers": [{"a" 1}]}', "expected a colon"),
        (b'{"customers": []} x', r"byte 18\)"),
        (b'{"customers": ["\xff"]}', r"not UTF-8 \(byte 16\)"),
        (b'{"customers": ["\\ud800", }', r"byte 25, the customer at index 1\)"),
    ],
)
def test_error_says_what_is_wrong_and_where_without_values(body: bytes, message: str) -> None:
    found = get_error(body)
    assert re.search(message, found), found
    assert "Tom" not in found


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "nan", "None", "True", "undefined"])
@pytest.mark.parametrize(
    ("body", "where"),
    [
        ('{"customers": [WORD]}', "byte 15, the customer at index 0"),
        ('{"customers": [{"a": 1}, {"b": [2, WORD]}]}', "byte 35, the customer at index 1"),
        ('{"customers": ["é", {"b": {"c": WORD}}]}', "byte 33, the customer at index 1"),
        ('{"customers": ["\\ud800", WORD]}', "byte 25, the customer at index 1"),
        ('{"customers": [], "other": WORD}', "byte 27"),
    ],
)
def test_word_that_json_does_not_have_is_named_with_its_place(word: str, body: str, where: str) -> None:
    message = get_error(body.replace("WORD", word).encode())
    assert f"not valid JSON: {word} is not a JSON value" in message
    assert message.endswith(f"({where})")


CUSTOMER = '{"communicationNumber": "secret", "firstName": "secret"}'


@pytest.mark.parametrize(
    ("body", "format_name"),
    [
        (b"communicationNumber,firstName\r\nsecret,secret\r\n", "CSV"),
        (b'\xef\xbb\xbf"communicationNumber";"firstName"\n"secret";"secret"\n', "CSV"),
        (b"communicationNumber\tfirstName\nsecret\tsecret\n", "CSV"),
        (b'<?xml version="1.0"?><customers><customer>secret</customer></customers>', "XML"),
        (b"\n <customers/>", "XML"),
        (CUSTOMER.encode(), "a single customer"),
        (f'{{"customer": {CUSTOMER}}}'.encode(), "must be spelled customers"),
        (b'{"Customers": []}', "must be spelled customers"),
        (f"[{CUSTOMER}]".encode(), "a list of customers"),
        (b"[]", "a list of customers"),
        (f"[{CUSTOMER}".encode(), "a list of customers"),
        (f"{CUSTOMER}\n{CUSTOMER}\n".encode(), "JSON lines"),
        (b"customers=%5B%5D", "a form"),
        (b"---\ncustomers: []", "YAML"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"PK\x03\x04", "ZIP"),
        ('{"customers": []}'.encode("utf-16"), "UTF-16"),
        ('{"customers": []}'.encode("utf-16-be"), "UTF-16"),
    ],
)
def test_body_of_another_format_is_told_what_it_looks_like_and_what_is_expected(body: bytes, format_name: str) -> None:
    message = get_error(body)
    assert format_name in message
    assert "customers" in message or "send it" in message
    assert "secret" not in message


def test_batch_over_the_limit_is_rejected() -> None:
    assert len(decode(make_body("1,2,3"), 3)) == 3
    for max_whole_bytes in (-1, 100):
        for items in ("1,2,3,4", '1,2,3,"\\ud800"'):
            with pytest.raises(TooManyCustomersError, match="3"):
                decode_customers(make_body(items), 3, max_whole_bytes=max_whole_bytes)


def test_invalid_list_that_does_not_count_makes_a_body_of_any_size_invalid() -> None:
    assert "not UTF-8 (byte 12)" in get_error('{"other": ["\xff"], "customers": [1]}'.encode("latin-1"))


def test_customers_are_decoded_in_groups_that_are_bounded_in_number_and_size() -> None:
    body = make_body(",".join(f'"{"x" * 98}"' for _ in range(3 * GROUP_SIZE)))
    whole, large = (list(decode_customers(body, 1_000, max_whole_bytes=size)) for size in (len(body), -1))
    assert whole == large
    assert [len(group) for group in whole] == [GROUP_SIZE] * 3
    small = list(decode_customers(body, 1_000, max_whole_bytes=-1, max_group_bytes=1_000))
    assert [len(group) for group in small] == [10] * (3 * GROUP_SIZE // 10)


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
    nested = opening * 40_000 + "1" + closing * 40_000
    first, middle, last = decode(make_body(f'1, {{"a": {nested}}}, 2'))
    assert (first, last) == (1, 2)
    assert type(middle["a"]) is (list if opening == "[" else dict)


def test_invalid_json_below_deep_nesting_is_rejected() -> None:
    assert "byte 100015" in get_error(make_body("[" * 100_000 + " x" + "]" * 100_000))


@given(JSON)
def test_tolerant_decoder_accepts_what_the_standard_library_accepts(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    check_syntax(text.encode())
    assert tolerant_json.decode(text.encode()) == value


@given(st.text(alphabet='[]{}",:0123456789.eE+-truefalsn \\u', max_size=30))
def test_tolerant_decoder_rejects_what_the_standard_library_rejects(text: str) -> None:
    def reject(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=reject, parse_float=Decimal)
    except ValueError:
        with pytest.raises(InvalidJsonError):
            check_syntax(text.encode())
    else:
        check_syntax(text.encode())
        tolerant_json.decode(text.encode())


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
