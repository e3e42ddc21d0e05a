"""Which customers use codes, from the documents in the database."""

import json

import pytest

from muster.audit.events import EntryFilter
from muster.audit.queue import AuditQueue
from muster.auth.read_audit import ReadAudit
from muster.auth.users import Role, User
from muster.records.code_uses import CodeUseSearch
from muster.storage import Storage
from tests.storage.samples import build_customer, save

ADMIN = User("admin", Role.ADMIN, credential="session:1")
WANTED = {"legalForm": frozenset({"LTD", "GONE"}), "businessUnit": frozenset({"RIGA"})}


def make_search(storage: Storage, **bounds: int) -> CodeUseSearch:
    return CodeUseSearch(storage.records, ReadAudit(storage.audit, AuditQueue(storage.audit)), **bounds)


def save_customers(storage: Storage, *keys: tuple[str, str, str]) -> None:
    """Customers by identifier, business unit and legal form."""
    for number, (ext_id, unit, form) in enumerate(keys):
        document = json.dumps({"entityType": "ORGANIZATION", "legalForm": form, "name": "LTD"}).encode()
        save(storage, build_customer(f"n{number}", ext_id, business_unit=unit, document=document))


@pytest.fixture
def customers(storage: Storage) -> None:
    keys = [("a", "MAIN", "LTD"), ("a", "RIGA", "LTD"), ("b", "MAIN", "X"), ("ž", "MAIN", "GONE"), ("é", "RIGA", "X")]
    save_customers(storage, *keys)


def read_details(storage: Storage) -> list[tuple[str, str, object, object]]:
    entries = storage.audit.entries(EntryFilter(), after=0, limit=10)
    return [(entry.action, entry.subject, entry.details["codes"], entry.details.get("customers")) for entry in entries]


def test_look_counts_customers_by_code_and_names_the_first_by_unit(storage: Storage, customers: None) -> None:
    found = make_search(storage).look(ADMIN, WANTED)
    assert (found.looked_at, found.is_complete) == (5, True)
    assert found.counts == {("legalForm", "LTD"): 2, ("legalForm", "GONE"): 1, ("businessUnit", "RIGA"): 2}
    assert found.examples[("legalForm", "LTD")] == {"MAIN": ["a"], "RIGA": ["a"]}
    assert found.examples[("businessUnit", "RIGA")] == {"RIGA": ["a", "é"]}
    assert read_details(storage) == [("code-uses.read", "businessUnit,legalForm", 3, 4)]


def test_look_that_is_bounded_says_so(storage: Storage, customers: None) -> None:
    by_number = make_search(storage, max_customers=4).look(ADMIN, WANTED)
    assert (by_number.looked_at, by_number.is_complete) == (4, False)
    by_size = make_search(storage, max_bytes=1).look(ADMIN, WANTED)
    assert (by_size.looked_at, by_size.is_complete) == (1, False)
    assert make_search(storage, max_customers=5).look(ADMIN, WANTED).is_complete


def test_look_that_names_nobody_leaves_no_entry(storage: Storage, customers: None) -> None:
    assert make_search(storage).look(ADMIN, {"legalForm": frozenset({"NEVER"})}).counts == {}
    assert make_search(storage).look(ADMIN, {}).looked_at == 0
    assert read_details(storage) == []


def test_export_finds_every_customer_in_pages(storage: Storage, customers: None) -> None:
    groups = make_search(storage, max_customers=2).export(ADMIN, WANTED)
    assert read_details(storage) == [("code-uses.read", "businessUnit,legalForm", 3, None)]
    found = [(*use.code, use.customer.business_unit, use.customer.customer_ext_id) for group in groups for use in group]
    assert found == [
        ("legalForm", "LTD", "MAIN", "a"),
        ("businessUnit", "RIGA", "RIGA", "a"),
        ("legalForm", "LTD", "RIGA", "a"),
        ("businessUnit", "RIGA", "RIGA", "é"),
        ("legalForm", "GONE", "MAIN", "ž"),
    ]
