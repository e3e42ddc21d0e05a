"""`muster demo`: the service at work, with sample data in a database that is deleted with it."""

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
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
    from muster.sample_data import SampleUsers
    from muster.storage import Storage

USER = "demo"

OnceOption = Annotated[
    bool, typer.Option("--once", help="end after the response, with 0 if both customers were accepted")
]
# Without the environment variable, which may well name the database of an installation.
FreshDatabase = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="use this new database and not a temporary one", show_default=False),
]
DemoPort = Annotated[int, typer.Option("--port", min=0, max=65535, help="where to listen; a free port if it is taken")]
_PORT = Settings().port


def demo(once: OnceOption = False, port: DemoPort = _PORT, database: FreshDatabase = None) -> None:
    """Shows the service with sample data: sends two customers, prints request and response, and serves until Ctrl-C."""
    from muster.cli.demo_client import DemoClient

    # First: adding the sample data takes seconds, and the temporary directory must go whenever the demo is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (
        suppress(KeyboardInterrupt),  # the way to end the demo, and no failure
        _settings(port, database) as settings,
        _fresh_store(settings) as store,
        _sample_users(store) as users,
        _serve(settings) as (server, served_port),
    ):
        client = DemoClient(served_port, _make_token(store))
        if not client.send_customers():
            raise CommandError("the service did not accept both customers; its response above says why")
        if not once:
            client.say_what_to_try(users)
            server.join()


@contextmanager
def _serve(settings: Settings) -> Iterator[tuple[BaseProcess, int]]:
    """The service of `muster serve` in a child process, and its port."""
    with _listen(settings) as listener:
        server = get_context("fork").Process(target=_run_server, args=(settings, listener), name="server")
        server.start()
        port = listener.getsockname()[1]
    try:
        yield server, port
    finally:
        if server.pid is not None and server.is_alive():
            os.kill(server.pid, signal.SIGTERM)
        server.join()


def _run_server(settings: Settings, listener: socket.socket) -> None:
    from muster import bootstrap
    from muster.server.application import Service, run

    bootstrap.configure_logs(settings)
    os.environ.update(settings.to_environment())
    sys.exit(run(Service(bootstrap.create_app, listener)))


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
    """A store with a new schema."""
    from muster import bootstrap
    from muster.storage import SchemaState

    with storage_errors(settings):
        store = bootstrap.open_database(settings)
        try:
            if store.schema_state() is not SchemaState.EMPTY:
                raise CommandError("this database is in use; the demo needs a new one, or none: leave --database out")
            store.upgrade()
            yield store
        finally:
            store.close()


@contextmanager
def _sample_users(store: "Storage") -> "Iterator[SampleUsers]":
    """Adds the sample data; at the end all users are disabled, because a token and their password were printed."""
    from muster.bootstrap import tuned_interpreter
    from muster.sample_data import BUSINESS_UNITS, add_sample_data

    print_note("adding sample data: 30 days of made-up customers")
    administration = UserAdministration(store.users, get_operator())
    try:
        with tuned_interpreter():
            users = add_sample_data(store, utc_now().date())
        administration.add_user(User(USER, Role.SUBMIT, BUSINESS_UNITS))
        yield users
    finally:
        for user in store.users.users():
            administration.disable_user(user.name)


def _listen(settings: Settings) -> socket.socket:
    from muster.server.errors import StartupError
    from muster.server.listen import listen

    try:
        return listen(settings.host, settings.port)
    except StartupError:
        print_note(f"port {settings.port} is in use; the demo takes a free one")
        return listen(settings.host, 0)


def _make_token(store: "Storage") -> str:
    made = generate_token()
    UserAdministration(store.users, get_operator()).add_token(Token(made.id, USER, made.sha256, utc_now()))
    return made.text
