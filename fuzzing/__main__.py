"""Fuzzes decoding and checking, and the service on both databases; ends with what was run and what was found."""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import IO, Final

from benchmarks import postgres
from benchmarks.databases import KINDS, Databases
from benchmarks.service import ROOT
from fuzzing.hunt import CRASHERS
from fuzzing.served import Fire, fire_at

CORPUS: Final = ROOT / ".fuzzing" / "corpus"
_NO_ATHERIS: Final = "atheris can't be had for this Python on this machine: decode and check are fuzzed without a guide"
_TOLD: Final = 3_000
# Of libFuzzer: the inputs it ran, and the branches and features that they reached.
_INPUTS: Final = re.compile(r"stat::number_of_executed_units: (\d+)")
_REACHED: Final = re.compile(r"cov: (\d+) ft: (\d+)")


@dataclass
class Decoding:
    """The process that fuzzes decode and check, and what it found when it is over."""

    process: "subprocess.Popen[bytes]"
    log: IO[bytes]
    before: frozenset[Path]

    def summary(self) -> tuple[str, list[str]]:
        """Waits for its end; a line on what it ran, and what it found."""
        status = self.process.wait()
        self.log.seek(0)
        said = self.log.read().decode(errors="replace")
        found = [f"a new crasher: {path.relative_to(ROOT)}" for path in sorted(_crashers() - self.before)]
        inputs = _INPUTS.search(said)
        if status or not inputs:
            found.append(f"the run over decode and check ended with {status}: {said[-_TOLD:]}")
        reached = _REACHED.findall(said)[-1:]
        covered = "".join(f" that reached {branches} branches in {features} ways" for branches, features in reached)
        return f"{int(inputs[1]) if inputs else 0:,} inputs to decode and check{covered}", found


def main() -> int:
    given = _arguments()
    seed = Random().getrandbits(32) if given.seed is None else given.seed
    print(f"fuzzing for {given.seconds} seconds, seed {seed}", flush=True)
    fire = Fire()
    with _decoding(given.seconds) as decoding:
        with postgres.running() as server, tempfile.TemporaryDirectory(prefix="muster-fuzzing-") as directory:
            databases = Databases(server, Path(directory))
            for kind in KINDS:
                with databases.new(kind) as database:
                    fire.add(fire_at(database, given.seconds // len(KINDS), seed))
        line, found = decoding.summary()
    return _told(line, fire, found + fire.failures)


def _told(line: str, fire: Fire, failures: list[str]) -> int:
    for failure in failures:
        print(failure, end="\n\n")
    counts = ", ".join(f"{status}: {count:,}" for status, count in sorted(fire.statuses.items()))
    print(line)
    print(f"{fire.statuses.total():,} requests answered ({counts}); {fire.by_hand:,} were sent by chance, byte by byte")
    print(f"{fire.faults} answers of 500 and above, {len(failures)} failures found")
    return 1 if failures or fire.faults else 0


@contextmanager
def _decoding(seconds: int) -> Iterator[Decoding]:
    command = ["fuzzing.guided", str(seconds), str(CORPUS)]
    if find_spec("atheris") is None:
        print(_NO_ATHERIS, flush=True)
        command = ["fuzzing.unguided", str(seconds)]
    with tempfile.TemporaryFile() as log:
        before = _crashers()
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=log, stderr=log)
        try:
            yield Decoding(process, log, before)
        finally:
            process.kill()
            process.wait()


def _crashers() -> frozenset[Path]:
    return frozenset(CRASHERS.iterdir())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="how long it runs, about")
    parser.add_argument("--seed", type=int, help="of the requests that are sent by chance")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
