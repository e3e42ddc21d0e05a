"""Parameters of the endpoints of the audit log."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from muster.audit.chain import START
from muster.audit.checkpoint import parse_checkpoint
from muster.audit.events import Action, ChainHead, EntryFilter
from muster.web.content_negotiation import find_weight
from muster.web.parameters import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, bad_parameter
from muster.web.problems import Problem
from muster.web.search_parameters import parse_bound

JSON: Final = "json"
MEDIA_TYPES: Final = {JSON: "application/json", "csv": "text/csv", "ndjson": "application/x-ndjson"}
_ENTRY_NUMBER: Final = re.compile("[0-9]{1,18}", re.ASCII)
_ONLY_PAGES: Final = (
    "an export has all matching entries; the query parameters limit and cursor belong to format=json, and after and "
    "until narrow an export"
)
_ACTIONS: Final = frozenset(action.text for action in Action)

Since = Annotated[
    str | None,
    QueryParameter(
        description="Only entries from this moment, or the beginning of this day (UTC), on.",
        examples=[Example(value="2024-05-26")],
    ),
]
Until = Annotated[
    str | None,
    QueryParameter(
        description="Only entries before this moment, or the beginning of this day (UTC).",
        examples=[Example(value="2024-05-27T00:00:00Z")],
    ),
]
ActorName = Annotated[
    str | None,
    QueryParameter(
        name="actor",
        description="Only entries of this user; `os:NAME` for the command line.",
        examples=[Example(value="anna")],
    ),
]
ActionText = Annotated[
    str | None,
    QueryParameter(
        name="action",
        description="Only entries with this action.",
        schema_extra={"type": "string", "enum": sorted(_ACTIONS)},
    ),
]
SubjectText = Annotated[
    str | None,
    QueryParameter(
        name="subject",
        description="Only entries about this user, token, customer, batch or load.",
        examples=[Example(value="c-1")],
    ),
]
AfterNumber = Annotated[
    str | None,
    QueryParameter(
        name="after",
        description="Only entries with a higher number.",
        schema_extra={"type": "integer", "format": "int64", "minimum": 0},
    ),
]
PageLimit = Annotated[
    str | None,
    QueryParameter(
        name="limit",
        description=f"The maximum number of entries on the page; {DEFAULT_PAGE_SIZE} by default.",
        schema_extra={"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_PAGE_SIZE},
    ),
]
EntryCursor = Annotated[
    str | None,
    QueryParameter(name="cursor", description="The `next` of the previous page.", examples=[Example(value="1200")]),
]
ExportFormat = Annotated[
    str | None,
    QueryParameter(
        name="format",
        description="`csv` and `ndjson` export all matching entries, oldest first. The default is what `Accept` names.",
        schema_extra={"type": "string", "enum": list(MEDIA_TYPES)},
    ),
]
CheckpointText = Annotated[
    str | None,
    QueryParameter(
        name="checkpoint",
        description="The `checkpoint` of an earlier verification, or what `muster audit verify` printed. Without it, "
        "the verification begins with the first entry.",
        examples=[Example(value=f"1200:{'5e' * 32}")],
    ),
]


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """The query of a request for entries, as text. The methods raise `Problem`, a 400."""

    since: Since = None
    until: Until = None
    actor: ActorName = None
    action: ActionText = None
    subject: SubjectText = None
    after: AfterNumber = None
    limit: PageLimit = None
    cursor: EntryCursor = None
    format: ExportFormat = None

    def parse_criteria(self) -> EntryFilter:
        if self.action is not None and self.action not in _ACTIONS:
            raise bad_parameter("action")
        for name, text in (("actor", self.actor), ("subject", self.subject)):
            if "\0" in (text or ""):  # no entry holds a NUL, and PostgreSQL refuses it
                raise bad_parameter(name)
        since, until = parse_bound("since", self.since), parse_bound("until", self.until)
        return EntryFilter(since, until, self.actor, self.action, self.subject)

    def parse_after(self) -> int:
        return _parse_number("after", self.after) or 0

    def parse_below(self) -> int | None:
        return _parse_number("cursor", self.cursor)

    def parse_limit(self) -> int:
        limit = DEFAULT_PAGE_SIZE if self.limit is None else _parse_number("limit", self.limit)
        if limit is None or not 1 <= limit <= MAX_PAGE_SIZE:
            raise bad_parameter("limit")
        return limit

    def check_export(self) -> None:
        if self.format not in (None, *MEDIA_TYPES):
            raise Problem(400, "the query parameter format takes json, csv or ndjson")
        if self.limit is not None or self.cursor is not None:
            raise Problem(400, _ONLY_PAGES)

    def choose_format(self, accept: str) -> str:
        """The format of the response: what the query names, or else what the header prefers. `*/*` stands for JSON."""
        if self.format is not None:
            return self.format
        weights = {name: find_weight(accept, media_type) for name, media_type in MEDIA_TYPES.items()}
        return max(weights, key=lambda name: weights[name])


def parse_start(text: str | None) -> ChainHead:
    """The checkpoint to verify from. Raises `Problem`, a 400."""
    checkpoint = START if text is None else parse_checkpoint(text)
    if checkpoint is None:
        raise bad_parameter("checkpoint")
    return checkpoint


def _parse_number(name: str, text: str | None) -> int | None:
    if text is not None and not _ENTRY_NUMBER.fullmatch(text):
        raise bad_parameter(name)
    return None if text is None else int(text)
