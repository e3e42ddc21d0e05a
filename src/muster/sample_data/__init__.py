"""Sample data: 30 days of an invented installation, for the demo, for screenshots and for tests.

All of it is made up and says so: users begin with `demo-`, identifiers of customers with `SAMPLE`, and names mean
"example" in their languages.
It goes through the intake, the loads and the administration as real data does, with a clock set to the days before.

What there is to find:

- four senders, two business units, low weekends, and every day accepted and refused customers;
- a new service type that cards sent a day before an admin added it: all of their customers of that day were refused;
- customers with several versions and refused messages between them (`case_histories.toml`);
- a file that was tried, mended and loaded, with refused rows, and loads that failed and were cancelled;
- people who signed in, read, and were refused, in the audit log.
"""

from muster.sample_data.accounts import BUSINESS_UNITS, SampleUsers
from muster.sample_data.generator import add_sample_data

__all__ = ["BUSINESS_UNITS", "SampleUsers", "add_sample_data"]
