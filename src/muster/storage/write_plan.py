"""What one batch writes, sorted out and in the order in which all writers write: the same for both databases."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from muster.intake.customer_store import AcceptedCustomer


@dataclass(frozen=True, slots=True)
class WritePlan:
    """The arrivals of a batch by what becomes of them. Each list is in the order of its table's key.

    Two transactions that write keys in one order can wait for each other in one direction only, so they never deadlock.
    """

    numbered: list[AcceptedCustomer]  # all: each takes its communication number
    created: list[AcceptedCustomer]  # the current version of a customer that wasn't there
    updated: list[AcceptedCustomer]  # the current version of a customer that was
    passed: list[AcceptedCustomer]  # versions that a later arrival of the same batch has replaced already
    replaced: list[tuple[str, str, int]]  # (customerExtId, business unit, version) that must be the current one now


def build_write_plan(arrivals: Iterable[AcceptedCustomer]) -> WritePlan:
    """Sorts out a batch whose arrivals of one customer have versions in sequence."""
    numbered = sorted(arrivals, key=attrgetter("communication_number"))
    in_order = sorted(numbered, key=attrgetter("version"))
    # One attribute at a time: most batches have one version and one unit, and a list that is in order sorts in no time.
    in_order.sort(key=attrgetter("business_unit"))
    in_order.sort(key=attrgetter("customer_ext_id"))
    if _are_new(in_order):
        return WritePlan(numbered, created=in_order, updated=[], passed=[], replaced=[])
    return _with_updates(numbered, in_order)


def _are_new(in_order: list[AcceptedCustomer]) -> bool:
    """True for a batch of new customers, each once: what a migration sends, and so worth a short way."""
    ext_ids = {arrival.customer_ext_id for arrival in in_order}
    return len(ext_ids) == len(in_order) and all(arrival.version == 1 for arrival in in_order)


def _with_updates(numbered: list[AcceptedCustomer], in_order: list[AcceptedCustomer]) -> WritePlan:
    steps = WritePlan(numbered, created=[], updated=[], passed=[], replaced=[])
    for _, group in groupby(in_order, key=attrgetter("key")):
        versions = list(group)
        first, current = versions[0], versions[-1]
        steps.passed.extend(versions[:-1])
        if first.version == 1:
            steps.created.append(current)
        else:
            steps.updated.append(current)
            steps.replaced.append((first.customer_ext_id, first.business_unit, first.version - 1))
    return steps
