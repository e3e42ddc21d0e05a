"""Redaction of what is stored of a response: it holds no name, text or identifier that only a refused value had.

A response shows its sender what was wrong, and may repeat what the sender made up: names of unknown fields in pointers,
the names and codes that some texts contain, and identifiers that were refused for their length or a NUL. The stored
response has the pointer of the object around an unknown field, the text with its placeholder, and null.
"""

from collections.abc import Sequence
from operator import is_

import msgspec

from muster.customer import Violation
from muster.customer.fields import FIELD_POSITIONS
from muster.customer.findings import FieldWarning, Path
from muster.customer.warnings import UNKNOWN_FIELD
from muster.intake.candidates import Candidate


def redact_path(path: Path) -> Path:
    """The path without the steps from the first name on that no field has."""
    for length, step in enumerate(path):
        if isinstance(step, str) and step not in FIELD_POSITIONS:
            return path[:length]
    return path


def redact_violation(violation: Violation) -> Violation:
    """The violation without the value in its text, and with a redacted path; itself when it has neither."""
    path = redact_path(violation.path)
    if violation.shown_value is None and path is violation.path:
        return violation
    return Violation(violation.error, path)


def redact_warning(warning: FieldWarning) -> FieldWarning:
    """The warning, with a redacted path; the text of a warning about an unknown field may name it too."""
    path = redact_path(warning.path)
    return warning if path is warning.path else FieldWarning(UNKNOWN_FIELD, path)


def redact_candidate(candidate: Candidate) -> Candidate:
    """The candidate with redacted warnings, and with None for refused identifiers; itself when it has neither."""
    found = list(candidate.warnings)
    warnings = [redact_warning(warning) for warning in found]
    number, ext_id = candidate.storable_identifiers
    is_storable = (number, ext_id) == (candidate.communication_number, candidate.customer_ext_id)
    if is_storable and all(map(is_, warnings, found)):
        return candidate
    return msgspec.structs.replace(candidate, communication_number=number, customer_ext_id=ext_id, warnings=warnings)


def needs_redaction(candidate: Candidate, violations: Sequence[Violation]) -> bool:
    """Whether a result of the candidate with these violations would hold anything that is not stored."""
    return redact_candidate(candidate) is not candidate or any(redact_violation(v) is not v for v in violations)
