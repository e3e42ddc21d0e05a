"""Texts, keys and numbers are stored exactly as they were sent."""

import json
from decimal import Decimal

import pytest

from muster.storage import Storage
from tests.storage.samples import build_customer, count_rows, fetch_document, look_up, save

UNUSUAL_TEXTS = [
    "plain",
    "🦊 Žąsis Đặng 张伟 עברית",
    "'quotes' \"double\" `back`",
    "back\\slash \\N \\. \\t",
    "tab\tnewline\nreturn\r\n",
    "separators\u2028\u2029\u0085\x1e\x1f",
    "{braces,[and]%s %b :name $1 ?}",
    " spaces ",
    "e\u0301 and \u00e9",
    "\U0010ffff\uffff\ufeff",
]


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_any_text_is_stored_unchanged(storage: Storage, text: str) -> None:
    content = {"name": text, text: [text]}
    save(storage, build_customer(text, text, business_unit=text, document=json.dumps(content).encode()))

    known = look_up(storage, [text, "other"], [(text, text), (text, "other"), ("other", text)])
    assert known.numbers == {text}
    assert known.versions == {(text, text): 1}
    assert fetch_document(storage) == content


@pytest.mark.parametrize("text", UNUSUAL_TEXTS)
def test_any_text_is_stored_unchanged_from_unescaped_json(storage: Storage, text: str) -> None:
    save(storage, build_customer("1", document=json.dumps({"name": text}, ensure_ascii=False, indent="\t").encode()))

    assert fetch_document(storage) == {"name": text}


def test_keys_differ_by_every_code_point(storage: Storage) -> None:
    similar = ["a", "A", "á", "a\u0301", "a ", " a", "\uff41", "ß", "ss"]
    save(storage, *(build_customer(key, key) for key in similar))

    assert look_up(storage, similar).numbers == set(similar)
    assert count_rows(storage)["customers"] == len(similar)


def test_keys_may_have_256_characters_of_four_bytes(storage: Storage) -> None:
    first, second = "😀" * 256, "😀" * 255 + "😁"
    save(storage, build_customer(first, first), build_customer(second, second))

    known = look_up(storage, [first, second], [("MAIN", first), ("MAIN", second)])
    assert known.numbers == {first, second}
    assert known.versions == {("MAIN", first): 1, ("MAIN", second): 1}


@pytest.mark.parametrize(
    "number",
    ["0.1", "1234567890123456789012345678901234567890", "0." + "1234567890" * 4, "1.10", "-5", "100000.00", "1e-40"],
)
def test_numbers_keep_their_digits(storage: Storage, number: str) -> None:
    save(storage, build_customer("1", document=f'{{"amount": {number}}}'.encode()))

    assert Decimal(fetch_document(storage)["amount"]) == Decimal(number)


def test_large_document_is_stored_unchanged(storage: Storage) -> None:
    content = {"parts": [{"name": f"part {n}", "note": "word " * 20} for n in range(500)]}
    save(storage, build_customer("1", document=json.dumps(content).encode()))

    assert fetch_document(storage) == content
