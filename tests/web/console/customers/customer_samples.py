"""Customers of pages, saved for a console."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from muster.audit.events import AuditEntry, EntryFilter
from muster.auth.users import Role
from muster.intake.write_plan import AcceptedCustomer
from muster.web.console.customers.customer_paths import build_customer_path
from tests.samples import individual
from tests.storage.samples import AT, RESPONSE, build_batch, build_customer
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage

CORPUS = [
    "<script>alert(1)</script>",
    "\"'><img src=x>",
    "{{ 7 * 7 }}",
    "%(count)s",
    "\u202eevil",
    "\u05d0\u05d1",
    "ž🦊",
]
NORTH = (Role.READ, ("NORTH",))


def build(ext_id: str, version: int = 1, unit: str = "NORTH", **fields: Any) -> AcceptedCustomer:
    number = f"number of {ext_id} in {unit} {version}"
    document = individual(**{"customerExtId": ext_id, "communicationNumber": number, "businessUnit": unit, **fields})
    return build_customer(number, ext_id, version, business_unit=unit, document=json.dumps(document).encode())


def save(console: ConsoleBrowser, *customers: AcceptedCustomer, days: int = 0) -> str:
    """Saves a batch as received some days after `AT`; gives its id."""
    batch = replace(build_batch(*customers), received_at=AT + timedelta(days=days))
    with console.store.customers.session() as session:
        session.save(batch, RESPONSE)
    return str(batch.id)


def open_page(console: ConsoleBrowser, ext_id: str, unit: str | None = "NORTH", **options: Any) -> ConsolePage:
    return console.get(build_customer_path(ext_id, unit, **options))


def list_reads(console: ConsoleBrowser, ext_id: str) -> Sequence[AuditEntry]:
    return console.store.audit.entries(EntryFilter(subject=ext_id), after=0, limit=99)


# The search
