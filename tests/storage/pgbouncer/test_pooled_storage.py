"""What holds of idempotency keys and of races on a database holds of it through PgBouncer, too."""

# ruff: noqa: F401, F403
from tests.contract.conftest import shared_api
from tests.contract.test_idempotency import *
from tests.storage.test_idempotency import *
from tests.storage.test_races import (
    test_batches_that_create_and_update_overlapping_customers_succeed,
    test_each_of_overlapping_numbers_goes_to_one_batch,
    test_two_processes_share_a_database,
)
