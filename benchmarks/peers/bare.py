"""The least that a request which writes can cost: a bare Litestar handler with one INSERT and one COMMIT.

Blocking work on a pooled connection in a thread, as muster does it, and nothing else: nobody is asked who they are, and
nothing is checked.
"""

import os
from uuid import uuid4

from litestar import Litestar, get, post
from sqlalchemy import create_engine

PATH = "/one"
CREATE_TABLE = "CREATE TABLE requests (id uuid PRIMARY KEY, body bytea NOT NULL)"
COUNT = "SELECT count(*) FROM requests"


def create_app() -> Litestar:
    """The service; BENCH_DATABASE says on which database."""
    engine = create_engine(os.environ["BENCH_DATABASE"].replace("postgresql://", "postgresql+psycopg://", 1))

    @post(PATH, sync_to_thread=True)
    def one(body: bytes) -> dict[str, bool]:
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("INSERT INTO requests (id, body) VALUES (%s, %s)", (uuid4(), body))
            connection.commit()
        finally:
            connection.close()
        return {"ok": True}

    @get("/ready", sync_to_thread=False)
    def ready() -> dict[str, bool]:
        return {"ready": True}

    return Litestar([one, ready], openapi_config=None)
