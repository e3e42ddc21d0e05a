"""The catalogue of warnings: what is accepted and doubtful. A warning never rejects a customer.

A text may have placeholders in braces, which compiling a field fills in.
"""

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class WarningKind:
    """One warning: its code, its text, and in words when a value has it."""

    code: str
    text: str
    when: str

    def describe(self, field: str) -> str:
        """The text for a field, by its name as it was sent."""
        return self.text

    def fill(self, **known: str) -> "WarningKind":
        """This warning with the values of its placeholders."""
        return replace(self, text=self.text.format(**known))


UNKNOWN_FIELD: Final = WarningKind(
    "W001",
    "Field is not known and was ignored",
    "a field that the tables do not have; names the known field that is meant when one is near: `isPep`, `isPEP`",
)
UNUSED_FIELD: Final = WarningKind(
    "W002",
    "Field is not used for this entityType and was ignored",
    "a field of a related entity that its type does not use",
)
DATE_IN_FUTURE: Final = WarningKind(
    "W003",
    "Date is in the future",
    "a birth, an establishment or an issue of a document after the present day of the service's time zone",
)
OUT_OF_ORDER: Final = WarningKind(
    "W004",
    "{field} is {word} {lower}",
    "a closing before the application, an expiry before the issue, an upper bound below the lower one",
)
NOT_A_PERCENTAGE: Final = WarningKind(
    "W005", "Percentage is outside 0 to 100", "a share or a percentage below 0 or above 100"
)
UNCLEAN_IDENTIFIER: Final = WarningKind(
    "W006",
    "Identifier has blanks at its ends or invisible characters, or is not in the Unicode form NFC; without them it is "
    "another identifier",
    "an identifier of a customer, of a message or of a document; it is kept as it was sent",
)
KEPT_AS_TEXT: Final = WarningKind(
    "W007",
    "A number or a boolean was sent where text is expected; it was kept as its digits, and leading zeros may be lost",
    "a JSON number or boolean in a field of text or codes",
)
NOT_A_LEI: Final = WarningKind(
    "W008", "LEI has a wrong form or wrong check digits (ISO 17442)", "a LEI that is not 18 characters and check digits"
)
NOT_A_GIIN: Final = WarningKind(
    "W008", "GIIN has a wrong form; it is like 98Q96B.00000.LE.250", "a GIIN that is not in the form of the IRS"
)
NOT_AN_IBAN: Final = WarningKind(
    "W008",
    "Account looks like an IBAN and has wrong check digits (ISO 13616)",
    "an account that begins with two letters and two digits, like an IBAN",
)
RISK_LEVEL_MISSING: Final = WarningKind(
    "W009", "{field} is IMPORT and there is no {companion}", "a risk level is announced and is not there"
)

RETIRED_CODE: Final = WarningKind(
    "W010",
    "Code is retired: its list no longer has it, and it was accepted",
    "a code of ISO that a later version of the list dropped",
)

WARNINGS: Final = (
    UNKNOWN_FIELD,
    UNUSED_FIELD,
    DATE_IN_FUTURE,
    OUT_OF_ORDER,
    NOT_A_PERCENTAGE,
    UNCLEAN_IDENTIFIER,
    KEPT_AS_TEXT,
    NOT_A_LEI,
    NOT_A_GIIN,
    NOT_AN_IBAN,
    RISK_LEVEL_MISSING,
    RETIRED_CODE,
)
# Every possible code of a warning, in their order.
WARNING_CODES: Final = tuple(dict.fromkeys(kind.code for kind in WARNINGS))
