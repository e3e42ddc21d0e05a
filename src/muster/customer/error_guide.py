"""What an error or a warning means, and its cure, in words for the person who fixes the sending system.

The words are Markdown, with code and links to the reference page of fields alone: the reference pages and the console
show them.

Most errors belong to fields, so a rule makes their words from the field tables. `_SPECIAL` has those that do not, or
whose cure is more than a value that the field takes. The cause stands beside the error (`Error.when`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from muster.customer import errors as e
from muster.customer.error_prefix import CUSTOMER_PREFIX, RELATED_PREFIX, ErrorPrefix
from muster.customer.errors import Error
from muster.customer.fields import iterate_fields
from muster.customer.schema import Field, MandatoryWhen, Schema
from muster.customer.value_readers import ABSENT, BAD
from muster.customer.value_types import ClassifierCode


@dataclass(frozen=True, slots=True)
class Guide:
    """The meaning and the cure of one error or warning."""

    meaning: str
    cure: str


_GRANT: Final = "ask an administrator to grant the unit: `muster user change NAME --business-unit CODE`."
_DATATYPE: Final = Guide(
    "The `value` of an [AdditionalValue](fields.md#additionalvalue) does not have the form of its `datatype`. The text "
    "names the `code` of the additional value.",
    "Send the value in the form of its datatype, as `expected` describes it, or correct the datatype.",
)

_SPECIAL: Final[Mapping[Error, Guide]] = {
    e.NOT_AN_OBJECT: Guide(
        "An item of the list `customers` is no customer.",
        "Send an object with the fields of a customer. A text often is JSON that was encoded twice; a list often is a "
        "row of a table without its column names.",
    ),
    e.COMMUNICATION_NUMBER_USED: Guide(
        "Each message has a number of its own, for ever, and this one belongs to another message.",
        "`GET /api/v1/communications/{number}` shows the customer that was accepted under the number. If it is this "
        "one, nothing is left to do. Otherwise send the customer under a new number. With an `Idempotency-Key` it is "
        "safe to send a whole batch again.",
    ),
    e.CUSTOMER_UNKNOWN: Guide(
        "There is no customer to replace in this business unit.",
        "Send `action` CREATE, or correct `customerExtId` or `businessUnit`. With `?upsert=true` leave `action` out.",
    ),
    e.CUSTOMER_KNOWN: Guide(
        "The customer exists in this business unit, so it cannot be created.",
        "Send `action` UPDATE, which replaces the customer as a whole, or correct `customerExtId`. With `?upsert=true` "
        "leave `action` out.",
    ),
    e.BATCH_NOT_SAVED: Guide(
        "The customer is valid. Nothing of its batch was saved, because too many other customers were rejected.",
        "Correct or leave out the rejected customers and send the batch again; or lower `?accept=`.",
    ),
    e.UNIT_MISSING: Guide(
        "It is not known which business unit the customer belongs to.",
        "Send `businessUnit`, or ask an administrator to grant the user a unit, which becomes its default: "
        "`muster user change NAME --business-unit CODE`.",
    ),
    e.UNIT_NOT_ALLOWED: Guide(
        "The business unit exists, but this user may not send customers of it.",
        f"Send a business unit that is granted to the user, or {_GRANT}",
    ),
    e.CATEGORY_IS_LEAD: Guide(
        "The category is for leads, who are not customers yet. A batch takes customers only.",
        "Send a code of the classifier riskManagementCategory that is not for leads.",
    ),
    e.CLOSING_DATE_MISSING: Guide(
        "A customer whose `customerStatus` is CLOSED needs a date that says since when.",
        "Send the date in `closingDate`, in the form that `expected` describes, or correct `customerStatus`.",
    ),
    e.CLOSING_DATE_FORBIDDEN: Guide(
        "The customer has a date of closing and a `customerStatus` that says that it is not closed.",
        "Leave out `closingDate`, or send `customerStatus` CLOSED.",
    ),
    e.NOT_FOR_INDIVIDUAL: Guide(
        "Only customers with `entityType` ORGANIZATION have this field.",
        "Leave the field out, or correct `entityType`.",
    ),
    e.NOT_FOR_ORGANIZATION: Guide(
        "Only customers with `entityType` INDIVIDUAL have this field.",
        "Leave the field out, or correct `entityType`.",
    ),
    e.BAD_VALUE: Guide(
        "The value of a field has another type or form than the field takes. The text names the field.",
        "Send a value that the field takes, as `expected` describes it; [fields](fields.md) lists all of them. Leave "
        "the field out if there is no value.",
    ),
    e.CODE_UNKNOWN: Guide(
        "The value of a field is no code of its classifier. The text names the field.",
        "Send a code that `GET /classifier/{name}` lists; `expected` names the classifier. If the code is right, ask "
        "the operator to add it.",
    ),
    e.FIELD_UNKNOWN: Guide(
        "The customer or a part of it has a field that no schema knows. The text names the field.",
        "Correct the name, where the case of letters counts, or leave the field out; [fields](fields.md) lists all "
        "names. Without `?unknown=reject` the field is ignored.",
    ),
    e.SCREENING_UNKNOWN: Guide(
        "`initializeScreeningProcesses` has a name that no screening process has.",
        "Leave out `initializeScreeningProcesses`: a batch starts no screening.",
    ),
    e.SCREENING_UNAVAILABLE: Guide(
        "`initializeScreeningProcesses` asks for a screening, which a batch cannot start.",
        "Leave out `initializeScreeningProcesses`, and start the screening after the customer is saved.",
    ),
    e.TURNOVER_BOUNDS: Guide(
        "A [DeclaredTurnover](fields.md#declaredturnover) says nothing without an amount.",
        "Send a whole number in `from`, in `to`, or in both.",
    ),
    e.RELATED_COUNTRY_UNKNOWN: Guide(
        "A country of a related entity is no code of the classifier country, or `registrationCountry` has no value "
        "though a related ORGANIZATION of an ORGANIZATION customer needs it. The text names the field.",
        "Send a code that `GET /classifier/country` lists, or leave the field out where it is not mandatory. If the "
        "code is right, ask the operator to add it to the classifier.",
    ),
    e.RELATED_NAME_MISSING: Guide(
        "A related entity has no name that can be read. The text names the field.",
        "Send `firstName` and `lastName` of a related INDIVIDUAL, `title` of a related ORGANIZATION; or correct its "
        "`entityType`.",
    ),
    e.VALUE_NO_BOOLEAN: _DATATYPE,
    e.VALUE_NO_INTEGER: _DATATYPE,
    e.VALUE_NO_DECIMAL: _DATATYPE,
    e.VALUE_NO_DATE: _DATATYPE,
    e.VALUE_NO_STRING: _DATATYPE,
    e.VALUE_NO_TIMESTAMP: _DATATYPE,
}

WARNING_GUIDES: Final[Mapping[str, Guide]] = {
    "W001": Guide(
        "The request has a field that no schema knows. It was ignored, so its value is not saved.",
        "Correct the name; the case of letters counts. `?unknown=reject` refuses such customers.",
    ),
    "W002": Guide(
        "The field belongs to the other entityType of a related entity. It was ignored, so its value is not saved.",
        "Leave the field out, or correct `entityType`.",
    ),
    "W003": Guide(
        "A birth, an establishment or an issue of a document lies in the future. The date is saved as it was sent.",
        "Check day, month and year in the sending system; two of them may be swapped.",
    ),
    "W004": Guide(
        "Two values are in the wrong order, such as an expiry before the issue. Both are saved as they were sent.",
        "Check whether the values of the two fields are swapped.",
    ),
    "W005": Guide(
        "A share or percentage is below 0 or above 100. It is saved as it was sent.",
        "Send percent, not a fraction or an amount: 75 for three quarters.",
    ),
    "W006": Guide(
        "The identifier has characters that people do not see. With them it is another customer than without.",
        "Remove the characters in the sending system, before a second customer is created.",
    ),
    "W007": Guide(
        "A number or boolean stands where text is expected. Its digits are saved; leading zeros were lost before.",
        'Send the value as a JSON string, in quotes: `"0123"`.',
    ),
    "W008": Guide(
        "The check digits or the form of the identifier are wrong. It is saved as it was sent.",
        "Compare the identifier with its source; often two characters are swapped.",
    ),
    "W009": Guide(
        "The risk level is to be imported, but the customer has none.",
        "Send `riskLevel`, or leave out `sourceOfRiskLevel`.",
    ),
    "W010": Guide(
        "The code was valid in an earlier version of its list and is not any more. It is accepted, so that no update "
        "of an old customer fails.",
        "Send the code that replaced it, if there is one.",
    ),
}


_VALUES: Final = {
    error: ", ".join(getattr(field.value_type, "values", ()))
    for _, field in iterate_fields()
    for error in (field.error, field.absent_error)
    if error
}


def get_text(error: Error, prefix: ErrorPrefix) -> str:
    """The text of an error with a prefix, with the values that the field takes, and the other placeholders left."""
    return prefix.get_text(error).replace("{values}", _VALUES.get(error, ""))


def get_guide(error: Error, prefix: ErrorPrefix) -> Guide:
    """The meaning and the cure of an error with a prefix."""
    return _SPECIAL.get(error) or _describe_fields(error, prefix)


def _describe_fields(error: Error, prefix: ErrorPrefix) -> Guide:
    """The words for an error of one field, or of several that are alike."""
    found = [
        (schema, field)
        for schema, field in iterate_fields()
        if error in (field.error, field.absent_error, *field.errors.values())
    ]
    fields = [field for _, field in found]
    alike = {(field.value_type, field.mandatory) for field in fields}
    assert len(alike) == 1, f"{error.code} belongs to no field or to different ones, so it needs words of its own"
    names = " or ".join(f"`{field.name}`" for field in fields)
    meaning = f"{names} of {_describe_place(found[0][0], prefix)} {_describe_fault(error, fields[0])}."
    value_type = fields[0].value_type
    is_optional = not any(isinstance(field.mandatory, MandatoryWhen) for field in fields)
    cure = f"Send in {names}: {error.expected or value_type.expected}."
    if is_optional:
        cure += " Or leave the field out."
    if isinstance(value_type, ClassifierCode):
        cure += " If the code is right, ask the operator to add it to the classifier."
    return Guide(meaning, cure)


def _describe_place(schema: Schema, prefix: ErrorPrefix) -> str:
    owner = "a related entity" if (prefix.base or prefix) is RELATED_PREFIX else "the customer"
    if prefix in (CUSTOMER_PREFIX, RELATED_PREFIX):
        return owner
    article = "an" if schema.name[0] in "AEIOU" else "a"
    return f"{article} [{schema.name}](fields.md#{schema.name.lower()}) of {owner}"


def _describe_fault(error: Error, field: Field) -> str:
    mandatory = field.mandatory if isinstance(field.mandatory, MandatoryWhen) else None
    covers_absent = mandatory is not None and field.get_error(ABSENT) is error
    covers_bad = field.get_error(BAD) is error
    if not (covers_absent or covers_bad):
        return "is too long, or has a NUL"
    condition = "" if mandatory is None or mandatory.description == "yes" else f" {mandatory.description}"
    faults: Sequence[str] = (
        *((f"is mandatory{condition} and has no value",) if covers_absent else ()),
        *(("has a value that the field does not take",) if covers_bad else ()),
    )
    return ", or ".join(faults)
