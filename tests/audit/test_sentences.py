"""A sentence for each entry."""

import re
from dataclasses import replace

import pytest

from muster.audit.events import Action, AuditEvent, Details
from muster.audit.sentences import describe_entry, describe_parts
from tests.audit.fakes import MemoryAuditLog

LOGIN: Details = {"credential": "token:3f9a0c71be52", "address": "192.0.2.1"}


def describe(actor: str, action: Action, subject: str = "", details: Details | None = None) -> str:
    log = MemoryAuditLog()
    log.append(AuditEvent(actor, action, subject, details or {}))
    return describe_entry(log.log[0])


def test_sentence_says_who_did_what_when_and_from_where() -> None:
    details: Details = {"businessUnit": "MAIN", "version": 2, "versions": 1, **LOGIN}
    assert describe("rita", Action.CUSTOMER_READ, "c-1", details) == (
        "1  2024-05-26 16:49:51Z rita read the customer c-1 of MAIN (version 2, versions 1) from 192.0.2.1 "
        "with the token 3f9a0c71be52"
    )


@pytest.mark.parametrize(
    ("action", "subject", "details", "expected"),
    [
        (
            Action.SIGN_IN_REFUSED,
            "",
            {"address": "192.0.2.1", "scheme": "Basic"},
            "somebody failed to authenticate as an unknown user or token (scheme Basic)",
        ),
        (Action.SIGN_IN_REFUSED, "", {"more": 7}, "caused 7 more entries of the kind sign-in.refused, which"),
        (
            Action.USER_ADDED,
            "anna",
            {"role": "read", "businessUnits": []},
            "added the user anna (roles read, business units none)",
        ),
        (Action.USER_ADDED, "anna", {"businessUnits": ["A", "B"]}, "(business units A,B)"),
        (
            Action.TOKEN_CREATED,
            "5e",
            {"user": "anna", "expiresAt": None},
            "token 5e of the user anna (expires at none)",
        ),
        (
            Action.READ_REFUSED,
            "c-1",
            {"resource": "customer", "reason": "role"},
            "rita asked for what it may not see: customer c-1 (reason role)",
        ),
        (Action.LOAD_STARTED, "5e", {"dryRun": True}, "started the load 5e (dry run yes)"),
    ],
)
def test_details_stand_in_the_sentence_or_behind_it(
    action: Action, subject: str, details: Details, expected: str
) -> None:
    actor = "" if action is Action.SIGN_IN_REFUSED else "rita"
    assert expected in describe(actor, action, subject, details)


def test_the_parts_of_a_sentence_are_apart_for_pages() -> None:
    log = MemoryAuditLog()
    login: Details = {"credential": "session:7e19ad410d99", "address": "192.0.2.1\u202e"}
    log.append(AuditEvent("rita", Action.CUSTOMER_READ, "c\n1", {"businessUnit": "MAIN", "version": 2, **login}))
    words = describe_parts(log.log[0])

    assert (words.actor, words.before, words.subject, words.after) == ("rita", "read the customer", "c\\n1", "of MAIN")
    assert words.details == [("version", "2")]
    assert (words.credential, words.address) == ("the session 7e19ad410d99", "192.0.2.1\\u202e")


@pytest.mark.parametrize("action", Action)
def test_every_action_has_a_sentence_without_gaps(action: Action) -> None:
    sentence = describe("anna", action, "" if not action.subject else "SUBJECT", LOGIN)
    assert action.text not in sentence
    assert ("SUBJECT" in sentence) is bool(action.subject)
    assert not re.search("[{}]", sentence)


def test_action_of_a_later_version_is_named_as_it_is() -> None:
    log = MemoryAuditLog()
    log.append(AuditEvent("anna", Action.USER_ADDED, "berta"))
    assert describe_entry(replace(log.log[0], action="user.renamed")).endswith("anna user.renamed berta")


def test_control_characters_are_escaped() -> None:
    assert describe("rita", Action.CUSTOMER_READ, "c\n2\x1b[2J\u202e").isprintable()
