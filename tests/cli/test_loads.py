"""`muster loads`, on a database and by a service."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from muster.auth.users import Role
from muster.intake.service import generate_batch_id
from muster.loads.load_store import LoadOptions, LoadState, NewLoad
from muster.storage import Storage, open_storage
from tests.cli.commands import CommandResult, Muster, assert_one_line
from tests.cli.test_load import build_customers, write_csv
from tests.serving import Api

pytestmark = pytest.mark.usefixtures("quick_uploads")


@dataclass
class Place:
    """Where loads are: what a command adds to its options, and the storage beside it."""

    muster: Muster
    options: list[str]
    store: Storage
    sender: str

    def run(self, *arguments: str) -> CommandResult:
        return self.muster(*arguments, *self.options)

    def create(self, state: LoadState = LoadState.WAITING) -> UUID:
        """A load that nothing works on."""
        now = datetime.now(UTC)
        load_id, options = generate_batch_id(now), LoadOptions()
        self.store.loads.create(NewLoad(load_id, now, self.sender, (), "a.csv", options, load_id.bytes, state=state))
        return load_id

    def find_newest(self) -> str:
        return self.run("loads", "list", "--limit", "1").out.split("\t")[0]


@pytest.fixture(params=["database", "service"])
def place(request: pytest.FixtureRequest, muster: Muster) -> Iterator[Place]:
    if request.param == "service":
        api: Api = request.getfixturevalue("api")
        options: list[str] = request.getfixturevalue("target")
        token = Path(options[-1])
        token.write_text(api.user(Role.SUBMIT, name=(name := f"user-{uuid4().hex}")))
        yield Place(muster, options, api.store, name)
        return
    store = open_storage(muster.url)
    yield Place(muster, [], store, "os:operator")
    store.close()


def test_loads_are_listed_newest_first(place: Place, tmp_path: Path) -> None:
    place.run("load", write_csv(tmp_path / "good.csv", build_customers(2)))
    place.run("load", write_csv(tmp_path / "bad.csv", build_customers(1, bad=2)))
    rows = [line.split("\t") for line in place.run("loads", "list").out.splitlines()]
    assert [(row[1], *row[3:6], row[7]) for row in rows] == [
        ("completed", "3", "1", "2", "bad.csv"),
        ("completed", "2", "2", "0", "good.csv"),
    ]
    assert len(place.run("loads", "list", "--limit", "1").out.splitlines()) == 1


def test_a_load_is_shown_with_its_refused_rows_by_code(place: Place, tmp_path: Path) -> None:
    place.run("load", write_csv(tmp_path / "c.csv", build_customers(1, bad=2)))
    result = place.run("loads", "show", place.find_newest())
    assert result.code == 0
    rows = dict(line.split("\t", 1) for line in result.out.splitlines())
    assert (rows["State"], rows["File"], rows["Rows"], rows["Accepted"], rows["Refused"]) == (
        *("completed", "c.csv", "3"),
        *("1", "2"),
    )
    assert re.fullmatch(r"2\t3\t[A-Z]+3\t.*CitizenshipCountry.*", rows["C016.I06"])


def test_refused_rows_are_written_as_the_load_would_have_written_them(place: Place, tmp_path: Path) -> None:
    expected, written = tmp_path / "expected.csv", tmp_path / "written.csv"
    place.run("load", write_csv(tmp_path / "c.csv", build_customers(1, bad=2)), "--refused", str(expected))
    load_id = place.find_newest()
    assert place.run("loads", "refused", load_id, str(written)).code == 0
    assert written.read_bytes() == expected.read_bytes()
    assert written.stat().st_mode & 0o777 == 0o600
    assert place.run("loads", "refused", load_id, str(written), "--for-excel").code == 0
    assert written.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_load_without_refused_rows_or_before_its_end_has_no_file(place: Place, tmp_path: Path) -> None:
    place.run("load", write_csv(tmp_path / "c.csv", build_customers(1)))
    for load_id, expected in ((place.find_newest(), "has no refused rows"), (place.create(), "is waiting")):
        assert_one_line(place.run("loads", "refused", f"{load_id}", str(tmp_path / "r.csv")), 1, expected)
    assert_one_line(
        place.run("loads", "refused", f"{uuid4()}", str(tmp_path / "no" / "r.csv")), 2, "writable directory"
    )


@pytest.mark.parametrize("state", [LoadState.RECEIVING, LoadState.WAITING])
def test_a_load_is_cancelled(place: Place, state: LoadState) -> None:
    load_id = place.create(state)
    for _ in range(2):  # again does no harm
        result = place.run("loads", "cancel", f"{load_id}")
        assert (result.code, result.err) == (0, f"load {load_id} is cancelled; 0 accepted rows of the file are saved\n")
    found = place.store.loads.get(load_id)
    assert found is not None
    assert found.state is LoadState.CANCELLED


def test_a_load_that_has_ended_is_not_cancelled(place: Place, tmp_path: Path) -> None:
    place.run("load", write_csv(tmp_path / "c.csv", build_customers(1)))
    assert_one_line(place.run("loads", "cancel", place.find_newest()), 1, "has ended already: it is completed")


@pytest.mark.parametrize("command", [["show"], ["cancel"], ["refused"]])
def test_an_unknown_load_is_told(place: Place, command: list[str], tmp_path: Path) -> None:
    more = [str(tmp_path / "r.csv")] if command == ["refused"] else []
    result = place.run("loads", *command, f"{uuid4()}", *more)
    assert_one_line(result, 1, "there is no load", "`muster loads list` lists them")


def test_operator_who_cancels_is_in_the_audit_log(muster: Muster) -> None:
    store = open_storage(muster.url)
    load_id = Place(muster, [], store, "anna").create()
    store.close()
    muster.ok("loads", "cancel", f"{load_id}")
    [entry] = muster.ok("audit", "--action", "load.cancelled").out.splitlines()
    assert "os:" in entry
    assert str(load_id) in entry


def test_load_of_another_user_is_cancelled_by_an_admin_alone(
    muster: Muster, api: Api, target: list[str], make_user: Callable[[Role], None]
) -> None:
    load_id = Place(muster, target, api.store, "somebody").create()
    for role, expected in ((Role.SUBMIT, "there is no load"), (Role.READ, "may not cancel this load")):
        make_user(role)
        assert_one_line(muster("loads", "cancel", f"{load_id}", *target), 1, expected)
    make_user(Role.ADMIN)
    assert muster("loads", "cancel", f"{load_id}", *target).code == 0


@pytest.fixture
def make_user(api: Api, target: list[str]) -> Callable[[Role], None]:
    """Makes the token of the target that of a new user."""

    def make(role: Role) -> None:
        Path(target[-1]).write_text(api.user(role))

    return make
