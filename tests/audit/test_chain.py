"""The chain of the audit log shows every change of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.audit.chain import GENESIS_HASH, ChainBrokenError, ChainVerifier, chain_entry
from muster.audit.events import Action, AuditEntry, AuditEvent, ChainHead

AT = datetime(2024, 5, 26, 16, 49, 50, 237_000, tzinfo=UTC)
EVENTS = [
    AuditEvent("os:root", Action.USER_ADDED, "anna", {"role": "read", "businessUnits": ["MAIN", "RIGA"]}),
    AuditEvent("anna", Action.CUSTOMER_READ, "c-ž", {"businessUnit": "MAIN", "version": 2}),
    AuditEvent("", Action.SIGN_IN_REFUSED, "", {"address": "192.0.2.1", "known": False}),
    AuditEvent("os:root", Action.TOKEN_CREATED, "5e", {"user": "anna", "expiresAt": None}),
]


def log(events: Sequence[AuditEvent] = EVENTS) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number, event in enumerate(events, 1):
        before = entries[-1].sha256 if entries else GENESIS_HASH
        entries.append(chain_entry(before, number, AT + timedelta(seconds=number), event))
    return entries


def head_of(entries: Sequence[AuditEntry]) -> ChainHead:
    return ChainHead(entries[-1].number, entries[-1].sha256) if entries else ChainHead(0, GENESIS_HASH)


def check(entries: Sequence[AuditEntry], head: ChainHead, noted: ChainHead | None = None) -> None:
    walk = ChainVerifier(noted)
    for entry in entries:
        walk.past(entry)
    walk.end(head)


def broken(entries: Sequence[AuditEntry], head: ChainHead, noted: ChainHead | None = None) -> str:
    with pytest.raises(ChainBrokenError) as told:
        check(entries, head, noted)
    return str(told.value)


def test_a_log_as_it_was_written_is_whole() -> None:
    for count in range(len(EVENTS) + 1):
        entries = log(EVENTS[:count])
        check(entries, head_of(entries))


def test_the_hash_is_that_of_logs_that_are_there_already() -> None:
    assert head_of(log()).sha256.hex() == "84b581196c4e9bcb75fe7612a5c64c187b13495df1cf049a29b2f53da0f707f8"


def test_the_hash_does_not_depend_on_the_zone_of_a_time_or_the_order_of_details() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=3)))
    details = dict(reversed(EVENTS[0].details.items()))
    assert (
        chain_entry(GENESIS_HASH, 1, AT, EVENTS[0]).sha256
        == chain_entry(GENESIS_HASH, 1, elsewhere, replace(EVENTS[0], details=details)).sha256
    )


@pytest.mark.parametrize("place", range(len(EVENTS)))
@pytest.mark.parametrize(
    "change",
    [
        {"at": AT},
        {"actor": "berta"},
        {"action": "user.changed"},
        {"subject": "x"},
        {"details": {}},
        {"sha256": GENESIS_HASH},
    ],
)
def test_a_changed_entry_is_found(place: int, change: dict[str, object]) -> None:
    entries = log()
    head = head_of(entries)
    entries[place] = replace(entries[place], **change)  # type: ignore[arg-type]  # named in the table
    # A last entry with another hash is not where the log ends.
    assert f"entry {place + 1}" in broken(entries, head)


@pytest.mark.parametrize("place", range(len(EVENTS)))
def test_a_removed_entry_is_found(place: int) -> None:
    entries = log()
    head = head_of(entries)
    del entries[place]
    assert broken(entries, head).startswith(f"entry {place + 1} is missing")


def test_removed_entries_are_named() -> None:
    entries = log()
    assert broken([entries[0], entries[3]], head_of(entries)) == "entries 2 to 3 are missing"
    assert broken(entries[:1], head_of(entries)) == "entries 2 to 4 are missing at the end"
    assert broken([], head_of(entries)) == "entries 1 to 4 are missing at the end"


def test_an_entry_that_was_put_in_is_found() -> None:
    entries = log()
    assert "entry 0 stands" in broken([chain_entry(GENESIS_HASH, 0, AT, EVENTS[0]), *entries], head_of(entries))
    assert broken([*entries[:2], entries[1], *entries[2:]], head_of(entries)) == "entry 2 stands where entry 3 belongs"
    assert "ends" in broken([*entries, chain_entry(entries[-1].sha256, 5, AT, EVENTS[0])], head_of(entries))


def test_a_log_that_was_made_anew_is_found_by_what_was_noted_elsewhere() -> None:
    noted = head_of(log())
    anew = log([*EVENTS[:3], EVENTS[0], *EVENTS])
    check(anew, head_of(anew))
    assert broken(anew, head_of(anew), noted) == "entry 4 is not the one whose hash was noted"
    shorter = log(EVENTS[:2])
    assert broken(shorter, head_of(shorter), noted) == "entries 3 to 4 are missing at the end"
    longer = log([*EVENTS, *EVENTS])
    check(longer, head_of(longer), noted)


text = st.text(max_size=5)


@given(
    st.lists(
        st.builds(AuditEvent, text, st.sampled_from(Action), text, st.dictionaries(text, text | st.integers())),
        max_size=4,
    )
)
def test_any_events_make_a_log_that_is_whole(events: list[AuditEvent]) -> None:
    entries = log(events)
    check(entries, head_of(entries))
