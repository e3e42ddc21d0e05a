"""The checker: judges one customer by the field tables, without the store and without the other customers."""

from dataclasses import dataclass

from muster.customer import errors
from muster.customer.compiler import Compiler
from muster.customer.fields import OF_TYPE
from muster.customer.findings import Check, Findings
from muster.customer.kinds import Codes, is_absent
from muster.customer.objects import Document
from muster.customer.places import CUSTOMER
from muster.customer.units import BusinessUnits


@dataclass(slots=True)
class Checked:
    """A customer after the checks of its own.

    `communication_number`, `customer_ext_id` and `business_unit` are what a result echoes, None where it is not known;
    in a sound customer all three are known. `document` holds what was sent, normalised, without the absent and the
    unknown.
    """

    document: Document
    communication_number: str | None
    customer_ext_id: str | None
    business_unit: str | None
    findings: Findings

    @property
    def sound(self) -> bool:
        return not self.findings.violations

    @property
    def identity(self) -> tuple[str, str, str]:
        """Communication number, business unit and customerExtId of a sound customer."""
        number, unit, ext_id = self.communication_number, self.business_unit, self.customer_ext_id
        assert number is not None
        assert unit is not None
        assert ext_id is not None
        return number, unit, ext_id


class Checker:
    """Checks customers by the classifiers it was made for."""

    def __init__(self, codes: Codes) -> None:
        self.business_units = codes["businessUnit"]
        self._of_type = {of_type: Compiler(codes, of_type).customer() for of_type in OF_TYPE}
        self._of_unknown_type = Compiler(codes, None).customer()

    def check(self, item: object, units: BusinessUnits) -> Checked:
        """What is to be said of one item of `customers`, whatever JSON value it is."""
        findings = Findings()
        if type(item) is not dict:
            findings.refuse(_NOT_AN_OBJECT, ())
            return Checked({}, None, None, units.default, findings)
        entity_type = item.get("entityType")
        compiled = self._of_type.get(entity_type) if type(entity_type) is str else None
        document = (compiled or self._of_unknown_type).read(item, (), findings)
        unit = _business_unit(item, document, units, findings)
        violations = findings.violations
        if violations:
            if len(violations) > 1:
                findings.settle()
            number, ext_id = _echo(item, document, "communicationNumber"), _echo(item, document, "customerExtId")
            return Checked(document, number, ext_id, unit, findings)
        return Checked(document, document["communicationNumber"], document["customerExtId"], unit, findings)


_NOT_AN_OBJECT = Check.of(errors.NOT_AN_OBJECT, CUSTOMER)
_UNIT_CHECKS = {
    error: Check.of(error, CUSTOMER) for error in (errors.UNIT_MISSING, errors.UNIT_UNKNOWN, errors.UNIT_NOT_ALLOWED)
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


def _echo(item: Document, document: Document, name: str) -> str | None:
    """The identifier as far as it can be read: a string that is refused for its length still tells the sender which."""
    kept = document.get(name)
    if kept is None and type(sent := item.get(name)) is str and not is_absent(sent):
        return sent
    return kept
