"""What a request to take in a batch holds: the shape of its body, and its options."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta


class BatchRequest(msgspec.Struct, rename="camel"):
    """A batch of customers. Unknown keys beside `customers` are ignored."""

    customers: Annotated[
        list[Any],
        Meta(
            description="The customers, each checked on its own. They are processed in this order: a later customer "
            "sees what the accepted ones before it change."
        ),
    ]


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a user asks for beside the batch.

    `save` is False for a dry run. `detail` lists all violations and warnings in the results. `min_accepted_percent`
    is the share of the customers that must be accepted for any to be saved, from 0 (no threshold) to 100 (all).
    `idempotency_key` is the value of the request's `Idempotency-Key`; a dry run ignores it. `key_lifetime` makes the
    key valid for longer than the setting says. With `upsert`, a customer
    without `action` is an UPDATE when it is known, and a CREATE otherwise. `reject_unknown` rejects customers with
    unknown fields, which are otherwise ignored with a warning.
    """

    save: bool
    detail: bool = False
    min_accepted_percent: int = 0
    idempotency_key: str | None = None
    upsert: bool = False
    reject_unknown: bool = False
    key_lifetime: timedelta | None = None
