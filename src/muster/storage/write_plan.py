"""Sorts the accepted customers of a batch by table and by operation, in the order in which all writers lock rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from muster.intake.customer_store import AcceptedCustomer


@dataclass(frozen=True, slots=True)
class WritePlan:
    """The writes of one batch. Each list is in the order of its table's primary key.

    Transactions that lock keys in the same order can't deadlock.
    """

    communications: list[AcceptedCustomer]  # all of them: each takes its communication number
    created: list[AcceptedCustomer]  # current versions of new customers
    updated: list[AcceptedCustomer]  # current versions of existing customers
    superseded: list[AcceptedCustomer]  # versions followed by a later version in the same batch
    replaced: list[
        tuple[str, str, int]
    ]  # (customerExtId, business unit, version) that must be current before the write


def build_write_plan(accepted: Iterable[AcceptedCustomer]) -> WritePlan:
    """Plans the writes of a batch; several customers of one key must have consecutive versions."""
    by_number = sorted(accepted, key=attrgetter("communication_number"))
    by_key = sorted(by_number, key=attrgetter("version"))
    # Sorts by one attribute at a time: in most batches all versions and units are equal, and sorting a sorted list is
    # nearly free.
    by_key.sort(key=attrgetter("business_unit"))
    by_key.sort(key=attrgetter("customer_ext_id"))
    if _is_new_only(by_key):
        return WritePlan(by_number, created=by_key, updated=[], superseded=[], replaced=[])
    return _plan_updates(by_number, by_key)


def _is_new_only(by_key: list[AcceptedCustomer]) -> bool:
    """Whether each customer is new and occurs once: the usual batch of a migration, which takes a shortcut."""
    ext_ids = {customer.customer_ext_id for customer in by_key}
    return len(ext_ids) == len(by_key) and all(customer.version == 1 for customer in by_key)


def _plan_updates(by_number: list[AcceptedCustomer], by_key: list[AcceptedCustomer]) -> WritePlan:
    plan = WritePlan(by_number, created=[], updated=[], superseded=[], replaced=[])
    for _, group in groupby(by_key, key=attrgetter("key")):
        versions = list(group)
        first, current = versions[0], versions[-1]
        plan.superseded.extend(versions[:-1])
        if first.version == 1:
            plan.created.append(current)
        else:
            plan.updated.append(current)
            plan.replaced.append((first.customer_ext_id, first.business_unit, first.version - 1))
    return plan
