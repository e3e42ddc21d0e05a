"""The two lines of SQL in README.md make a database that muster can use."""

import re
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import make_url

from muster.storage import open_storage

README = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")


def test_lines_of_the_readme_make_a_database_that_its_role_can_use(postgres_server_url: str) -> None:
    [block] = re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    lines = block.splitlines()
    assert len(lines) == 2
    name, password = f"muster_{uuid4().hex[:8]}", "p@ss/w:rd"
    with psycopg.connect(postgres_server_url, autocommit=True) as connection:
        for line in lines:
            connection.execute(
                line.replace("muster", name).replace("PASSWORD 'PASSWORD'", f"PASSWORD '{password}'").encode()
            )
        try:
            url = make_url(postgres_server_url).set(username=name, password=password, database=name)
            storage = open_storage(url.render_as_string(hide_password=False))
            assert storage.upgrade()
            assert storage.find_obstacle() is None
            storage.close()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            connection.execute(f"DROP ROLE {name}".encode())
