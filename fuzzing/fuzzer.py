"""The fuzzer: runs inputs on a target and keeps one minimized input for each kind of crash."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from traceback import walk_tb
from typing import Final

from fuzzing.invariants import InvariantViolationError
from fuzzing.mutation import mutate
from fuzzing.seeds import build_seeds

CRASHES: Final = Path(__file__).parent / "crashes"
MAX_INPUT_BYTES: Final = 12 * 1024
_MAX_MINIMIZE_RUNS: Final = 400
_POOL_REPLACEMENT_RATE: Final = 0.02


@dataclass
class Fuzzer:
    """Calls `target` with each input. Every exception is a crash.

    `crashes` has the minimized input of each crash, by the crash's name. They are also written to `directory`.
    """

    target: Callable[[bytes], object]
    directory: Path | None = None
    inputs: int = 0
    crashes: dict[str, bytes] = field(default_factory=dict)

    def run(self, body: bytes) -> None:
        """Runs one input."""
        self.inputs += 1
        name = self._find_crash(body)
        if name is not None and name not in self.crashes:
            self.crashes[name] = minimized = self._minimize(body, name)
            if self.directory is not None:
                (self.directory / f"{name}-{zlib.crc32(minimized):08x}").write_bytes(minimized)

    def run_mutations(self, random: Random, should_continue: Callable[[], bool]) -> None:
        """Runs the seeds and random mutations of them, without coverage guidance."""
        pool = list(build_seeds())
        for seed in pool:
            if not should_continue():
                return
            self.run(seed)
        while should_continue():
            body = mutate(random.choice(pool), MAX_INPUT_BYTES, random)
            self.run(body)
            if random.random() < _POOL_REPLACEMENT_RATE:  # lets mutations accumulate
                pool[random.randrange(len(pool))] = body

    def _find_crash(self, body: bytes) -> str | None:
        """The name of the crash: the invariant, or the exception and the function that raised it."""
        try:
            self.target(body)
        except InvariantViolationError as violation:
            return violation.name
        except Exception as error:
            functions = [frame.f_code.co_name.strip("<>") for frame, _ in walk_tb(error.__traceback__)]
            return f"{type(error).__name__}-in-{functions[-1]}"
        return None

    def _minimize(self, body: bytes, name: str) -> bytes:
        """Removes pieces of the body while the crash stays the same, in a bounded number of runs."""
        runs, piece = 0, len(body) // 2
        while piece and runs < _MAX_MINIMIZE_RUNS:
            at = 0
            while at < len(body) and runs < _MAX_MINIMIZE_RUNS:
                without = body[:at] + body[at + piece :]
                runs += 1
                if self._find_crash(without) == name:
                    body = without
                else:
                    at += piece
            piece //= 2
        return body
