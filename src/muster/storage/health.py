"""Is the database fit to serve?"""

from sqlalchemy import Engine

from muster.storage.errors import StorageError
from muster.storage.schema import USABLE_STATES, schema_state


def is_ready(engine: Engine) -> bool:
    """True when the database answers and has a schema that this version can work on.

    Never raises for one that is away.
    """
    try:
        return schema_state(engine) in USABLE_STATES
    except StorageError:
        return False
