"""Fuzzes decode and check where atheris is not available: `python -m fuzzing.unguided SECONDS`."""

import sys
import time
from random import Random

from fuzzing.fuzzer import CRASHES, Fuzzer
from fuzzing.target import Target


def main() -> None:
    fuzzer = Fuzzer(Target().run, CRASHES)
    end = time.monotonic() + int(sys.argv[1])
    fuzzer.run_mutations(Random(), lambda: time.monotonic() < end)
    print(f"stat::number_of_executed_units: {fuzzer.inputs}")


if __name__ == "__main__":
    main()
