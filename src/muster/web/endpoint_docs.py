"""What the OpenAPI document says about an endpoint beyond what its signature shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

_OPTION: Final = "muster_endpoint_docs"
# What users see of batches and customers.
VISIBILITY: Final = (
    "`admin` sees everything; `read` sees the customers of its business units, and all batches; `submit` sees what it "
    "sent; a user with both sees both."
)


@dataclass(frozen=True, slots=True)
class EndpointDocs:
    """The request body and the responses of an endpoint.

    `body` and `content` map media types to the struct that describes them; None stands for bytes and `str` for text.
    `statuses` are the successes with their descriptions, `headers` those that successes may have, and `problems` the
    refusals beside those of every endpoint, with descriptions that differ from the usual ones.
    """

    body: Mapping[str, Any] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict)
    statuses: Mapping[int, str] = field(default_factory=dict)
    headers: Sequence[str] = ()
    problems: Mapping[int, str] = field(default_factory=dict)

    def to_option(self) -> dict[str, Any]:
        """The argument `opt` of a handler."""
        return {_OPTION: self}


def get_docs(handler: HTTPRouteHandler) -> EndpointDocs:
    docs = handler.opt.get(_OPTION)
    return docs if isinstance(docs, EndpointDocs) else EndpointDocs()
