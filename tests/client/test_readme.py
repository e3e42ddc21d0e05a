"""The examples of the client's README run as they stand, one after the other."""

import contextlib
import csv
import io
import re
from pathlib import Path
from typing import Any, Final

import pytest

from muster.auth.users import Role
from tests.samples import individual
from tests.serving import Api

README: Final = Path(__file__).parents[2] / "client" / "README.md"
BLOCKS: Final = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(name="environment")
def _environment(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables and the file that the examples use; one of its customers is accepted, and one is not."""
    monkeypatch.setenv("MUSTER_URL", f"http://127.0.0.1:{api.port}")
    monkeypatch.setenv("MUSTER_TOKEN", api.user(Role.SUBMIT | Role.READ))
    monkeypatch.chdir(tmp_path)
    customers = [individual(), individual(firstName="")]
    with tmp_path.joinpath("customers.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(customers[0]))
        writer.writeheader()
        writer.writerows(customers)


def run(source: str, names: dict[str, Any]) -> list[str]:
    """The lines that an example prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(compile(source, str(README), "exec"), names)
    return output.getvalue().splitlines()


def test_first_example_has_ten_lines_at_most() -> None:
    assert len(BLOCKS[0].splitlines()) <= 10


@pytest.mark.usefixtures("environment")
def test_examples_run_as_they_stand() -> None:
    names: dict[str, Any] = {}
    assert run(BLOCKS[0], names) == ["1 C016.I01 For INDIVIDUAL type customer FirstName is mandatory"]
    assert [line.split()[-2:] for line in run(BLOCKS[1], names)] == [["1"], ["1", "0"]]
    assert run(BLOCKS[2], names)[-1] == "completed 2"
    assert "C016.I01" in Path("refused.csv").read_text(encoding="utf-8")
    records = run(BLOCKS[3], names)
    assert records[-3:-1] == ["Rodriguez", "[('',)]"]
    assert run(BLOCKS[4], names) == ["0 True"]
