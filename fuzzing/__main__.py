"""Fuzzes decode and check, and the service on both databases. Prints what was run and what was found."""

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
from fuzzing.fuzzer import CRASHES
from fuzzing.service import ServiceReport, fuzz_service

CORPUS: Final = ROOT / ".fuzzing" / "corpus"
_NO_ATHERIS: Final = "atheris is not available here: decode and check are fuzzed without coverage guidance"
_MAX_OUTPUT_LENGTH: Final = 3_000  # characters
# libFuzzer's final statistics: executed inputs, and the covered branches and features.
_INPUTS: Final = re.compile(r"stat::number_of_executed_units: (\d+)")
_COVERAGE: Final = re.compile(r"cov: (\d+) ft: (\d+)")


@dataclass
class DecoderRun:
    """The process that fuzzes decode and check. `known_crashes` are the crashes from before."""

    process: "subprocess.Popen[bytes]"
    log: IO[bytes]
    known_crashes: frozenset[Path]

    def wait(self) -> tuple[str, list[str]]:
        """Waits for the end of the process. Gives a summary in one line, and the failures."""
        status = self.process.wait()
        self.log.seek(0)
        output = self.log.read().decode(errors="replace")
        failures = [f"a new crash: {path.relative_to(ROOT)}" for path in sorted(_list_crashes() - self.known_crashes)]
        inputs = _INPUTS.search(output)
        if status or not inputs:
            failures.append(f"fuzzing decode and check ended with {status}: {output[-_MAX_OUTPUT_LENGTH:]}")
        last_coverage = _COVERAGE.findall(output)[-1:]
        covered = "".join(f", {branches} branches and {features} features" for branches, features in last_coverage)
        return f"{int(inputs[1]) if inputs else 0:,} inputs to decode and check{covered}", failures


def main() -> int:
    arguments = _parse_arguments()
    seed = Random().getrandbits(32) if arguments.seed is None else arguments.seed
    print(f"fuzzing for {arguments.seconds} seconds, seed {seed}", flush=True)
    report = ServiceReport()
    with _fuzz_decoding(arguments.seconds) as decoder_run:
        with postgres.run_server() as server, tempfile.TemporaryDirectory(prefix="muster-fuzzing-") as directory:
            databases = Databases(server, Path(directory))
            for kind in KINDS:
                with databases.new(kind) as database:
                    report.add(fuzz_service(database, arguments.seconds // len(KINDS), seed))
        summary, crashes = decoder_run.wait()
    return _print_report(summary, report, crashes + report.failures)


def _print_report(summary: str, report: ServiceReport, failures: list[str]) -> int:
    for failure in failures:
        print(failure, end="\n\n")
    counts = ", ".join(f"{status}: {count:,}" for status, count in sorted(report.statuses.items()))
    print(summary)
    print(f"{report.statuses.total():,} responses ({counts}); {report.random_requests:,} random requests")
    print(f"{report.server_errors} server errors, {len(failures)} failures found")
    return 1 if failures or report.server_errors else 0


@contextmanager
def _fuzz_decoding(seconds: int) -> Iterator[DecoderRun]:
    command = ["fuzzing.guided", str(seconds), str(CORPUS)]
    if find_spec("atheris") is None:
        print(_NO_ATHERIS, flush=True)
        command = ["fuzzing.unguided", str(seconds)]
    with tempfile.TemporaryFile() as log:
        known_crashes = _list_crashes()
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=log, stderr=log)
        try:
            yield DecoderRun(process, log, known_crashes)
        finally:
            process.kill()
            process.wait()


def _list_crashes() -> frozenset[Path]:
    return frozenset(CRASHES.iterdir())


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="about how long to fuzz")
    parser.add_argument("--seed", type=int, help="seed of the random requests")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
