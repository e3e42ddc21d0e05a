"""Steps that measure muster itself."""

from collections.abc import Sequence
from contextlib import closing
from typing import Final

from benchmarks.client import Connection
from benchmarks.data import SHAPES, bodies, body_below
from benchmarks.databases import KINDS
from benchmarks.figures import CLIENTS, Figure, Load, Step, Unit, marked, uses_of
from benchmarks.ground import serving
from benchmarks.limits import decoded
from benchmarks.posting import SAVE, VALIDATE, Count, accepted, post_all
from benchmarks.processes import growth, processor_seconds
from benchmarks.service import Service
from benchmarks.sizes import MEBIBYTE, Amount, Size
from benchmarks.stage import Stage

SAVING: Final = "save"
DRY_RUN: Final = "dry run"
_PATHS: Final = {SAVING: SAVE, DRY_RUN: VALIDATE}

# How often decoding and the service take turns.
TURNS: Final = 20
# Posted before memory is idle memory.
_SMALL_BATCHES: Final = 10


def posted(stage: Stage, service: Service, load: Load, amount: Amount, *, in_order: bool = False) -> float:
    """Customers a second; all of them must be accepted and, of a save, be in the database afterwards."""
    batches = amount.batches(load.shape, load.batch, load.clients)
    names = stage.ground.names_in_order if in_order else stage.ground.names
    sent = bodies(load.shape, load.batch, batches, names)
    customers, before = batches * load.batch, service.rows()
    seconds, count = post_all(service, _PATHS[load.job], sent, load.clients, spread=stage.ground.spread)
    if count != customers:
        raise Count(customers, count)
    if service.rows() - before != (customers if load.job == SAVING else 0):
        raise Count(customers, service.rows() - before)
    return customers / seconds


def rate(load: Load, amount: Amount) -> Step:
    """Customers a second of two workers."""
    return Step((load.figure,), lambda stage: [posted(stage, stage.muster(load.database), load, amount)])


def one_worker(size: Size, shape: str, database: str) -> Step:
    """The dry run with one worker, on the database that two work on."""
    load = marked(size, DRY_RUN, shape, database=database)
    figure = Figure(f"{load.figure.what}, one worker", Unit.RATE)
    return Step((figure,), lambda stage: [posted(stage, stage.muster(load.database, workers=1), load, size.checked)])


def stored(size: Size, *, in_order: bool) -> Step:
    """Saving into an empty database and into one that holds customers, by names at random or in order."""
    load, uses = marked(size, SAVING), uses_of(size)
    named = f"{load.figure.what}, names in order" if in_order else load.figure.what
    figures = tuple(Figure(f"{named}, {meaning}", Unit.RATE) for meaning in uses.values())

    def measure(stage: Stage) -> Sequence[float]:
        stage.touch()
        return [posted(stage, stage.muster(load.database, use), load, size.saved, in_order=in_order) for use in uses]

    return Step(figures, measure)


def processor(size: Size, shape: str) -> Step:
    """Processor time of a dry run, of all processes of the service, and of decoding the same bodies alone.

    The two take turns many times: the speed of a machine that is shared changes from one second to the next.
    """
    load = marked(size, DRY_RUN, shape)
    figures = (
        Figure(f"limit, JSON: msgspec decodes {shape} customers, {size.batch:,} a body", Unit.PROCESSOR),
        Figure(load.figure.what, Unit.PROCESSOR),
    )

    def measure(stage: Stage) -> Sequence[float]:
        service = stage.muster(load.database)
        batches = max(size.checked.batches(shape, load.batch) // TURNS, load.clients)
        decoding, before = 0.0, processor_seconds(service.pid)
        for _ in range(TURNS):
            sent = bodies(load.shape, load.batch, batches, stage.ground.names)
            decoding += decoded(sent)
            _, count = post_all(service, VALIDATE, sent, load.clients, spread=stage.ground.spread)
            if count != batches * load.batch:
                raise Count(batches * load.batch, count)
        customers = TURNS * batches * load.batch
        return [decoding * 1e6 / customers, (processor_seconds(service.pid) - before) * 1e6 / customers]

    return Step(figures, measure)


def memory(size: Size) -> Step:
    """What a worker takes for one large body, above what it has when it is idle, and how large the body is."""
    figures = (
        Figure("muster on PostgreSQL: memory of a worker above its idle memory, saving full customers", Unit.MEMORY),
        Figure("the body that it takes meanwhile", Unit.MEMORY),
    )

    def measure(stage: Stage) -> Sequence[float]:
        database, names = stage.database("PostgreSQL", "memory"), stage.ground.names
        body, customers = body_below(size.memory_body, "full", names)
        with serving(database, 1, {"MUSTER_MAX_CUSTOMERS": str(customers)}) as service:
            post_all(service, SAVE, bodies("full", size.batch // 10, _SMALL_BATCHES, names), 1, spread=False)
            request = service.address.request(SAVE, body)
            with closing(Connection(service.address)) as connection:
                answers: list[bytes] = []
                grown = growth(service.pid, lambda: answers.append(connection.send(request)))
            if accepted(answers[0]) != customers:
                raise Count(customers, accepted(answers[0]))
        return [grown / MEBIBYTE, len(body) / MEBIBYTE]

    return Step(figures, measure)


def table(size: Size) -> list[tuple[Load, Amount]]:
    """Both endpoints, both databases, both shapes, batches of all sizes, one client and several."""
    return [
        (Load(database, job, shape, batch, clients), amount)
        for database in KINDS
        for job in _PATHS
        for shape in SHAPES
        for batch, amount in size.table.items()
        for clients in (1, CLIENTS)
    ]
