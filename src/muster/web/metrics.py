"""`/metrics`, for whoever may watch the service."""

from typing import Final

from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Scope

from muster.auth.authorization import can_read_metrics
from muster.auth.users import User
from muster.observability.prometheus import MEDIA_TYPE, MetricsRegistry
from muster.web.authenticated_endpoint import AuthenticatedEndpoint, Permission

WATCHES: Final = Permission(
    can_read_metrics,
    "this user may not read the metrics; `muster user change`, or its OpenID provider, gives it the role watch",
)


class MetricsHandlers:
    """Tells the metrics. `asking` is to have a pool of its own: they are looked at when the others are full."""

    def __init__(self, metrics: MetricsRegistry, asking: AuthenticatedEndpoint) -> None:
        self._metrics = metrics
        self._asking = asking

    async def metrics(self, scope: Scope) -> ASGIApp:
        text = await self._asking.told(scope, self._text)
        return ASGIResponse(body=text, media_type=MEDIA_TYPE)

    def _text(self, scope: Scope, user: User) -> bytes:
        return self._metrics.text()
