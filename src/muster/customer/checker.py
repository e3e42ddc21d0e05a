"""The checker: judges one customer by the field tables, without the store and without the other customers."""

from collections.abc import Sequence
from typing import Any

from muster.customer import errors
from muster.customer.business_units import BusinessUnits
from muster.customer.compiled_object import Document
from muster.customer.compiler import Compiler
from muster.customer.error_prefix import CUSTOMER_PREFIX
from muster.customer.fields import SCHEMAS_BY_TYPE
from muster.customer.findings import CompiledError, Findings
from muster.customer.nested import EntityTypeReader, NestedObjectReader
from muster.customer.value_readers import is_absent
from muster.customer.value_types import Codes

# What is found out about one customer: its document, normalised, without the absent and the unknown; the business unit
# that applies, None where it is not known; and the findings. A bare tuple, because one is made for each customer.
Checked = tuple[Document, str | None, Findings]


class Checker:
    """Checks customers by the classifiers it was made for. Threads may share it."""

    def __init__(self, codes: Codes) -> None:
        self.business_units = codes["businessUnit"]
        of_type = {of_type: Compiler(codes, of_type).customer() for of_type in SCHEMAS_BY_TYPE}
        self._customers = NestedObjectReader(EntityTypeReader(of_type, Compiler(codes, None).customer()))

    def check(self, item: object, units: BusinessUnits) -> Checked:
        """What is to be said of one item of `customers`, whatever JSON value it is."""
        findings = Findings()
        document = self._customers.read(item, (), findings)
        if type(document) is not dict or type(item) is not dict:
            findings.refuse(_NOT_AN_OBJECT, ())
            return {}, units.default, findings
        unit = _business_unit(item, document, units, findings)
        findings.settle()
        return document, unit, findings

    def check_all(self, items: Sequence[Any], units: BusinessUnits) -> Sequence[Checked]:
        """The same for many items, which costs less than one by one, and much less where they are sound as sent."""
        needs_check: set[int] = set()
        self._customers.precheck(items, range(len(items)), needs_check)
        usable, default = units.existing & units.allowed, units.default
        return [
            (item, unit, _NOTHING)
            if index not in needs_check and (unit := item.get("businessUnit", default)) in usable
            else self.check(item, units)
            for index, item in enumerate(items)
        ]


def read_identifier(item: object, document: Document, name: str) -> str | None:
    """An identifier as far as it can be read: a string that is refused for its length still tells the sender which."""
    kept = document.get(name)
    if kept is None and type(item) is dict and type(sent := item.get(name)) is str and not is_absent(sent):
        return sent
    return kept


_NOTHING = Findings()
_NOT_AN_OBJECT = CompiledError.compile(errors.NOT_AN_OBJECT, CUSTOMER_PREFIX)
_UNIT_CHECKS = {
    error: CompiledError.compile(error, CUSTOMER_PREFIX)
    for error in (errors.UNIT_MISSING, errors.UNIT_UNKNOWN, errors.UNIT_NOT_ALLOWED)
}


def _business_unit(item: Document, document: Document, units: BusinessUnits, findings: Findings) -> str | None:
    """The unit that applies, if the installation has it; what is wrong with it is added to `findings`."""
    unit = document.get("businessUnit")
    if unit is None:
        if not is_absent(item.get("businessUnit")):
            return None  # its own check has refused it
        unit = units.default
    refusal = units.refusal(unit)
    if refusal is not None:
        findings.refuse(_UNIT_CHECKS[refusal], ("businessUnit",))
    return unit if unit in units.existing else None
