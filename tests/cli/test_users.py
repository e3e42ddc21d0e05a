"""`muster user` and `muster token`, and their effect on authentication."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from muster.audit.queue import AuditQueue
from muster.auth.authentication import CredentialVerifier
from muster.auth.users import User
from muster.storage import open_storage
from tests.cli.commands import Muster, assert_one_line


@contextmanager
def opened_verifier(muster: Muster) -> Iterator[CredentialVerifier]:
    store = open_storage(muster.url)
    queue = AuditQueue(store.audit)
    try:
        yield CredentialVerifier(store.users, queue)
    finally:
        queue.close()
        store.close()


def can_log_in(muster: Muster, name: str, password: str) -> bool:
    with opened_verifier(muster) as verifier:
        return verifier.verify_password(name, password) is not None


def is_valid_token(muster: Muster, text: str) -> bool:
    with opened_verifier(muster) as verifier:
        return isinstance(verifier.verify_token(text), User)


def test_user_logs_in_with_the_password_from_standard_input(muster: Muster) -> None:
    result = muster.ok("user", "add", "anna", "--role", "submit", "--password-stdin", stdin="correct horse\nmore\n")
    assert (result.out, result.err) == ("", "added the user anna\n")
    assert can_log_in(muster, "anna", "correct horse")


@pytest.mark.parametrize("stdin", ["correct horse", "correct horse\n", "correct horse\r\n"])
def test_line_end_is_not_part_of_the_password(muster: Muster, stdin: str) -> None:
    muster.ok("user", "add", "anna", "--role", "read", "--password-stdin", stdin=stdin)
    assert can_log_in(muster, "anna", "correct horse")


@pytest.mark.parametrize(
    ("stdin", "expected"),
    [
        ("", "use at least 8 characters"),
        ("1234567\n", "use at least 8 characters"),
        ("x" * 1025 + "\n", "use at most 1024 bytes"),
        ("12345678\0\n", "without NUL"),
        (b"12345678\xff\n", "not UTF-8"),
    ],
)
def test_invalid_password_is_refused(muster: Muster, stdin: str | bytes, expected: str) -> None:
    result = muster("user", "add", "anna", "--role", "submit", "--password-stdin", stdin=stdin)
    assert_one_line(result, 1, expected)
    assert muster.ok("user", "list").out == ""


def test_users_are_listed_with_role_units_and_state(muster: Muster) -> None:
    muster.add_user("carla", role="admin")
    muster.add_user("anna", "--business-unit", "MAIN", "--business-unit", "MAIN")
    muster.ok("user", "disable", "carla")
    assert muster.ok("user", "list").out == "anna\tsubmit\tMAIN\tactive\ncarla\tadmin\t\tdisabled\n"


def test_existing_user_is_not_added_again(muster: Muster) -> None:
    muster.add_user("anna")
    result = muster("user", "add", "anna", "--role", "read", "--password-stdin", stdin="another horse\n")
    assert_one_line(result, 1, "user 'anna' already exists", "`muster user change anna`")
    assert can_log_in(muster, "anna", "correct horse")


def test_unknown_business_unit_is_refused(muster: Muster) -> None:
    result = muster("user", "add", "anna", "--role", "submit", "--business-unit", "LT", "--password-stdin")
    assert_one_line(result, 1, "business unit 'LT' does not exist", "`muster classifier list businessUnit`")


def test_note_says_when_a_user_needs_a_business_unit(muster: Muster, tmp_path: Path) -> None:
    units = tmp_path / "units.csv"
    units.write_text("classifier,code,title\nbusinessUnit,LT,Vilnius\n")
    muster.ok("classifier", "import", str(units))
    result = muster.ok("user", "add", "anna", "--role", "submit", "--password-stdin", stdin="correct horse\n")
    assert "assign one with `muster user change NAME --business-unit CODE`" in result.err
    result = muster.ok(
        *("user", "add", "berta", "--role", "submit", "--business-unit", "LT", "--password-stdin"),
        stdin="correct horse\n",
    )
    assert "--business-unit" not in result.err


def test_change_keeps_rights_that_are_not_given(muster: Muster, tmp_path: Path) -> None:
    units = tmp_path / "units.csv"
    units.write_text("classifier,code,title\nbusinessUnit,LV,Latvia\n")
    muster.ok("classifier", "import", str(units))
    muster.add_user("anna")
    muster.ok("user", "change", "anna", "--business-unit", "LV", "--business-unit", "MAIN")
    assert muster.ok("user", "list").out == "anna\tsubmit\tLV,MAIN\tactive\n"
    muster.ok("user", "change", "anna", "--role", "read")
    assert muster.ok("user", "list").out == "anna\tread\tLV,MAIN\tactive\n"
    assert_one_line(muster("user", "change", "anna"), 2, "nothing to change")
    assert_one_line(muster("user", "change", "anna", "--business-unit", "XX"), 1, "business unit 'XX' does not exist")
    assert_one_line(muster("user", "change", "nobody", "--role", "read"), 1, "muster user list")


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        (["--role", "submit", "--role", "read"], "submit,read"),
        (["--role", "read,submit"], "submit,read"),
        (["--role", "audit, watch", "--role", "audit"], "watch,audit"),
        (["--role", "audit"], "audit"),
    ],
)
def test_user_may_have_several_roles(muster: Muster, options: list[str], listed: str) -> None:
    muster.ok("user", "add", "anna", *options, "--password-stdin", stdin="correct horse\n")
    assert muster.ok("user", "list").out == f"anna\t{listed}\t\tactive\n"


def test_role_is_added_and_removed_beside_the_others(muster: Muster) -> None:
    muster.add_user("anna")
    for options, listed in (
        (["--add-role", "read"], "submit,read"),
        (["--add-role", "read,audit"], "submit,read,audit"),
        (["--remove-role", "submit", "--add-role", "watch"], "read,watch,audit"),
        (["--role", "submit", "--role", "watch"], "submit,watch"),
        (["--role", "read", "--add-role", "submit"], "submit,read"),
    ):
        muster.ok("user", "change", "anna", *options)
        assert muster.ok("user", "list").out == f"anna\t{listed}\t\tactive\n"
    result = muster("user", "change", "anna", "--remove-role", "submit,read")
    assert_one_line(result, 1, "user 'anna' needs a role", "`muster user disable anna`")


def test_new_password_replaces_the_old_one(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("user", "password", "anna", "--password-stdin", stdin="another horse\n")
    assert can_log_in(muster, "anna", "another horse")
    assert not can_log_in(muster, "anna", "correct horse")


def test_disabled_user_can_not_log_in(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("user", "disable", "anna")
    assert not can_log_in(muster, "anna", "correct horse")


def test_enabled_user_can_use_password_and_token_again(muster: Muster) -> None:
    muster.add_user("anna")
    token = muster.ok("token", "create", "anna").out.strip()
    muster.ok("user", "disable", "anna")
    assert not is_valid_token(muster, token)
    assert muster.ok("user", "enable", "anna").err == "enabled the user anna\n"
    assert can_log_in(muster, "anna", "correct horse")
    assert is_valid_token(muster, token)


def test_note_says_when_nothing_changed(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("token", "create", "anna")
    token_id = muster.ok("token", "list").out.split("\t")[0]
    assert muster.ok("user", "enable", "anna").err == "the user anna was not disabled\n"
    muster.ok("user", "disable", "anna")
    assert muster.ok("user", "disable", "anna").err == "the user anna was already disabled\n"
    assert muster.ok("token", "revoke", token_id).err == f"revoked the token {token_id}\n"
    assert muster.ok("token", "revoke", token_id).err == f"the token {token_id} was already revoked\n"


def test_note_says_when_a_changed_user_is_still_disabled(muster: Muster) -> None:
    muster.add_user("anna")
    changes = (("change", "--role", "read"), ("password", "--password-stdin"))
    for disabled in (False, True):
        if disabled:
            muster.ok("user", "disable", "anna")
        for command, *options in changes:
            note = muster.ok("user", command, "anna", *options, stdin="another horse\n").err
            assert ("still disabled, `muster user enable anna`" in note) is disabled


@pytest.mark.parametrize("command", ["user disable", "user enable", "user password", "token create", "token list"])
def test_unknown_user_is_an_error_of_one_line(muster: Muster, command: str) -> None:
    result = muster(*command.split(), "nobody")
    assert_one_line(result, 1, "user 'nobody' does not exist; `muster user list` lists the users")


def test_stdout_contains_only_the_token(muster: Muster) -> None:
    muster.add_user("anna")
    result = muster.ok("token", "create", "anna")
    text = result.out.removesuffix("\n")
    assert text.startswith("mst_")
    assert text.isprintable()
    assert is_valid_token(muster, text)
    assert text not in result.err


def test_list_does_not_show_the_token_itself_and_revoke_ends_it(muster: Muster) -> None:
    muster.add_user("anna")
    text = muster.ok("token", "create", "anna", "--expires", "1").out.strip()
    listed = muster.ok("token", "list", "anna").out
    token_id, user, created, expires, state, last_use = listed.rstrip("\n").split("\t")
    assert (user, state, last_use) == ("anna", "valid", "")
    assert created < expires
    assert text not in listed
    muster.ok("token", "revoke", token_id)
    assert not is_valid_token(muster, text)
    assert muster.ok("token", "list").out.endswith("\trevoked\t\n")


def test_list_shows_the_last_use_of_a_token(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("token", "create", "anna")
    token_id = muster.ok("token", "list").out.split("\t")[0]
    store = open_storage(muster.url)
    store.users.record_token_use(token_id, datetime(2024, 5, 26, 16, 49, 50, tzinfo=UTC), interval=timedelta(hours=1))
    store.close()
    assert muster.ok("token", "list").out.endswith("\tvalid\t2024-05-26T16:49:50Z\n")


def test_disabled_user_gets_no_token(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("user", "disable", "anna")
    assert_one_line(muster("token", "create", "anna"), 1, "user 'anna' is disabled")


@pytest.mark.parametrize("token_id", ["ffffffffffff", "", "\udcff", "a\nb"])
def test_unknown_token_is_an_error_of_one_line(muster: Muster, token_id: str) -> None:
    assert_one_line(muster("token", "revoke", token_id), 1, "`muster token list` lists the tokens")
