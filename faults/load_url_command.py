"""`muster` with small parts of uploads, so that a small file has several."""

import sys

import muster_client.loads

PART_BYTES = 20_000
muster_client.loads.PART_BYTES = PART_BYTES  # type: ignore[misc]

from muster.cli.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
