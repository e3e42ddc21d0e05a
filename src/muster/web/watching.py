"""`/metrics`, for whoever may watch the service."""

from typing import Final

from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Scope

from muster.access.authority import may_watch
from muster.access.ports import User
from muster.web.asking import Asking, Right
from muster.web.metrics import MEDIA_TYPE, Metrics

WATCHES: Final = Right(
    may_watch,
    "this user may not read the metrics; `muster user change`, or its OpenID provider, gives it the role watch",
)


class WatchPages:
    """Tells the metrics. `asking` is to have a pool of its own: they are looked at when the others are full."""

    def __init__(self, metrics: Metrics, asking: Asking) -> None:
        self._metrics = metrics
        self._asking = asking

    async def metrics(self, scope: Scope) -> ASGIApp:
        text = await self._asking.told(scope, self._text)
        return ASGIResponse(body=text, media_type=MEDIA_TYPE)

    def _text(self, scope: Scope, user: User) -> bytes:
        return self._metrics.text()
