"""The checker: checks one customer by the field tables, without the store and without the other customers."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from muster.customer import errors
from muster.customer.business_units import BusinessUnits
from muster.customer.compiled_object import MIN_COLUMN_LENGTH, Document
from muster.customer.compiler import Compiler
from muster.customer.error_prefix import CUSTOMER_PREFIX
from muster.customer.fields import SCHEMAS_BY_TYPE
from muster.customer.findings import MAX_FINDINGS, CompiledError, Findings
from muster.customer.nested import EntityTypeReader, NestedObjectReader
from muster.customer.value_readers import RetiredCode, is_absent
from muster.customer.value_types import ClassifierCode, Codes

# The result of a check: the normalised document, without absent and unknown fields; the business unit that applies, or
# None when it is not known; and the findings. A plain tuple, because one is made for each customer.
CheckedCustomer = tuple[Document, str | None, Findings]


class Checker:
    """Checks customers by the codes that it was made with, and keeps `max_findings` of each. Threads may share it.

    It can be pickled. A process compiles it once, however often the same one is unpickled or asked for by `of`.
    """

    def __init__(self, codes: Codes, *, max_findings: int = MAX_FINDINGS) -> None:
        self.business_units = codes["businessUnit"]
        self._codes = codes
        self._max_findings = max_findings
        by_type = {entity_type: Compiler(codes, entity_type).compile_customer() for entity_type in SCHEMAS_BY_TYPE}
        self._customers = NestedObjectReader(EntityTypeReader(by_type, Compiler(codes, None).compile_customer()))

    @classmethod
    def of(cls, codes: Codes) -> "Checker":
        """The checker by these codes, which the caller shares with others."""
        return _share_checker(*_split_codes(codes), MAX_FINDINGS)

    def __reduce__(self) -> tuple[Callable[..., "Checker"], tuple[object, ...]]:
        return _share_checker, (*_split_codes(self._codes), self._max_findings)

    def check(
        self, item: object, units: BusinessUnits, *, reject_unknown: bool = False, max_findings: int | None = None
    ) -> CheckedCustomer:
        """Checks one item of `customers`, which may be any JSON value.

        With `reject_unknown`, unknown fields are violations; otherwise they are ignored with a warning. The findings
        are the first `max_findings`, when these are fewer than the checker keeps.
        """
        kept = self._max_findings if max_findings is None else min(max_findings, self._max_findings)
        findings = Findings(reject_unknown=reject_unknown, max_findings=kept)
        document = self._customers.read(item, (), findings)
        if type(document) is not dict or type(item) is not dict:
            findings.add_violation(_NOT_AN_OBJECT, ())
            return {}, units.default, findings
        unit = _find_business_unit(item, document, units, findings)
        findings.sort()
        return document, unit, findings

    def check_all(
        self,
        items: Sequence[Any],
        units: BusinessUnits,
        *,
        reject_unknown: bool = False,
        max_findings: int | None = None,
    ) -> Iterator[CheckedCustomer]:
        """Checks many items as `check` does. Costs less per item, and much less for items that need no change.

        The findings of an item are made when it is asked for: those of all items would take megabytes.
        """
        needs_check: set[int] | range = range(len(items))
        if len(items) >= MIN_COLUMN_LENGTH:
            needs_check = set()
            self._customers.precheck(items, range(len(items)), needs_check)
        usable, default = units.existing & units.allowed, units.default
        return (
            (item, unit, _NO_FINDINGS)
            if index not in needs_check and (unit := item.get("businessUnit", default)) in usable
            else self.check(item, units, reject_unknown=reject_unknown, max_findings=max_findings)
            for index, item in enumerate(items)
        )


# The codes of one classifier: its name, the current codes, the retired ones. Both kinds of code compare as texts.
_CodeList = tuple[str, frozenset[str], frozenset[str]]
# Compiling takes 50 ms, and a process rarely checks by the codes of more than one installation.
_MAX_SHARED: Final = 4


def _split_codes(codes: Codes) -> Iterator[_CodeList]:
    for name, every in sorted(codes.items()):
        retired = frozenset(str(code) for code in every if isinstance(code, RetiredCode))
        yield name, frozenset(map(str, every)) - retired, retired


@lru_cache(_MAX_SHARED)
def _share_checker(*parts: Any) -> Checker:
    """The checker of these code lists, made once; the last part is `max_findings`."""
    *lists, max_findings = parts
    codes = {name: frozenset((*current, *map(RetiredCode, retired))) for name, current, retired in lists}
    return Checker(codes, max_findings=max_findings)


def read_identifier(item: object, document: Document, name: str) -> str | None:
    """An identifier for the result. One that is rejected for its length is still echoed, as it was sent."""
    value = document.get(name)
    if value is None and type(item) is dict and type(sent := item.get(name)) is str and not is_absent(sent):
        return sent
    return value


_NO_FINDINGS = Findings()
_NOT_AN_OBJECT = CompiledError.compile(errors.NOT_AN_OBJECT, CUSTOMER_PREFIX)
_UNIT_ERRORS = {
    error: CompiledError.compile(error, CUSTOMER_PREFIX, ClassifierCode("businessUnit").expected)
    for error in (errors.UNIT_MISSING, errors.UNIT_UNKNOWN, errors.UNIT_NOT_ALLOWED)
}


def _find_business_unit(item: Document, document: Document, units: BusinessUnits, findings: Findings) -> str | None:
    """The unit that applies, None when the installation does not have it; adds its violation to `findings`."""
    unit = document.get("businessUnit")
    if unit is None:
        if not is_absent(item.get("businessUnit")):
            return None  # the field's reader has rejected it
        unit = units.default
    error = units.find_error(unit)
    if error is not None:
        findings.add_violation(_UNIT_ERRORS[error], ("businessUnit",))
    return unit if unit in units.existing else None
