"""Bodies of the endpoints of loads. The OpenAPI document is derived from them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from muster.intake.checkpoint import CodeCount
from muster.loads.load_store import Load, LoadOptions, Part
from muster.loads.progress import measure_progress
from muster.web.parameters import EXAMPLE_ID
from muster.web.record_responses import NextCursor, UtcTime

FileName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=r"^[^\x00-\x1f\x7f/\\]*$",
        description="The name of the file, without its directory.",
        examples=["customers.csv"],
    ),
]
Sha256 = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{64}$",
        description="The SHA-256 of the whole file as it is uploaded.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]
SheetName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,  # XLSX allows 31 characters; ODS has no bound
        description="The sheet of a workbook that is loaded. Without it, the only one that has rows.",
        examples=["Customers"],
    ),
]
Percent = Annotated[int, Meta(ge=0, le=100)]


class LoadOptionsBody(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """What to do with the customers of the file."""

    dry_run: Annotated[bool, Meta(description="Judges the whole file exactly as loading would, and saves nothing.")] = (
        False
    )
    upsert: Annotated[bool, Meta(description="As the query parameter of batches.")] = False
    unknown: Annotated[
        Literal["ignore", "reject"], Meta(description="What to do with customers that have unknown fields.")
    ] = "ignore"
    accept: Annotated[
        Percent | Literal["all"],
        Meta(
            description="The percentage of the rows of the file that must be accepted for any to be saved; `all` is "
            "100. The file is judged as a whole first."
        ),
    ] = 0
    batch: Annotated[
        int, Meta(ge=1, le=10_000, description="Customers that are saved in one transaction, as one batch.")
    ] = 10_000
    encoding: Annotated[
        str | None, Meta(description="The encoding of a text file that is not UTF-8, such as `cp1257`.")
    ] = None
    sheet: SheetName | None = None
    mapping: Annotated[
        dict[str, Any] | None,
        Meta(description="How columns become fields, where the headers do not name them. Absent in lists of loads."),
    ] = None


class NewLoadBody(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A load whose file is uploaded in parts."""

    name: FileName
    sha256: Sha256 | None = None
    options: LoadOptionsBody = msgspec.field(default_factory=LoadOptionsBody)


class CodeCountResponse(msgspec.Struct, rename="camel"):
    """How many rows were refused with an error code, by the first error of each row."""

    code: Annotated[str, Meta(examples=["O005"])]
    count: Annotated[int, Meta(ge=1)]
    description: Annotated[
        str, Meta(description="The text of the first error.", examples=["CommunicationNumber already used in amlyze"])
    ]
    first_row: Annotated[int, Meta(ge=1, description="The first row with this error; the header is row 1.")]
    cell: Annotated[str | None, Meta(description="The cell of the first error, as in a spreadsheet.", examples=["Q17"])]


class LoadResponse(msgspec.Struct, rename="camel"):
    """A load: a file, and what became of its rows so far."""

    id: Annotated[UUID, Meta(examples=[EXAMPLE_ID])]
    name: FileName
    state: Annotated[
        Literal["receiving", "waiting", "running", "completed", "failed", "cancelled"],
        Meta(description="`completed`, `failed` and `cancelled` are final."),
    ]
    dry_run: bool
    sender: Annotated[str, Meta(examples=["core-banking"])]
    created_at: UtcTime
    started_at: UtcTime | None
    ended_at: UtcTime | None
    format: Annotated[
        str | None,
        Meta(description="`csv`, `ndjson`, `json`, `xlsx`, `ods` or `parquet`, found by content.", examples=["csv"]),
    ]
    size: Annotated[int | None, Meta(description="Bytes of the file, once all parts are there.")]
    bytes_read: Annotated[int, Meta(ge=0, description="Bytes of the file that were read so far.")]
    sha256: Sha256 | None
    rows: Annotated[int, Meta(ge=0)]
    accepted: Annotated[int, Meta(ge=0)]
    refused: Annotated[int, Meta(ge=0)]
    warnings: Annotated[int, Meta(ge=0)]
    rows_per_second: Annotated[int | None, Meta(description="On average since the start.")]
    codes: list[CodeCountResponse]
    problem: Annotated[str | None, Meta(description="Why the load failed.")]
    has_refused: Annotated[bool, Meta(description="Whether the refused rows can be downloaded.")]
    options: LoadOptionsBody


class LoadPageResponse(msgspec.Struct):
    """Loads, newest first."""

    loads: list[LoadResponse]
    next: NextCursor


class PartResponse(msgspec.Struct):
    """A part that was received."""

    number: Annotated[int, Meta(ge=1)]
    size: Annotated[int, Meta(ge=0, description="Bytes.")]
    sha256: Annotated[
        str, Meta(description="In hex.", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    ]


class PartListResponse(msgspec.Struct):
    """The parts of a load that were received, in the order of their numbers."""

    parts: list[PartResponse]


def to_options(body: LoadOptionsBody) -> LoadOptions:
    return LoadOptions(
        dry_run=body.dry_run,
        upsert=body.upsert,
        reject_unknown=body.unknown == "reject",
        min_accepted_percent=100 if body.accept == "all" else body.accept,
        chunk_rows=body.batch,
        encoding=body.encoding,
        mapping=body.mapping,
        sheet=body.sheet,
    )


def to_load(load: Load, *, with_mapping: bool = True) -> LoadResponse:
    """The load as of now. A list of loads leaves their mappings out, which may be large."""
    totals, options = load.totals, load.options
    return LoadResponse(
        id=load.id,
        name=load.name,
        state=load.state.value,
        dry_run=options.dry_run,
        sender=load.sender,
        created_at=load.created_at,
        started_at=load.started_at,
        ended_at=load.ended_at,
        format=load.layout.format if load.layout else None,
        size=load.size,
        bytes_read=load.bytes_read,
        sha256=load.content_sha256.hex() if load.content_sha256 else None,
        rows=totals.rows,
        accepted=totals.accepted,
        refused=totals.refused,
        warnings=totals.warnings,
        rows_per_second=measure_progress(load, datetime.now(UTC)).rows_per_second,
        codes=[_to_code_count(count) for count in totals.codes],
        problem=load.problem,
        has_refused=load.has_refused,
        options=LoadOptionsBody(
            dry_run=options.dry_run,
            upsert=options.upsert,
            unknown="reject" if options.reject_unknown else "ignore",
            accept=options.min_accepted_percent,
            batch=options.chunk_rows,
            encoding=options.encoding,
            sheet=options.sheet,
            mapping=dict(options.mapping) if options.mapping is not None and with_mapping else None,
        ),
    )


def to_part_list(parts: Sequence[Part]) -> PartListResponse:
    return PartListResponse([PartResponse(part.number, part.size, part.sha256.hex()) for part in parts])


def _to_code_count(count: CodeCount) -> CodeCountResponse:
    return CodeCountResponse(count.code, count.count, count.description, count.first_row, count.cell)
