"""Texts, keys and numbers are stored exactly as they were sent."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from muster.storage import Storage, open_storage
from tests.storage.samples import build_customer, count_rows, look_up, save

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


@pytest.fixture(scope="module")
def shared_storage(shared_database_url: str) -> Iterator[Storage]:
    """A storage for the tests of this module that save one customer, under a number that no other test has."""
    storage = open_storage(shared_database_url)
    yield storage
    storage.close()


def save_document(storage: Storage, document: str) -> Any:
    """Saves a customer with this document; gives the document that is stored."""
    number = uuid4().hex
    save(storage, build_customer(number, number, document=document.encode()))
    return fetch_document_of(storage, number)


def fetch_document_of(storage: Storage, ext_id: str) -> Any:
    """The document of this customer, with exact decimals."""
    query = text("SELECT CAST(document AS TEXT) FROM customers WHERE customer_ext_id = :ext_id")
    with storage.engine.connect() as connection:
        return json.loads(connection.execute(query, {"ext_id": ext_id}).scalar_one(), parse_float=Decimal)


@pytest.mark.parametrize("unusual", UNUSUAL_TEXTS)
def test_any_text_is_stored_unchanged(shared_storage: Storage, unusual: str) -> None:
    content = {"name": unusual, unusual: [unusual]}
    save(shared_storage, build_customer(unusual, unusual, business_unit=unusual, document=json.dumps(content).encode()))

    keys = [(unusual, unusual), (unusual, "other"), ("other", unusual)]
    known = look_up(shared_storage, [unusual, "other"], keys)
    assert known.numbers == {unusual}
    assert known.versions == {(unusual, unusual): 1}
    assert fetch_document_of(shared_storage, unusual) == content


@pytest.mark.parametrize("unusual", UNUSUAL_TEXTS)
def test_any_text_is_stored_unchanged_from_unescaped_json(shared_storage: Storage, unusual: str) -> None:
    document = json.dumps({"name": unusual}, ensure_ascii=False, indent="\t")

    assert save_document(shared_storage, document) == {"name": unusual}


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
def test_numbers_keep_their_digits(shared_storage: Storage, number: str) -> None:
    stored = save_document(shared_storage, f'{{"amount": {number}}}')

    assert Decimal(stored["amount"]) == Decimal(number)


def test_large_document_is_stored_unchanged(shared_storage: Storage) -> None:
    content = {"parts": [{"name": f"part {n}", "note": "word " * 20} for n in range(500)]}

    assert save_document(shared_storage, json.dumps(content)) == content
