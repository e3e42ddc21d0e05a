"""What a store writes of the accepted customers of a batch, and the order in which all writers lock rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Final

import msgspec

CustomerKey = tuple[str, str]  # (business unit, customerExtId): what identifies a customer


# Not tracked by the garbage collector (gc=False), as candidates are not.
class AcceptedCustomer(msgspec.Struct, frozen=True, gc=False):
    """An accepted customer, as the store writes it.

    `version` is 1 for a new customer; for an update, it is the version that the update replaces, plus 1. A batch may
    hold one customer several times, with consecutive versions: the last one becomes the current one.
    """

    communication_number: str
    business_unit: str
    customer_ext_id: str
    version: int
    entity_type: str
    customer_status: str
    document: bytes  # JSON, UTF-8

    @property
    def key(self) -> CustomerKey:
        return self.business_unit, self.customer_ext_id


@dataclass(frozen=True, slots=True)
class WritePlan:
    """The accepted customers of one batch by table and by operation. Each list is in the order of its table's key.

    Transactions that lock keys in the same order can't deadlock. `accepted` has all customers by communication number,
    `created` the current versions of new ones, `updated` those of existing ones, and `superseded` the versions that are
    followed by a later one in the same batch. `replaced` has (customerExtId, business unit, version) of what must be
    current before the write.
    """

    accepted: Sequence[AcceptedCustomer] = ()
    created: Sequence[AcceptedCustomer] = ()
    updated: Sequence[AcceptedCustomer] = ()
    superseded: Sequence[AcceptedCustomer] = ()
    replaced: Sequence[tuple[str, str, int]] = ()


NO_WRITES: Final = WritePlan()


def build_write_plan(accepted: Iterable[AcceptedCustomer]) -> WritePlan:
    """Plans the writes of a batch; several customers of one key must have consecutive versions."""
    by_number = sorted(accepted, key=attrgetter("communication_number"))
    by_ext_id = sorted(by_number, key=attrgetter("customer_ext_id"))
    if _is_new_only(by_ext_id):
        return WritePlan(by_number, created=by_ext_id)
    return _plan_updates(by_number)


def _is_new_only(customers: Sequence[AcceptedCustomer]) -> bool:
    """Whether each customer is new and its id occurs once: the usual batch of a migration, which takes a shortcut."""
    ext_ids = {customer.customer_ext_id for customer in customers}
    return len(ext_ids) == len(customers) and all(customer.version == 1 for customer in customers)


def _plan_updates(by_number: Sequence[AcceptedCustomer]) -> WritePlan:
    created: list[AcceptedCustomer] = []
    updated: list[AcceptedCustomer] = []
    superseded: list[AcceptedCustomer] = []
    replaced: list[tuple[str, str, int]] = []
    by_key = sorted(by_number, key=attrgetter("version"))
    # Sorts by one attribute at a time: in most batches all units are equal, and sorting a sorted list is nearly free.
    by_key.sort(key=attrgetter("business_unit"))
    by_key.sort(key=attrgetter("customer_ext_id"))
    for _, group in groupby(by_key, key=attrgetter("key")):
        versions = list(group)
        first, current = versions[0], versions[-1]
        superseded.extend(versions[:-1])
        if first.version == 1:
            created.append(current)
        else:
            updated.append(current)
            replaced.append((first.customer_ext_id, first.business_unit, first.version - 1))
    return WritePlan(by_number, created, updated, superseded, replaced)
