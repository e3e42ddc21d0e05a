"""Changes of business units that open them to users, or take them away, need a confirmation."""

from pathlib import Path

import pytest

from muster.auth.unit_changes import find_unit_changes
from muster.auth.users import Role, User
from muster.cli.unit_changes import describe_unit_change
from muster.storage import open_storage
from tests.cli.commands import Muster, assert_one_line


def write_units(tmp_path: Path, *units: str) -> str:
    path = tmp_path / "units.csv"
    path.write_text("classifier,code,title\n" + "".join(f"businessUnit,{unit},{unit}\n" for unit in units))
    return str(path)


def add_user(muster: Muster, name: str, *units: str) -> None:
    storage = open_storage(muster.url)
    storage.users.add_user(User(name, Role.READ, units))
    storage.close()


def list_units(muster: Muster) -> list[str]:
    return [line.split("\t")[0] for line in muster.ok("classifier", "list", "businessUnit").out.splitlines()]


def test_going_back_to_one_unit_says_to_whom_it_opens_and_needs_yes(muster: Muster, tmp_path: Path) -> None:
    muster.ok("classifier", "import", write_units(tmp_path, "LT", "LV"), "--replace")
    add_user(muster, "without")
    file = write_units(tmp_path, "LT")
    result = muster("classifier", "import", file, "--replace")
    assert_one_line(result, 1, "the only unit 'LT' opens to all users without units (without)")
    assert "--yes" in result.err
    assert list_units(muster) == ["LT", "LV"]
    assert "opens to all users" in muster.ok("classifier", "import", file, "--replace", "--yes").err
    assert list_units(muster) == ["LT"]


def test_removal_of_a_unit_that_users_have_needs_yes(muster: Muster, tmp_path: Path) -> None:
    muster.ok("classifier", "import", write_units(tmp_path, "LT", "LV", "EE"), "--replace")
    add_user(muster, "branch", "LV")
    assert_one_line(muster("classifier", "remove", "businessUnit", "LV"), 1, "the unit 'LV' is taken from branch")
    muster.ok("classifier", "remove", "businessUnit", "LV", "--yes")
    assert list_units(muster) == ["EE", "LT"]
    # The user has it still, so it would open again.
    assert_one_line(muster("classifier", "add", "businessUnit", "LV", "x"), 1, "the unit 'LV' opens to branch")


def test_changes_that_open_nothing_need_no_confirmation(muster: Muster, tmp_path: Path) -> None:
    add_user(muster, "without")
    muster.ok("classifier", "import", write_units(tmp_path, "HEAD"), "--replace")
    muster.ok("classifier", "import", write_units(tmp_path, "LT"))
    muster.ok("classifier", "import", write_units(tmp_path, "LT", "LV"), "--replace")


@pytest.mark.parametrize(
    ("before", "after", "units", "expected"),
    [
        ("A", "B", (), []),
        ("A", "AB", (), []),
        (
            "AB",
            "A",
            (),
            ["the only unit 'A' opens to all users without units (u), also to those of an OpenID provider"],
        ),
        (
            "AB",
            "C",
            (),
            ["the only unit 'C' opens to all users without units (u), also to those of an OpenID provider"],
        ),
        (
            "AB",
            "A",
            ("A",),
            ["the only unit 'A' opens to all users without units, also to those of an OpenID provider"],
        ),
        ("ABC", "AB", ("C",), ["the unit 'C' is taken from u"]),
        ("AB", "ABC", ("C",), ["the unit 'C' opens to u"]),
        ("AB", "ABC", ("A",), []),
    ],
)
def test_description_names_what_users_gain_and_lose(
    before: str, after: str, units: tuple[str, ...], expected: list[str]
) -> None:
    user = User("u", Role.READ, units)
    changes = find_unit_changes(frozenset(before), frozenset(after), [user])
    assert list(map(describe_unit_change, changes)) == expected


def test_description_names_few_of_many_users() -> None:
    users = [User(f"u{number}", Role.READ, ("B",)) for number in range(7)]
    changes = find_unit_changes(frozenset("ABC"), frozenset("AC"), users)
    assert list(map(describe_unit_change, changes)) == ["the unit 'B' is taken from u0, u1, u2, u3, u4 and 2 more"]
