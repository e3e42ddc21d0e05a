"""Response bodies of the endpoints of the audit log. The OpenAPI document is derived from them."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from muster.audit.checkpoint import format_checkpoint
from muster.audit.events import AuditEntry
from muster.audit.reader import VerifiedPart
from muster.web.record_responses import NextCursor, UtcTime

Checkpoint = Annotated[
    str | None,
    Meta(
        description="The last entry that was verified and its hash: note it elsewhere, and give it to the next "
        "verification. Null when the log is broken.",
        examples=[f"1200:{'5e' * 32}"],
    ),
]


class AuditEntryResponse(msgspec.Struct):
    """An entry of the audit log."""

    number: Annotated[int, Meta(ge=1, description="Numbers start at 1, without a gap.", examples=[1200])]
    at: UtcTime
    actor: Annotated[
        str,
        Meta(description="A user; `os:` and a user of the operating system; empty when unknown.", examples=["anna"]),
    ]
    action: Annotated[str, Meta(description="Later versions may add actions.", examples=["customer.read"])]
    subject: Annotated[str, Meta(description="What it was done to.", examples=["c-1"])]
    details: Annotated[
        dict[str, Any],
        Meta(
            description="Depend on the action. For a user of the API or of the console, `credential` (`password`, "
            "`oidc`, or `token:` or `session:` and an id) and the client's `address`.",
            examples=[{"businessUnit": "MAIN", "credential": "token:3f9a0c71be52", "address": "192.0.2.1"}],
        ),
    ]
    sha256: Annotated[str, Meta(description="Covers the entry and the previous hash.", examples=["5e" * 32])]


class AuditPageResponse(msgspec.Struct):
    """Entries of the audit log, newest first."""

    entries: list[AuditEntryResponse]
    next: NextCursor


class AuditVerificationResponse(msgspec.Struct, rename="camel"):
    """The entries that were verified, and whether more follow."""

    is_intact: Annotated[bool, Meta(description="Whether these entries are as they were written.", examples=[True])]
    is_complete: Annotated[
        bool, Meta(description="Whether the end of the log was reached; else go on from `checkpoint`.", examples=[True])
    ]
    first: Annotated[int | None, Meta(description="The first of the verified entries.", examples=[1])]
    last: Annotated[int | None, Meta(description="The last of them.", examples=[1200])]
    end: Annotated[int | None, Meta(description="The last entry of the log.", examples=[1200])]
    checkpoint: Checkpoint
    problem: Annotated[str | None, Meta(description="Where the log is broken; null when it is intact.")]


def to_entry(entry: AuditEntry) -> AuditEntryResponse:
    return AuditEntryResponse(
        entry.number, entry.at, entry.actor, entry.action, entry.subject, dict(entry.details), entry.sha256.hex()
    )


def to_verification(part: VerifiedPart) -> AuditVerificationResponse:
    return AuditVerificationResponse(
        is_intact=True,
        is_complete=part.is_complete,
        first=part.first,
        last=part.last.number,
        end=part.end,
        checkpoint=format_checkpoint(part.last),
        problem=None,
    )


def to_broken(problem: str) -> AuditVerificationResponse:
    return AuditVerificationResponse(False, False, None, None, None, None, problem)
