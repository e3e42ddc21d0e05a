"""The minimal cost of a request that writes: a bare Litestar handler with one INSERT and one COMMIT.

It runs blocking work on a pooled connection in a thread, as muster does, without authentication and checks.
"""

import os
from uuid import uuid4

from litestar import Litestar, get, post
from sqlalchemy import create_engine

PATH = "/one"
CREATE_TABLE = "CREATE TABLE requests (id uuid PRIMARY KEY, body bytea NOT NULL)"
COUNT = "SELECT count(*) FROM requests"


def create_app() -> Litestar:
    """The service on the database of the variable BENCH_DATABASE."""
    engine = create_engine(os.environ["BENCH_DATABASE"].replace("postgresql://", "postgresql+psycopg://", 1))

    @post(PATH, sync_to_thread=True)
    def insert_request(body: bytes) -> dict[str, bool]:
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

    return Litestar([insert_request, ready], openapi_config=None)
