"""What all handlers of one application share. Dependencies of handlers are made from it."""

from dataclasses import dataclass
from typing import Final, cast

from litestar.types import Scope

from muster.auth.login_throttle import LoginThrottle
from muster.observability.prometheus import MetricsRegistry
from muster.web.authenticator import Authenticator
from muster.web.batches import BatchHandlers
from muster.web.body import BodyTimeouts
from muster.web.pools import RequestPools
from muster.web.readiness import ReadinessCheck
from muster.web.services import Services

_STATE_KEY: Final = "muster_app_context"


@dataclass(frozen=True, slots=True)
class AppContext:
    """The services, and the limits around requests. Every way to log in counts in `throttle`.

    `metrics_authenticator` takes the token of the scraper, too.
    """

    services: Services
    pools: RequestPools
    metrics: MetricsRegistry
    throttle: LoginThrottle
    authenticator: Authenticator
    metrics_authenticator: Authenticator
    readiness: ReadinessCheck
    body_timeouts: BodyTimeouts
    batches: BatchHandlers

    def attach(self, scope: Scope) -> None:
        """Makes this the context of the request with this scope."""
        scope.setdefault("state", {})[_STATE_KEY] = self

    @classmethod
    def get(cls, scope: Scope) -> "AppContext":
        """The context of the application that got the request with this scope."""
        return cast(AppContext, scope["state"][_STATE_KEY])
