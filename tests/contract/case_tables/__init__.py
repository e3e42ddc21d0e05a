"""For every row of the contract's table of errors a customer that breaks just this rule, and the answer to it.

`CASES` stand in the order of the table; `ALIKE` are what it says beside its rows.
"""

from tests.contract.case_tables import alike, of_customers, of_parts, of_related
from tests.contract.case_tables.case import Case

CASES = [*of_customers.CASES, *of_parts.CASES, *of_related.CASES]
ALIKE = alike.CASES

__all__ = ["ALIKE", "CASES", "Case"]
