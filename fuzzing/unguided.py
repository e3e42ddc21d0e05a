"""The run over decode and check where atheris can't be had: `python -m fuzzing.unguided SECONDS`."""

import sys
import time
from random import Random

from fuzzing.hunt import CRASHERS, Hunt, mutants
from fuzzing.target import Target


def main() -> None:
    hunt = Hunt(Target().look, keep=CRASHERS)
    end = time.monotonic() + int(sys.argv[1])
    mutants(hunt, Random(), lambda: time.monotonic() < end)
    print(f"stat::number_of_executed_units: {hunt.inputs}")


if __name__ == "__main__":
    main()
