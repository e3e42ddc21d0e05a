"""Error prefixes: the beginning of the codes and texts of errors, by the place of the object that has the error.

`{i}` is the index of the object in its list. Within a related entity, `{i}` is the index of the entity and `{j}` that
of the object. `{C}` is `C016.C016` for an INDIVIDUAL customer and `C017.C016` for an ORGANIZATION.
"""

from dataclasses import dataclass
from typing import Final

from muster.customer.errors import Error


@dataclass(frozen=True, slots=True)
class ErrorPrefix:
    """The beginning of codes and of texts. Errors without a prefix of their own (`Error.has_prefix`) have `base`."""

    code: str = ""
    text: str = ""
    base: "ErrorPrefix | None" = None
    is_related: bool = False

    def get_code(self, error: Error) -> str:
        return self._select(error).code + error.code

    def list_codes(self, error: Error) -> list[str]:
        """The codes in responses that an error has."""
        return list(dict.fromkeys(self.get_code(error).replace("{C}", code) for code in RELATED_CODES.values()))

    def get_text(self, error: Error) -> str:
        prefix = self._select(error)
        replaced = error.text_in_related if prefix.is_related else None
        return prefix.text + (error.text if replaced is None else replaced)

    def _select(self, error: Error) -> "ErrorPrefix":
        return self.base if self.base and not error.has_prefix else self


CUSTOMER_PREFIX: Final = ErrorPrefix()
RELATED_PREFIX: Final = ErrorPrefix(
    "{C}.",
    "Problem with field for {ENTITYTYPE} type customer. Problem with relatedEntity (index: {i} ). ",
    is_related=True,
)
RELATED_CODES: Final = {"INDIVIDUAL": "C016.C016", "ORGANIZATION": "C017.C016"}  # {C} by the customer's entityType

# By schema: the code in a customer, the code in a related entity (None: it has no such list), and the text.
_PREFIXES: Final = {
    "Contact": ("Q001.", "RE06.", "Problem with Contact (index: {i} ). "),
    "BusinessEntityDocument": ("Q002.", "RE08.", "Problem with Customer BusinessEntityDocument index = {i} . "),
    "AppealReason": ("Q003.", None, "Problem with AppealReason (index: {i} ). "),
    "Address": ("Q004.", "RE06.", "Problem with Address (index: {i} ). "),
    "IntroductionSource": ("Q005.", None, "Problem with IntroductionSource (index: {i} ). "),
    "OrderedService": ("Q006.", None, "Problem with OrderedService (index: {i} ). "),
    "DeclaredTurnover": ("Q007.", None, "Problem with DeclaredTurnover (index: {i} ). "),
    "IncomeSource": ("Q008.", "RE09.", "Problem with IncomeSource (index: {i} ). "),
    "CountryOfActivity": ("Q009.", "RE12.", "Problem with CountryOfActivity (index: {i} ). "),
    "RegionOfActivity": ("Q010.", "RE11.", "Problem with RegionOfActivity (index: {i} ). "),
    "Activity": ("Q011.", "RE10.", "Problem with Activity (index: {i} ). "),
    "PaymentPurpose": ("Q012.", None, "Problem with PaymentPurpose (index: {i} ). "),
    "SourceOfWealth": ("Q013.", None, "Problem with SourceOfWealth (index: {i} ). "),
    "PaymentCountry": ("Q014.", None, "Problem with PaymentCountry (index: {i} ). "),
    "CountryOfTaxPayment": ("Q017.", None, "CountryOfTaxPayment (index: {i} ). "),
    "AdditionalValue": ("", "", "AdditionalValue (index: {i} ). "),
}
# The contract has another text for this schema in a related entity.
_RELATED_TEXTS: Final = {"BusinessEntityDocument": "Problem with BusinessEntityDocuments (index: {j} ). "}


def _make_related_prefix(schema: str, code: str, text: str) -> ErrorPrefix:
    own = _RELATED_TEXTS.get(schema, text.replace("{i}", "{j}"))
    return ErrorPrefix(RELATED_PREFIX.code + code, RELATED_PREFIX.text + own, RELATED_PREFIX, is_related=True)


PREFIXES_IN_CUSTOMER: Final = {
    schema: ErrorPrefix(code, text, CUSTOMER_PREFIX) for schema, (code, _, text) in _PREFIXES.items()
}
PREFIXES_IN_RELATED: Final = {
    schema: _make_related_prefix(schema, code, text)
    for schema, (_, code, text) in _PREFIXES.items()
    if code is not None
}


def get_prefix(schema: str, parent: ErrorPrefix) -> ErrorPrefix:
    """The prefix of a nested object: its own by its schema, or that of the object that holds it."""
    return (PREFIXES_IN_RELATED if parent is RELATED_PREFIX else PREFIXES_IN_CUSTOMER).get(schema, parent)
