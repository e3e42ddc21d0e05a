"""The hash chain reveals every change of the audit log."""

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


def build_log(events: Sequence[AuditEvent] = EVENTS) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number, event in enumerate(events, 1):
        previous_hash = entries[-1].sha256 if entries else GENESIS_HASH
        entries.append(chain_entry(previous_hash, number, AT + timedelta(seconds=number), event))
    return entries


def build_head(entries: Sequence[AuditEntry]) -> ChainHead:
    return ChainHead(entries[-1].number, entries[-1].sha256) if entries else ChainHead(0, GENESIS_HASH)


def check(entries: Sequence[AuditEntry], head: ChainHead, checkpoint: ChainHead | None = None) -> None:
    verifier = ChainVerifier(checkpoint)
    for entry in entries:
        verifier.add(entry)
    verifier.finish(head)


def find_break(entries: Sequence[AuditEntry], head: ChainHead, checkpoint: ChainHead | None = None) -> str:
    with pytest.raises(ChainBrokenError) as error:
        check(entries, head, checkpoint)
    return str(error.value)


def test_unchanged_log_passes() -> None:
    for count in range(len(EVENTS) + 1):
        entries = build_log(EVENTS[:count])
        check(entries, build_head(entries))


def test_hash_format_is_that_of_existing_logs() -> None:
    assert build_head(build_log()).sha256.hex() == "84b581196c4e9bcb75fe7612a5c64c187b13495df1cf049a29b2f53da0f707f8"


def test_hash_ignores_time_zone_and_order_of_details() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=3)))
    details = dict(reversed(list(EVENTS[0].details.items())))
    assert (
        chain_entry(GENESIS_HASH, 1, AT, EVENTS[0]).sha256
        == chain_entry(GENESIS_HASH, 1, elsewhere, replace(EVENTS[0], details=details)).sha256
    )


@pytest.mark.parametrize("index", range(len(EVENTS)))
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
def test_changed_entry_is_detected(index: int, change: dict[str, object]) -> None:
    entries = build_log()
    head = build_head(entries)
    entries[index] = replace(entries[index], **change)  # type: ignore[arg-type]  # fields by name
    # A changed last entry differs from the head.
    assert f"entry {index + 1}" in find_break(entries, head)


@pytest.mark.parametrize("index", range(len(EVENTS)))
def test_removed_entry_is_detected(index: int) -> None:
    entries = build_log()
    head = build_head(entries)
    del entries[index]
    assert find_break(entries, head).startswith(f"entry {index + 1} is missing")


def test_removed_entries_are_named() -> None:
    entries = build_log()
    assert find_break([entries[0], entries[3]], build_head(entries)) == "entries 2 to 3 are missing"
    assert find_break(entries[:1], build_head(entries)) == "entries 2 to 4 are missing at the end"
    assert find_break([], build_head(entries)) == "entries 1 to 4 are missing at the end"


def test_inserted_entry_is_detected() -> None:
    entries = build_log()
    assert "entry 0 stands" in find_break([chain_entry(GENESIS_HASH, 0, AT, EVENTS[0]), *entries], build_head(entries))
    assert (
        find_break([*entries[:2], entries[1], *entries[2:]], build_head(entries))
        == "entry 2 stands where entry 3 belongs"
    )
    assert "records another end" in find_break(
        [*entries, chain_entry(entries[-1].sha256, 5, AT, EVENTS[0])], build_head(entries)
    )


def test_recalculated_log_is_detected_by_a_checkpoint() -> None:
    checkpoint = build_head(build_log())
    recalculated = build_log([*EVENTS[:3], EVENTS[0], *EVENTS])
    check(recalculated, build_head(recalculated))
    assert (
        find_break(recalculated, build_head(recalculated), checkpoint)
        == "entry 4 does not have the hash of the checkpoint"
    )
    truncated = build_log(EVENTS[:2])
    assert find_break(truncated, build_head(truncated), checkpoint) == "entries 3 to 4 are missing at the end"
    extended = build_log([*EVENTS, *EVENTS])
    check(extended, build_head(extended), checkpoint)


text = st.text(max_size=5)


@given(
    st.lists(
        st.builds(AuditEvent, text, st.sampled_from(Action), text, st.dictionaries(text, text | st.integers())),
        max_size=4,
    )
)
def test_log_of_any_events_passes(events: list[AuditEvent]) -> None:
    entries = build_log(events)
    check(entries, build_head(entries))
