"""Is the database fit to serve?"""

from sqlalchemy import Engine

from .errors import StoreError
from .schema import USABLE, schema_state


def ready(engine: Engine) -> bool:
    """True when the database answers and has a schema that this version can work on.

    Never raises for one that is away.
    """
    try:
        return schema_state(engine) in USABLE
    except StoreError:
        return False
