"""Candidates: what remains of each customer between its check and the response."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from muster.customer import BusinessUnits, Checker, Findings, Violation, read_identifier
from muster.customer.compiled_object import Document
from muster.customer.findings import FieldWarning
from muster.intake.stage_timings import StageTimings

# Customers that are checked together: enough to make the precheck cheap, and few enough to stay in the processor's
# cache while they are processed. Minimal ones are fastest from 256 on (5 % faster than 128, 15 % than 64), full ones of
# a large body at 128 (10 % faster than 256).
GROUP_SIZE: Final = 200

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


# Candidates are not tracked by the garbage collector (gc=False): a batch has thousands of them, and none is part of a
# reference cycle.
class Valid(msgspec.Struct, gc=False):
    """A customer in which its own check found no violation. The last three fields are set when it may be saved."""

    communication_number: str
    customer_ext_id: str
    business_unit: str
    action: str | None  # as it was sent: CREATE, UPDATE, or None
    warnings: Sequence[FieldWarning] = ()
    entity_type: str = ""
    customer_status: str = ""
    document: bytes = b""  # JSON, UTF-8

    @property
    def storable_identifiers(self) -> tuple[str, str]:
        """The communication number and the customerExtId that are stored when the customer is rejected."""
        return self.communication_number, self.customer_ext_id


class Invalid(msgspec.Struct, gc=False):
    """A customer with violations of its own.

    The result echoes the identifiers. `storable_identifiers` has the communication number and the customerExtId that
    may also be stored: None instead of one that is too long or has a NUL.
    """

    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    storable_identifiers: tuple[str | None, str | None]
    violations: Sequence[Violation]
    warnings: Sequence[FieldWarning]


Candidate = Valid | Invalid


def check_customers(
    items: Iterator[Any], checker: Checker, units: BusinessUnits, stages: StageTimings, *, to_save: bool
) -> tuple[list[Candidate], list[int]]:
    """Checks every item of a batch, in groups whose decoded items are released before the next group is decoded.

    Gives the candidates and the nanoseconds that each took: the average of its group. Raises what `items` raises.
    """
    candidates: list[Candidate] = []
    own_ns: list[int] = []
    to_candidate = _to_storable if to_save else _to_valid
    started = time.perf_counter_ns()
    while group := _decode_group(items, stages):
        with stages.check:
            candidates += [
                _to_invalid(item, *checked) if checked[2].violations else to_candidate(*checked)
                for item, checked in zip(group, checker.check_all(group, units), strict=True)
            ]
        ended = time.perf_counter_ns()
        own_ns += [(ended - started) // len(group)] * len(group)
        started = ended
    return candidates, own_ns


def _decode_group(items: Iterator[Any], stages: StageTimings) -> list[Any]:
    """The next items; those of a large body are decoded here."""
    with stages.decode:
        return list(islice(items, GROUP_SIZE))


def _to_valid(document: Document, unit: str | None, findings: Findings) -> Valid:
    assert unit is not None
    return Valid(
        document["communicationNumber"],
        document["customerExtId"],
        unit,
        document.get("action"),
        findings.warnings,
    )


def _to_storable(document: Document, unit: str | None, findings: Findings) -> Valid:
    candidate = _to_valid(document, unit, findings)
    candidate.entity_type, candidate.customer_status = document["entityType"], document["customerStatus"]
    candidate.document = _encode(document)
    return candidate


def _to_invalid(item: object, document: Document, unit: str | None, findings: Findings) -> Invalid:
    names = "communicationNumber", "customerExtId"
    number, ext_id = (read_identifier(item, document, name) for name in names)
    storable = document.get(names[0]), document.get(names[1])
    return Invalid(number, ext_id, unit, storable, findings.violations, findings.warnings)
