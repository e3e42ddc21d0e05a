"""Candidates: what is left of each customer between its check and its answer."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from muster.customer import BusinessUnits, Checker, Findings, Violation, echo
from muster.customer.compiled_object import Document
from muster.customer.findings import Warning_
from muster.intake.stage_timings import StageTimings

# Customers that are checked together: enough to make sifting them cheap, and few enough to stay in the processor's
# cache until they are done with. Minimal ones are fastest from 256 on (5 % faster than 128, 15 % than 64), full ones of
# a large body at 128 (10 % faster than 256).
GROUP_SIZE: Final = 200

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


# Out of the garbage collector's sight (gc=False): there are thousands of them, and nothing in them leads back to them.
class Valid(msgspec.Struct, gc=False):
    """A customer in which its own check found nothing to refuse. The last three are there when it may be saved."""

    communication_number: str
    customer_ext_id: str
    business_unit: str
    is_update: bool
    warnings: Sequence[Warning_] = ()
    entity_type: str = ""
    customer_status: str = ""
    document: bytes = b""  # JSON, UTF-8

    @property
    def kept(self) -> tuple[str, str]:
        """The identifiers that are stored when it is refused after all."""
        return self.communication_number, self.customer_ext_id


class Invalid(msgspec.Struct, gc=False):
    """A customer that its own check refuses.

    The identifiers are what the result echoes; `kept` has the two of them that may also be stored: none that was
    refused for its length or for a NUL.
    """

    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    kept: tuple[str | None, str | None]
    violations: Sequence[Violation]
    warnings: Sequence[Warning_]


Candidate = Valid | Invalid


def check_customers(
    items: Iterator[Any], checker: Checker, units: BusinessUnits, stages: StageTimings, *, to_save: bool
) -> tuple[list[Candidate], list[int]]:
    """Checks every item. Gives the candidates, and the nanoseconds that each took on average of those checked with it.

    What the items were decoded into is let go, a few of them at a time. Raises what `items` raises.
    """
    candidates: list[Candidate] = []
    own_ns: list[int] = []
    sound = _to_storable if to_save else _to_valid
    started = time.perf_counter_ns()
    while some := _decode_group(items, stages):
        with stages.check:
            candidates += [
                _to_invalid(item, *checked) if checked[2].violations else sound(*checked)
                for item, checked in zip(some, checker.check_all(some, units), strict=True)
            ]
        ended = time.perf_counter_ns()
        own_ns += [(ended - started) // len(some)] * len(some)
        started = ended
    return candidates, own_ns


def _decode_group(items: Iterator[Any], stages: StageTimings) -> list[Any]:
    """The next few items; those of a large body are decoded here."""
    with stages.decode:
        return list(islice(items, GROUP_SIZE))


def _to_valid(document: Document, unit: str | None, findings: Findings) -> Valid:
    assert unit is not None
    return Valid(
        document["communicationNumber"],
        document["customerExtId"],
        unit,
        document.get("action") == "UPDATE",
        findings.warnings,
    )


def _to_storable(document: Document, unit: str | None, findings: Findings) -> Valid:
    candidate = _to_valid(document, unit, findings)
    candidate.entity_type, candidate.customer_status = document["entityType"], document["customerStatus"]
    candidate.document = _encode(document)
    return candidate


def _to_invalid(item: object, document: Document, unit: str | None, findings: Findings) -> Invalid:
    names = "communicationNumber", "customerExtId"
    number, ext_id = (echo(item, document, name) for name in names)
    kept = document.get(names[0]), document.get(names[1])
    return Invalid(number, ext_id, unit, kept, findings.violations, findings.warnings)
