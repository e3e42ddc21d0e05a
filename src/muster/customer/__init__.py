"""What a customer is: the field tables, the error catalogue, and the checker that is compiled from them.

Imports the standard library and nothing of ours.
"""

from muster.customer.business_units import BusinessUnits
from muster.customer.checker import Checked, Checker, read_identifier
from muster.customer.findings import Findings, Violation

__all__ = ["BusinessUnits", "Checked", "Checker", "Findings", "Violation", "read_identifier"]
