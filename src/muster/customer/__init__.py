"""What a customer is: the field tables, the error catalogue, and the checker that is compiled from them.

Imports nothing but the standard library and modules of this package.
"""

from muster.customer.business_units import BusinessUnits
from muster.customer.checker import CheckedCustomer, Checker, read_identifier
from muster.customer.findings import Findings, Violation

__all__ = ["BusinessUnits", "CheckedCustomer", "Checker", "Findings", "Violation", "read_identifier"]
