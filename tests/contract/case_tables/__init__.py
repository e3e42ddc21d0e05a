"""For every row of the contract's table of errors, a customer that breaks only this rule, and the result.

`CASES` has the order of the table. `EXTRA_CASES` has further texts of a row, and rows that stand for several errors.
"""

from tests.contract.case_tables import customers, extra, nested_objects, on_request, related_entities
from tests.contract.case_tables.case import Case

CASES = [*customers.CASES, *nested_objects.CASES, *related_entities.CASES, *on_request.CASES]
EXTRA_CASES = extra.CASES

__all__ = ["CASES", "EXTRA_CASES", "Case"]
