"""Is the database fit to serve?"""

from sqlalchemy import Engine

from .errors import StoreError
from .schema import SchemaState, schema_state


def ready(engine: Engine) -> bool:
    """True when the database answers and has the schema of this version. Never raises for one that is away."""
    try:
        return schema_state(engine) is SchemaState.CURRENT
    except StoreError:
        return False
