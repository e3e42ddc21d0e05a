"""A hunt: inputs over the target, and of what breaks on the way one small crasher for each way to break."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from traceback import walk_tb
from typing import Final

from fuzzing.broken import Broken
from fuzzing.mutation import mutated
from fuzzing.seeds import seeds

CRASHERS: Final = Path(__file__).parent / "crashers"
MOST_BYTES: Final = 12 * 1024
_MOST_TRIES: Final = 400


@dataclass
class Hunt:
    """`look` is what is asked about each input; a crasher goes to the directory `keep`, where one is given."""

    look: Callable[[bytes], object]
    keep: Path | None = None
    inputs: int = 0
    found: dict[str, bytes] = field(default_factory=dict)

    def on(self, body: bytes) -> None:
        """Looks at one input."""
        self.inputs += 1
        name = self._broken_by(body)
        if name is not None and name not in self.found:
            self.found[name] = small = self._smaller(body, name)
            if self.keep is not None:
                (self.keep / f"{name}-{zlib.crc32(small):08x}").write_bytes(small)

    def _broken_by(self, body: bytes) -> str | None:
        try:
            self.look(body)
        except Broken as broken:
            return broken.name
        except Exception as error:
            places = [frame.f_code.co_name.strip("<>") for frame, _ in walk_tb(error.__traceback__)]
            return f"{type(error).__name__}-in-{places[-1]}"
        return None

    def _smaller(self, body: bytes, name: str) -> bytes:
        """The body without pieces that it breaks without, as far as that is found quickly."""
        tries, piece = 0, len(body) // 2
        while piece and tries < _MOST_TRIES:
            at = 0
            while at < len(body) and tries < _MOST_TRIES:
                without = body[:at] + body[at + piece :]
                tries += 1
                if self._broken_by(without) == name:
                    body = without
                else:
                    at += piece
            piece //= 2
        return body


def mutants(hunt: Hunt, random: Random, more: Callable[[], bool]) -> None:
    """Hunts among the seeds and what comes of them by chance, without a guide, for as long as there is to be more."""
    pool = list(seeds())
    for seed in pool:
        if not more():
            return
        hunt.on(seed)
    while more():
        body = mutated(random.choice(pool), MOST_BYTES, random)
        hunt.on(body)
        if random.random() < 0.02:  # so that changes add up
            pool[random.randrange(len(pool))] = body
