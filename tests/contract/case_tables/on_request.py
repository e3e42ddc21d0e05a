"""Cases of the rows that only a query parameter brings."""

from tests.contract.case_tables.case import Case
from tests.samples import individual

CASES = [
    Case(individual(nickname="x"), "C020", "Field is not known. Field: nickname", query="?unknown=reject"),
    Case(individual(), "B001", "Batch not saved, other customers were rejected", query="?accept=all"),
]
