"""`muster` with short leases, so that a load whose process was killed can go on soon."""

import os
import sys
from datetime import timedelta

import muster.loads.lease

LEASE_SECONDS = 0.5

# Before any module takes the name from there.
muster.loads.lease.LEASE_DURATION = timedelta(seconds=LEASE_SECONDS)  # type: ignore[misc]

import muster.cli.load_file  # noqa: E402 - loaded before processes are forked
import muster.loads.formats.refused_csv  # noqa: E402
from muster.cli.main import main  # noqa: E402


def run_command(arguments: list[str], url: str, output: str) -> None:
    """Runs the command in this process, and ends it with the command's exit code."""
    os.environ["MUSTER_DATABASE"] = url
    number = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(number, stream)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - ends with the process
    sys.exit(main(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
