"""Which customers use codes of code lists, as a bounded look into the current documents.

No index has the codes of documents: one over 10 million customers would slow each save for a question that is asked
when a code is removed. A look reads some documents in the order of their keys, and says how many; an export reads all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

from muster.audit.events import Action, Details
from muster.auth.read_audit import ReadAudit
from muster.auth.users import User
from muster.customer.code_fields import Code, find_codes

# 2,000 documents of 1.8 KB take 40 ms of processor time on SQLite, 20 µs each; so 10 million take minutes.
MAX_CUSTOMERS: Final = 2_000
MAX_BYTES: Final = 8 * 1024 * 1024
MAX_EXAMPLES: Final = 5  # customers of a code and a business unit that are named
WantedCodes = Mapping[str, frozenset[str]]  # classifier -> codes
_UNIT: Final = "businessUnit"
_decode: Final = msgspec.json.Decoder(dict).decode


@dataclass(frozen=True, slots=True)
class CurrentCustomer:
    """The current document of a customer, with the two parts of its key."""

    customer_ext_id: str
    business_unit: str
    document: bytes  # JSON, UTF-8


class CurrentCustomerStore(Protocol):
    def current_customers(
        self, *, after: tuple[str, str] | None, limit: int, max_bytes: int
    ) -> Sequence[CurrentCustomer]:
        """At most `limit` customers whose key follows the key `after`, by `customerExtId` and business unit.

        Stops after one or more documents when they reach `max_bytes` together.
        """
        ...


@dataclass(frozen=True, slots=True)
class CodeUses:
    """What a look has found. `counts` has the customers of each code, `examples` the first ones by business unit.

    `is_complete` says that all customers were looked at.
    """

    looked_at: int = 0
    is_complete: bool = True
    counts: Mapping[Code, int] = field(default_factory=dict)
    examples: Mapping[Code, Mapping[str, Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A code, and a customer that has it."""

    code: Code
    customer: CurrentCustomer


class CodeUseSearch:
    """Looks for users who may see all customers. Thread-safe; it blocks."""

    def __init__(
        self,
        store: CurrentCustomerStore,
        audit: ReadAudit,
        *,
        max_customers: int = MAX_CUSTOMERS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._store = store
        self._audit = audit
        self._max_customers = max_customers
        self._max_bytes = max_bytes

    def look(self, user: User, wanted: WantedCodes) -> CodeUses:
        """Looks for codes. Customers that it names are in the audit log before it returns."""
        if not any(wanted.values()):
            return CodeUses()
        found = self._store.current_customers(after=None, limit=self._max_customers + 1, max_bytes=self._max_bytes)
        looked_at = found[: self._max_customers]
        is_complete = len(found) <= self._max_customers and sum(len(each.document) for each in found) < self._max_bytes
        counts: Counter[Code] = Counter()
        examples: dict[Code, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for customer in looked_at:
            codes = _find_codes(customer, wanted)
            counts.update(codes)
            for code in codes:
                named = examples[code][customer.business_unit]
                if len(named) < MAX_EXAMPLES:
                    named.append(customer.customer_ext_id)
        named_customers = {
            (unit, name) for units in examples.values() for unit, names in units.items() for name in names
        }
        if named_customers:
            self._record(user, wanted, {"customers": len(named_customers), "export": False})
        return CodeUses(len(looked_at), is_complete, counts, examples)

    def export(self, user: User, wanted: WantedCodes) -> Iterator[Sequence[CodeUse]]:
        """All uses of the codes, in groups, which may be empty. The audit log notes the export as a whole at its start.

        Reads all customers, each as it is when its turn comes.
        """
        self._record(user, wanted, {"export": True})
        return self._iterate(wanted)

    def _iterate(self, wanted: WantedCodes) -> Iterator[Sequence[CodeUse]]:
        after: tuple[str, str] | None = None
        while found := self._store.current_customers(after=after, limit=self._max_customers, max_bytes=self._max_bytes):
            after = (found[-1].customer_ext_id, found[-1].business_unit)
            yield [CodeUse(code, each) for each in found for code in sorted(_find_codes(each, wanted))]

    def _record(self, user: User, wanted: WantedCodes, details: Details) -> None:
        subject = ",".join(sorted(wanted))
        self._audit.record_read(
            user, Action.CODE_USES_READ, subject, {"codes": sum(map(len, wanted.values())), **details}
        )


def _find_codes(customer: CurrentCustomer, wanted: WantedCodes) -> set[Code]:
    codes = find_codes(_decode(customer.document), wanted)
    if customer.business_unit in wanted.get(_UNIT, ()):
        codes.add((_UNIT, customer.business_unit))
    return codes
