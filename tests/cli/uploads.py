"""What tests of `muster load --url` share."""

from collections.abc import Callable
from pathlib import Path

from tests.cli.commands import CommandResult
from tests.serving import Api

Load = Callable[..., CommandResult]
PART_BYTES = 3_000


def count_loads(api: Api, target: list[str]) -> int:
    headers = {"Authorization": f"Bearer {Path(target[-1]).read_text().strip()}"}
    return len(api.http.get("/api/v1/loads", headers=headers).json()["loads"])
