"""Response bodies of the endpoints that read records. The OpenAPI document is derived from them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from muster.records.document_diff import ValueChange
from muster.records.reading import VersionChange
from muster.records.record_store import BatchSummary, Communication, CustomerVersion
from muster.web.parameters import EXAMPLE_ID

UtcTime = Annotated[datetime, Meta(tz=True, description="UTC.", examples=["2024-05-26T16:49:50.237000Z"])]
NextCursor = Annotated[str | None, Meta(description="The `cursor` of the next page; null on the last page.")]


class CommunicationResponse(msgspec.Struct, rename="camel"):
    """An accepted communication number and the customer version that it created."""

    communication_number: Annotated[str, Meta(examples=["n-1"])]
    customer_ext_id: Annotated[str, Meta(examples=["c-1"])]
    business_unit: Annotated[str, Meta(examples=["MAIN"])]
    version: Annotated[int, Meta(ge=1, description="The version of the customer.", examples=[1])]
    batch_id: Annotated[UUID, Meta(examples=[EXAMPLE_ID])]
    accepted_at: UtcTime
    accepted_by: Annotated[str, Meta(description="The user that sent the batch.", examples=["core-banking"])]


class CustomerVersionResponse(CommunicationResponse, rename="camel"):
    """A customer as of now, or as of the requested moment."""

    document: Annotated[
        msgspec.Raw,
        Meta(extra_json_schema={"$ref": "#/components/schemas/Customer", "description": "As it was accepted."}),
    ]


class ValueChangeResponse(msgspec.Struct):
    """A difference between two versions of a customer."""

    pointer: Annotated[str, Meta(description="RFC 6901.", examples=["/lastName"])]
    old: Annotated[Any, Meta(description="Missing when the value is new.", examples=["Smith"])] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    new: (
        Annotated[Any, Meta(description="Missing when the value was removed.", examples=["Taylor"])] | msgspec.UnsetType
    ) = msgspec.UNSET


class CustomerChangeResponse(CommunicationResponse, rename="camel"):
    """A version of a customer."""

    changed: Annotated[
        list[str],
        Meta(
            description='RFC 6901 pointers to the differences from the previous version; `""` is the whole document.',
            examples=[["/lastName"]],
        ),
    ]
    values: (
        Annotated[
            list[ValueChangeResponse],
            Meta(description="Only with `changes=values`: the differences that `changed` points to, with values."),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET


class CustomerHistoryResponse(msgspec.Struct):
    """Versions of a customer, newest first."""

    versions: list[CustomerChangeResponse]
    next: NextCursor


class SavedBatchResponse(msgspec.Struct, rename="camel"):
    """A batch that was processed and saved."""

    id: Annotated[UUID, Meta(examples=[EXAMPLE_ID])]
    received_at: UtcTime
    sender: Annotated[str, Meta(examples=["core-banking"])]
    accepted: Annotated[int, Meta(ge=0, examples=[998])]
    rejected: Annotated[int, Meta(ge=0, examples=[2])]
    load_id: Annotated[UUID | None, Meta(description="The load that the batch is a chunk of; null for others.")]
    first_row: Annotated[int | None, Meta(description="The first row of the chunk in the file.", examples=[2])]
    last_row: Annotated[int | None, Meta(description="The last row of the chunk.", examples=[10001])]


class BatchPageResponse(msgspec.Struct):
    """Batches, newest first."""

    batches: list[SavedBatchResponse]
    next: NextCursor


class ResultPageResponse(msgspec.Struct):
    """Results of a batch, in the order of the request."""

    results: Annotated[list[Any], Meta(extra_json_schema={"items": {"$ref": "#/components/schemas/Result"}})]
    next: NextCursor


def to_communication(found: Communication) -> CommunicationResponse:
    return CommunicationResponse(**_get_fields(found))


def to_customer_version(found: CustomerVersion) -> CustomerVersionResponse:
    return CustomerVersionResponse(**_get_fields(found), document=msgspec.Raw(found.document))


def to_customer_change(change: VersionChange) -> CustomerChangeResponse:
    fields, values = _get_fields(change.version), change.values
    shown = msgspec.UNSET if values is None else list(map(_to_value_change, values))
    return CustomerChangeResponse(**fields, changed=list(change.changed), values=shown)


def _to_value_change(change: ValueChange) -> ValueChangeResponse:
    old, new = (msgspec.UNSET if value is None else value for value in (change.old, change.new))
    return ValueChangeResponse(change.pointer, old, new)


def to_saved_batch(found: BatchSummary) -> SavedBatchResponse:
    return SavedBatchResponse(**{name: getattr(found, name) for name in SavedBatchResponse.__struct_fields__})


def _get_fields(found: Communication) -> dict[str, Any]:
    """The fields of `CommunicationResponse`."""
    return {name: getattr(found, name) for name in CommunicationResponse.__struct_fields__}
