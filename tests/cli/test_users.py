"""Users and tokens from the command line, and what the service makes of them."""

from pathlib import Path

import pytest

from muster.auth.authentication import CredentialVerifier
from muster.storage import open_storage
from tests.cli.commands import Muster, assert_one_line


def signs_in(muster: Muster, name: str, password: str) -> bool:
    store = open_storage(muster.url)
    try:
        return CredentialVerifier(store.users, store.audit).basic(name, password) is not None
    finally:
        store.close()


def is_token(muster: Muster, text: str) -> bool:
    store = open_storage(muster.url)
    try:
        return CredentialVerifier(store.users, store.audit).bearer(text) is not None
    finally:
        store.close()


def test_a_user_signs_in_with_the_password_from_standard_input(muster: Muster) -> None:
    result = muster.ok("user", "add", "anna", "--role", "submit", "--password-stdin", stdin="correct horse\nmore\n")
    assert (result.out, result.err) == ("", "added the user anna, who may sign in from now on\n")
    assert signs_in(muster, "anna", "correct horse")


@pytest.mark.parametrize("stdin", ["correct horse", "correct horse\n", "correct horse\r\n"])
def test_the_line_end_is_no_part_of_the_password(muster: Muster, stdin: str) -> None:
    muster.ok("user", "add", "anna", "--role", "read", "--password-stdin", stdin=stdin)
    assert signs_in(muster, "anna", "correct horse")


@pytest.mark.parametrize(
    ("stdin", "says"),
    [
        ("", "take at least 8 characters"),
        ("1234567\n", "take at least 8 characters"),
        ("x" * 1025 + "\n", "take at most 1024 bytes"),
        ("12345678\0\n", "without NUL"),
        (b"12345678\xff\n", "not UTF-8"),
    ],
)
def test_a_password_that_can_not_be_used_is_refused(muster: Muster, stdin: str | bytes, says: str) -> None:
    result = muster("user", "add", "anna", "--role", "submit", "--password-stdin", stdin=stdin)
    assert_one_line(result, 1, says)
    assert muster.ok("user", "list").out == ""


def test_users_are_listed_with_role_units_and_state(muster: Muster) -> None:
    muster.add_user("carla", role="admin")
    muster.add_user("anna", "--business-unit", "MAIN", "--business-unit", "MAIN")
    muster.ok("user", "disable", "carla")
    assert muster.ok("user", "list").out == "anna\tsubmit\tMAIN\tactive\ncarla\tadmin\t\tdisabled\n"


def test_a_user_is_added_once(muster: Muster) -> None:
    muster.add_user("anna")
    result = muster("user", "add", "anna", "--role", "read", "--password-stdin", stdin="another horse\n")
    assert_one_line(result, 1, "the user 'anna' is there already", "`muster user change`")
    assert signs_in(muster, "anna", "correct horse")


def test_a_business_unit_must_exist(muster: Muster) -> None:
    result = muster("user", "add", "anna", "--role", "submit", "--business-unit", "LT", "--password-stdin")
    assert_one_line(result, 1, "there is no business unit 'LT'", "`muster classifier list businessUnit`")


def test_a_user_without_a_unit_is_told_about_when_there_are_several(muster: Muster, tmp_path: object) -> None:
    path = f"{tmp_path}/units.csv"
    with open(path, "w") as file:
        file.write("classifier,code,title\nbusinessUnit,LT,Vilnius\n")
    muster.ok("classifier", "import", path)
    result = muster.ok("user", "add", "anna", "--role", "submit", "--password-stdin", stdin="correct horse\n")
    assert "`muster user change NAME --business-unit CODE` gives one" in result.err
    result = muster.ok(
        *("user", "add", "berta", "--role", "submit", "--business-unit", "LT", "--password-stdin"),
        stdin="correct horse\n",
    )
    assert "--business-unit" not in result.err


def test_rights_change_and_what_is_not_named_stays(muster: Muster, tmp_path: Path) -> None:
    units = tmp_path / "units.csv"
    units.write_text("classifier,code,title\nbusinessUnit,LV,Latvia\n")
    muster.ok("classifier", "import", str(units))
    muster.add_user("anna")
    muster.ok("user", "change", "anna", "--business-unit", "LV", "--business-unit", "MAIN")
    assert muster.ok("user", "list").out == "anna\tsubmit\tLV,MAIN\tactive\n"
    muster.ok("user", "change", "anna", "--role", "read")
    assert muster.ok("user", "list").out == "anna\tread\tLV,MAIN\tactive\n"
    assert_one_line(muster("user", "change", "anna"), 2, "nothing to change")
    assert_one_line(muster("user", "change", "anna", "--business-unit", "XX"), 1, "no business unit 'XX'")
    assert_one_line(muster("user", "change", "nobody", "--role", "read"), 1, "muster user list")


def test_a_new_password_replaces_the_old_one(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("user", "password", "anna", "--password-stdin", stdin="another horse\n")
    assert signs_in(muster, "anna", "another horse")
    assert not signs_in(muster, "anna", "correct horse")


def test_a_disabled_user_is_shut_out(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("user", "disable", "anna")
    assert not signs_in(muster, "anna", "correct horse")


def test_a_disabled_user_can_be_let_in_again_with_password_and_token(muster: Muster) -> None:
    muster.add_user("anna")
    token = muster.ok("token", "create", "anna").out.strip()
    muster.ok("user", "disable", "anna")
    assert not is_token(muster, token)
    assert muster.ok("user", "enable", "anna").err == "enabled the user anna\n"
    assert signs_in(muster, "anna", "correct horse")
    assert is_token(muster, token)


def test_what_was_so_already_is_told_as_such(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("token", "create", "anna")
    token_id = muster.ok("token", "list").out.split("\t")[0]
    assert muster.ok("user", "enable", "anna").err == "the user anna was not disabled\n"
    muster.ok("user", "disable", "anna")
    assert muster.ok("user", "disable", "anna").err == "the user anna was disabled already\n"
    assert muster.ok("token", "revoke", token_id).err == f"revoked the token {token_id}\n"
    assert muster.ok("token", "revoke", token_id).err == f"the token {token_id} was revoked already\n"


def test_whoever_changes_a_disabled_user_is_told_so(muster: Muster) -> None:
    muster.add_user("anna")
    changes = (("change", "--role", "read"), ("password", "--password-stdin"))
    for disabled in (False, True):
        if disabled:
            muster.ok("user", "disable", "anna")
        for command, *options in changes:
            told = muster.ok("user", command, "anna", *options, stdin="another horse\n").err
            assert ("still disabled; `muster user enable anna`" in told) is disabled


@pytest.mark.parametrize("command", ["user disable", "user enable", "user password", "token create", "token list"])
def test_a_user_who_is_not_there_is_named(muster: Muster, command: str) -> None:
    result = muster(*command.split(), "nobody")
    assert_one_line(result, 1, "there is no user 'nobody'; `muster user list` shows the users")


def test_a_token_stands_alone_on_stdout_and_works(muster: Muster) -> None:
    muster.add_user("anna")
    result = muster.ok("token", "create", "anna")
    text = result.out.removesuffix("\n")
    assert text.startswith("mst_")
    assert text.isprintable()
    assert is_token(muster, text)
    assert text not in result.err


def test_a_token_is_listed_without_itself_and_can_be_revoked(muster: Muster) -> None:
    muster.add_user("anna")
    text = muster.ok("token", "create", "anna", "--expires", "1").out.strip()
    listed = muster.ok("token", "list", "anna").out
    token_id, user, created, expires, state = listed.rstrip("\n").split("\t")
    assert (user, state) == ("anna", "valid")
    assert created < expires
    assert text not in listed
    muster.ok("token", "revoke", token_id)
    assert not is_token(muster, text)
    assert muster.ok("token", "list").out.endswith("\trevoked\n")


def test_a_disabled_user_gets_no_token(muster: Muster) -> None:
    muster.add_user("anna")
    muster.ok("user", "disable", "anna")
    assert_one_line(muster("token", "create", "anna"), 1, "the user 'anna' is disabled")


@pytest.mark.parametrize("token_id", ["ffffffffffff", "", "\udcff", "a\nb"])
def test_a_token_that_is_not_there_is_named(muster: Muster, token_id: str) -> None:
    assert_one_line(muster("token", "revoke", token_id), 1, "`muster token list` shows them")
