"""Look-ups on a Citus cluster, which needs one: see `tests/citus.py`. What they find, test_conflicts.py tests."""

import pytest
from psycopg.errors import Diagnostic

from muster.storage import open_storage
from muster.storage.postgres.bounded_connection import BoundedConnection
from muster.storage.postgres.sharded_lookup import look_up_by_shard
from tests.citus import COORDINATOR
from tests.storage.samples import build_customer, fetch, save


@pytest.mark.skipif(COORDINATOR is None, reason="needs a Citus cluster, see tests/citus.py")
def test_each_shard_is_asked_once_and_for_its_own_keys(citus_url: str) -> None:
    storage, asked = open_storage(citus_url), list[str]()
    names = [f"number-{number}" for number in range(400)]
    save(storage, *(build_customer(name, name) for name in names))

    def note(notice: Diagnostic) -> None:
        if "FROM public.communications_" in (message := notice.message_primary or ""):
            asked.append(message)

    with storage.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, BoundedConnection)
        driver.execute("SET citus.log_remote_commands = on; SET citus.log_local_commands = on")
        driver.add_notice_handler(note)
        known = look_up_by_shard(driver, names, [])
    assert known.numbers == set(names)
    [(shards,)] = fetch(
        storage, "SELECT count(*) FROM pg_dist_shard WHERE logicalrelid = to_regclass('communications')"
    )
    assert len(asked) == shards
    storage.close()
