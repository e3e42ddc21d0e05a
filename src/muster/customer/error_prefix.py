"""Where a part stands decides how its errors begin: their code, and the sentence that leads to the part.

`{i}` is the index of the part in its list and, under a related entity, that of the entity; then `{j}` is the part's.
`{C}` is `C016.C016` for an INDIVIDUAL customer and `C017.C016` for an ORGANIZATION one.
"""

from dataclasses import dataclass
from typing import Final

from muster.customer.errors import Error


@dataclass(frozen=True, slots=True)
class ErrorPrefix:
    """Beginnings of codes and texts; `base` leads the errors that no part leads (`Error.led`)."""

    code: str = ""
    lead: str = ""
    base: "ErrorPrefix | None" = None

    def get_code(self, error: Error) -> str:
        return self._of(error).code + error.code

    def get_text(self, error: Error) -> str:
        return self._of(error).lead + error.text

    def _of(self, error: Error) -> "ErrorPrefix":
        return self.base if self.base and not error.has_prefix else self


CUSTOMER_PREFIX: Final = ErrorPrefix()
RELATED_PREFIX: Final = ErrorPrefix(
    "{C}.",
    "Problem with field for {ENTITYTYPE} type customer. Problem with relatedEntity (index: {i} ). ",
)
RELATED_CODES: Final = {"INDIVIDUAL": "C016.C016", "ORGANIZATION": "C017.C016"}  # {C} by the customer's entityType

# By part: the code's beginning in a customer and under a related entity (None: no such list there), and the text's.
_LEADS: Final = {
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
# The contract words this one lead differently under a related entity.
_RELATED_TEXTS: Final = {"BusinessEntityDocument": "Problem with BusinessEntityDocuments (index: {j} ). "}


def _under_related(part: str, code: str, text: str) -> ErrorPrefix:
    own = _RELATED_TEXTS.get(part, text.replace("{i}", "{j}"))
    return ErrorPrefix(RELATED_PREFIX.code + code, RELATED_PREFIX.lead + own, RELATED_PREFIX)


PREFIXES_IN_CUSTOMER: Final = {
    part: ErrorPrefix(code, text, CUSTOMER_PREFIX) for part, (code, _, text) in _LEADS.items()
}
PREFIXES_IN_RELATED: Final = {
    part: _under_related(part, code, text) for part, (_, code, text) in _LEADS.items() if code is not None
}


def get_prefix(part: str, parent: ErrorPrefix) -> ErrorPrefix:
    """Where a part stands that is found in `parent`; one without a lead of its own stands where its parent does."""
    return (PREFIXES_IN_RELATED if parent is RELATED_PREFIX else PREFIXES_IN_CUSTOMER).get(part, parent)
