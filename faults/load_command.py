"""`muster` with a short lease and small parts: a killed load goes on soon, and a small file has several parts."""

import os
import sys
from datetime import timedelta
from typing import Final

import muster.cli.load_file  # loaded before processes are forked
import muster.loads.formats.refused_csv  # noqa: F401
from muster.cli.load_request import LoadBounds
from muster.cli.main import main

BOUNDS: Final = LoadBounds(lease=timedelta(seconds=0.5), part_bytes=20_000)


def run_command(arguments: list[str], url: str, output: str) -> None:
    """Runs the command in this process, and ends it with the command's exit code."""
    os.environ["MUSTER_DATABASE"] = url
    number = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(number, stream)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - ends with the process
    sys.exit(main(arguments, load_bounds=BOUNDS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], load_bounds=BOUNDS))
