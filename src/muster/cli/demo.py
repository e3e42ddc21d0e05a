"""`muster demo`: the service at work, on a database that goes away with it."""

import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from muster.auth.administration import UserAdministration
from muster.auth.authentication import utc_now
from muster.auth.tokens import generate_token
from muster.auth.users import Role, Token, User
from muster.cli.context import get_operator, storage_errors
from muster.cli.errors import CommandError
from muster.cli.output import print_note
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.storage import Storage

USER = "demo"

Once = Annotated[bool, typer.Option("--once", help="end after the answer, with 0 if both customers were accepted")]
# Without the environment variable, which may well name the database of an installation.
FreshDatabase = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="use this new database and not a temporary one", show_default=False),
]
DemoPort = Annotated[int, typer.Option("--port", min=0, max=65535, help="where to listen; a free port if it is taken")]
_PORT = Settings().port


def demo(once: Once = False, port: DemoPort = _PORT, database: FreshDatabase = None) -> None:
    """Shows the service at work: sends it two customers, prints request and answer, and keeps serving until Ctrl-C."""
    from muster import bootstrap
    from muster.cli.demo_client import DemoClient
    from muster.observability.multiprocess import multiprocess_dir
    from muster.server.background import run_in_background

    with multiprocess_dir(1), _settings(port, database) as settings, _fresh_store(settings) as store:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        bootstrap.configure_logs(settings)
        listener = _listen(settings)
        with run_in_background(bootstrap.make_service(settings, store), settings, listener) as server:
            conversation = DemoClient(listener.getsockname()[1], _make_token(store))
            if not conversation.send_customers():
                raise CommandError("the service did not accept both customers; its answer above says why")
            if not once:
                conversation.say_what_to_try()
                with suppress(KeyboardInterrupt):  # the way to end it, and no failure
                    server.join()


@contextmanager
def _settings(port: int, database: str | None) -> Iterator[Settings]:
    # Only these settings: what the environment says is meant for an installation.
    if database is not None:
        yield Settings(database=database, port=port)
        return
    with tempfile.TemporaryDirectory(prefix="muster-demo-") as directory:
        yield Settings(database=f"sqlite:///{Path(directory, 'demo.db')}", port=port)


@contextmanager
def _fresh_store(settings: Settings) -> "Iterator[Storage]":
    """A store with a schema that was just made; at the end the demo's user, whose token was printed, is shut out."""
    from muster import bootstrap
    from muster.storage import SchemaState

    with storage_errors(settings):
        store = bootstrap.open_database(settings)
        try:
            if store.schema_state() is not SchemaState.EMPTY:
                raise CommandError("this database is in use; the demo needs a new one, or none: leave --database out")
            store.upgrade()
            administration = UserAdministration(store.users, get_operator())
            administration.add_user(User(USER, Role.SUBMIT))
            try:
                yield store
            finally:
                administration.disable_user(USER)
        finally:
            store.close()


def _listen(settings: Settings) -> socket.socket:
    from muster.server.run import listen

    try:
        return listen(settings.host, settings.port)
    except CommandError:
        print_note(f"port {settings.port} is in use; the demo takes a free one")
        return listen(settings.host, 0)


def _make_token(store: "Storage") -> str:
    made = generate_token()
    UserAdministration(store.users, get_operator()).add_token(Token(made.id, USER, made.sha256, utc_now()))
    return made.text
