"""Steps that measure what muster is compared with: limits and peers."""

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from benchmarks.client import Connection
from benchmarks.data import bodies
from benchmarks.figures import CLIENTS, Figure, Step, Unit, uses_of
from benchmarks.limits import copied, inserted
from benchmarks.peers import bare, conventional, table_api
from benchmarks.posting import SAVE, Count, accepted, in_turns, post_all
from benchmarks.sizes import Size
from benchmarks.stage import Stage

_WRITERS: Final = {"PostgreSQL": (copied, "COPY"), "SQLite": (inserted, "executemany")}


def writing_limit(size: Size, kind: str, shape: str) -> Step:
    """One connection that writes the rows of muster, and does nothing else."""
    return Step((Figure(_what(size, kind, shape), Unit.RATE),), lambda stage: [_written(stage, kind, shape, "limit")])


def stored_limit(size: Size) -> Step:
    """The same into an empty database and into one that holds customers: what these cost PostgreSQL alone."""
    what, uses = _what(size, "PostgreSQL", "minimal"), uses_of(size)
    figures = tuple(Figure(f"{what}, {meaning}", Unit.RATE) for meaning in uses.values())

    def measure(stage: Stage) -> Sequence[float]:
        stage.touch()
        return [_written(stage, "PostgreSQL", "minimal", use) for use in uses]

    return Step(figures, measure)


def conventional_saving(size: Size) -> Step:
    """The conventional service, its connections evenly on its workers."""
    what = f"conventional service on PostgreSQL: save, minimal customers, {size.batch:,} a batch, {CLIENTS} clients"

    def measure(stage: Stage) -> Sequence[float]:
        service, batches = stage.conventional, size.saved.batches("minimal", size.batch, CLIENTS)
        sent, customers = bodies("minimal", size.batch, batches, stage.ground.names), batches * size.batch
        before = service.rows()
        seconds, count = post_all(service, conventional.PATH, sent, CLIENTS, spread=True)
        _check(customers, count)
        _check(customers, service.rows() - before)
        return [customers / seconds]

    return Step((Figure(what, Unit.RATE),), measure)


def datasette_saving(size: Size) -> Step:
    """Datasette, which takes rows as they are."""
    figure = Figure(f"Datasette on SQLite: insert rows, minimal customers, {size.batch:,} a batch, 1 client", Unit.RATE)

    def measure(stage: Stage) -> Sequence[float]:
        service, ground = stage.datasette, stage.ground
        batches = size.saved.batches("minimal", size.batch)
        sent = [table_api.body(ground.rows.take("minimal", size.batch, ground.names)) for _ in range(batches)]
        before, customers = service.rows(), batches * size.batch
        seconds, _ = post_all(service, table_api.path_of(stage.datasette_file), sent, 1, spread=False)
        _check(customers, service.rows() - before)
        return [customers / seconds]

    return Step((figure,), measure)


def one_customer(size: Size) -> Step:
    """A batch of one against the bare handler, in turns; the median of the requests of each."""
    figures = (
        Figure("bare handler on PostgreSQL: one INSERT and COMMIT, 1 client", Unit.REQUEST),
        Figure("muster on PostgreSQL: save, minimal customers, 1 a batch, 1 client", Unit.REQUEST),
    )

    def measure(stage: Stage) -> Sequence[float]:
        services = (stage.bare, bare.PATH), (stage.muster("PostgreSQL"), SAVE)
        sent = [
            [service.address.request(path, body) for body in bodies("minimal", 1, size.requests, stage.ground.names)]
            for service, path in services
        ]
        before = [service.rows() for service, _ in services]
        with closing(Connection(stage.bare.address)) as one, closing(Connection(services[1][0].address)) as other:
            (bare_seconds, _), (seconds, answers) = in_turns([(one, sent[0]), (other, sent[1])], size.block)
        _check(size.requests, sum(map(accepted, answers)))
        for (service, _), rows in zip(services, before, strict=True):
            _check(size.requests, service.rows() - rows)
        return [bare_seconds * 1e3, seconds * 1e3]

    return Step(figures, measure)


def _what(size: Size, kind: str, shape: str) -> str:
    _, how = _WRITERS[kind]
    return f"limit, {kind}: one connection's {how}, {shape} customers, {size.batch:,} a transaction"


def _written(stage: Stage, kind: str, shape: str, use: str) -> float:
    """Customers a second."""
    size, database = stage.ground.size, stage.database(kind, use)
    customers = size.saved.batches(shape, size.batch) * size.batch
    rows, before = stage.ground.rows.take(shape, customers, stage.ground.names), database.rows()
    write, _ = _WRITERS[kind]
    seconds = write(database, rows, size.batch)
    if use != "stored":  # which counts what a service received
        _check(customers, database.rows() - before)
    return customers / seconds


def _check(expected: int, found: int) -> None:
    if found != expected:
        raise Count(expected, found)
