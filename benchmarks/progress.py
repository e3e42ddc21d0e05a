"""Progress on the standard error stream; the report alone goes to the standard output."""

import sys


def print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
