"""`muster load --url` that is stopped, cancelled, or run twice at once, with the service as it ships."""

import os
import signal
from pathlib import Path
from unittest.mock import patch

import pytest

from muster.cli.load_progress import LoadProgress, UploadProgress
from muster_client import ConnectionFailed, LoadJob
from muster_client.downloads import FileSink
from muster_client.load_resources import Loads
from muster_client.loads import put_part
from tests.cli.commands import CommandResult, Muster, assert_one_line
from tests.cli.test_load import build_customers, write_csv
from tests.cli.uploads import PART_BYTES, Load, count_loads
from tests.serving import Api

pytestmark = pytest.mark.usefixtures("quick_uploads")

NOT_WRITTEN = "the load has ended, and the refused rows were not written; run the same command again"


def test_stopped_upload_goes_on_with_the_parts_that_are_missing(
    load: Load, api: Api, target: list[str], tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(200))
    with press_when(UploadProgress, 3):
        stopped = load(file)
    assert_one_line(stopped, 1, "run the same command again within a day")
    with patch("muster_client.loads.put_part", side_effect=put_part) as put:
        result = load(file)
    assert (result.code, result.err) == (0, "the upload of this file goes on\n200 rows: 200 accepted, 0 refused\n")
    assert [call.args[2] for call in put.call_args_list] == list(range(4, Path(file).stat().st_size // PART_BYTES + 2))
    assert count_loads(api, target) == 1


def test_dry_run_whose_command_died_is_not_uploaded_anew(
    load: Load, api: Api, target: list[str], tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(200))
    with patch.object(UploadProgress, "update", side_effect=[None, None, OSError(5, "the terminal is gone")]):
        assert load(file, "--dry-run").code == 1
    with patch("muster_client.loads.put_part", side_effect=put_part) as put:
        assert "200 can be accepted" in load(file, "--dry-run").err
    assert put.call_args_list[0].args[2] == 4
    assert count_loads(api, target) == 1


def test_two_commands_at_once_load_the_file_once(load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    file, update = write_csv(tmp_path / "c.csv", build_customers(200)), UploadProgress.update
    others: list[CommandResult] = []

    def run_another(progress: UploadProgress, sent: int) -> None:
        update(progress, sent)
        if not others:
            others.append(CommandResult(0, "", ""))
            others.append(load(file))

    with patch.object(UploadProgress, "update", run_another):
        result = load(file)
    assert [result.code, others[1].code] == [0, 0]
    assert "200 rows: 200 accepted, 0 refused" in result.err
    assert count_loads(api, target) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_load_goes_on_in_the_service_when_nobody_waits(
    load: Load, api: Api, target: list[str], tmp_path: Path, number: signal.Signals
) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(5))
    with press_when(LoadProgress, 1, number):
        stopped = load(file)
    assert_one_line(
        stopped,
        1,
        "Run the same command again to wait",
        "or cancel it with `muster loads cancel ",
        f" --url http://127.0.0.1:{api.port}`",
    )
    result = load(file)
    assert result.code == 0
    assert "5 rows: 5 accepted" in result.err
    assert count_loads(api, target) == 1


@pytest.mark.parametrize("progress", [UploadProgress, LoadProgress])
def test_stopped_dry_run_is_cancelled(
    load: Load, api: Api, target: list[str], tmp_path: Path, progress: type[UploadProgress] | type[LoadProgress]
) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(20))
    with press_when(progress, 1):
        assert_one_line(load(file, "--dry-run"), 1, "the dry run was stopped")
    headers = {"Authorization": f"Bearer {Path(target[-1]).read_text().strip()}"}
    [found] = api.http.get("/api/v1/loads", headers=headers).json()["loads"]
    assert found["state"] in ("cancelled", "completed")


def test_command_that_is_stopped_before_the_upload_says_so(load: Load, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(3))
    with patch.object(Loads, "list", side_effect=KeyboardInterrupt):
        assert_one_line(load(file), 1, "stopped before the file was sent")


def test_command_that_is_stopped_in_the_download_keeps_no_half_file(load: Load, tmp_path: Path) -> None:
    file, refused = write_csv(tmp_path / "c.csv", build_customers(1, bad=1)), tmp_path / "refused.csv"
    with patch.object(FileSink, "write", side_effect=KeyboardInterrupt):
        result = load(file, "--refused", str(refused))
    assert (result.code, result.err.splitlines()[-1]) == (1, f"muster: {NOT_WRITTEN}")
    assert [path.name for path in tmp_path.iterdir() if "refused" in path.name] == []


def test_service_that_goes_away_is_told_and_the_load_goes_on(load: Load, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "c.csv", build_customers(3))
    with patch.object(LoadJob, "wait", side_effect=ConnectionFailed("the service can't be reached")):
        assert_one_line(load(file), 1, "the load goes on in the service", "run the same command again")
    assert load(file).code == 0


def test_cancelled_load_is_told(muster: Muster, load: Load, api: Api, target: list[str], tmp_path: Path) -> None:
    update = LoadProgress.update
    headers = {"Authorization": f"Bearer {Path(target[-1]).read_text().strip()}"}

    def cancel(progress: LoadProgress, given: object) -> None:
        update(progress, given)  # type: ignore[arg-type]
        [found] = api.http.get("/api/v1/loads", headers=headers).json()["loads"]
        api.http.post(f"/api/v1/loads/{found['id']}/cancel", headers=headers)

    file = write_csv(tmp_path / "c.csv", build_customers(2_000))
    muster.load_bounds = None
    with patch.object(LoadProgress, "update", cancel):
        result = load(file, "--batch", "10")
    assert result.code == 1
    assert "the load was cancelled" in result.err.splitlines()[-1]


class press_when:  # noqa: N801 - reads as a verb
    """Sends a signal to this process at the nth update of a progress, as a person would."""

    def __init__(
        self, kind: type[UploadProgress] | type[LoadProgress], updates: int, number: signal.Signals = signal.SIGINT
    ) -> None:
        self._left, update = updates, kind.update

        def press(progress: UploadProgress | LoadProgress, given: object) -> None:
            update(progress, given)  # type: ignore[arg-type]
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), number)

        self._patch = patch.object(kind, "update", press)

    def __enter__(self) -> None:
        self._patch.start()

    def __exit__(self, *_: object) -> None:
        self._patch.stop()
        assert self._left <= 0
