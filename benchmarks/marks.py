"""The marks: two figures of each round, and what their ratio must be."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import against, own
from benchmarks.data import SHAPES
from benchmarks.databases import KINDS
from benchmarks.figures import Figure, Step, marked
from benchmarks.own import DRY_RUN, SAVING
from benchmarks.sizes import Size

Samples = Mapping[Figure, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A ratio that must be `must`, and better `aim`: at least or, when the aim is the lesser of the two, at most."""

    name: str
    what: str
    of: Figure
    to: Figure
    must: float
    aim: float
    steps: tuple[Step, ...]

    @property
    def at_most(self) -> bool:
        return self.aim < self.must

    def ratios(self, samples: Samples) -> list[float]:
        """One for each round."""
        return [of / to for of, to in zip(samples[self.of], samples[self.to], strict=True)]

    def verdict(self, samples: Samples) -> str:
        median = statistics.median(self.ratios(samples))
        reached = [median <= bound if self.at_most else median >= bound for bound in (self.must, self.aim)]
        return ("no", "yes", "yes, the aim too")[sum(reached)]


def marks_of(size: Size) -> list[Mark]:
    """The marks of a run of this size, and with each the steps that measure it, side by side."""
    return [*_writing(size), *_processor(size), *_single(size), *_scaling(size)]


def extra_steps(size: Size) -> list[Step]:
    """What is worth knowing, though no mark looks at it."""
    of_sqlite = [against.writing_limit(size, "SQLite", shape) for shape in SHAPES]
    return [*of_sqlite, *([against.stored_limit(size)] if size.stored else [])]


def _writing(size: Size) -> Iterator[Mark]:
    copy = against.writing_limit(size, "PostgreSQL", "minimal")
    save = own.rate(marked(size, SAVING), size.saved)
    peer = against.conventional_saving(size)
    yield _mark("minimal-postgres", "saving minimal customers on PostgreSQL, to the limit", save, copy, 0.5, 0.8)
    yield _mark("conventional", "the same, to the conventional service", save, peer, 4, 6)
    copy = against.writing_limit(size, "PostgreSQL", "full")
    save = own.rate(marked(size, SAVING, "full"), size.saved)
    yield _mark("full-postgres", "saving full customers on PostgreSQL, to the limit", save, copy, 0.5, 0.8)
    save = own.rate(marked(size, SAVING, database="SQLite", clients=1), size.saved)
    peer = against.datasette_saving(size)
    yield _mark("minimal-sqlite", "saving minimal customers on SQLite, 1 client, to Datasette", save, peer, 0.5, 1)


def _processor(size: Size) -> Iterator[Mark]:
    for shape in SHAPES:
        what = f"processor time of a dry run of {shape} customers, to decoding their JSON"
        both = own.processor(size, shape)
        decoding, used = both.figures
        yield Mark(f"processor-{shape}", what, used, decoding, 5, 3, (both,))


def _single(size: Size) -> Iterator[Mark]:
    requests = against.one_customer(size)
    bare, own_request = requests.figures
    what = "time of a request with one customer, to the bare handler's"
    yield Mark("one-customer", what, own_request, bare, 2, 1.4, (requests,))
    memory = own.memory(size)
    grown, body = memory.figures
    yield Mark("memory", "memory for a large body, to the size of the body", grown, body, 5, 3, (memory,))


def _scaling(size: Size) -> Iterator[Mark]:
    if size.stored:
        for name, in_order in (("stored", False), ("stored-in-order", True)):
            both = own.stored(size, in_order=in_order)
            empty, stored = both.figures
            how = "names in order" if in_order else "names at random"
            what = f"saving with {size.stored:,} customers stored, {how}, to an empty database"
            yield Mark(name, what, stored, empty, 0.7, 0.9, (both,))
    for shape in SHAPES:
        for database in KINDS:
            load = marked(size, DRY_RUN, shape, database=database)
            what = f"dry run of {shape} customers on {database} with two workers, to one"
            two, one = own.rate(load, size.checked), own.one_worker(size, shape, database)
            yield _mark(f"workers-{shape}-{database.lower()}", what, two, one, 1.6, 1.9)


def _mark(name: str, what: str, of: Step, to: Step, must: float, aim: float) -> Mark:
    return Mark(name, what, of.figures[0], to.figures[0], must, aim, (to, of))
