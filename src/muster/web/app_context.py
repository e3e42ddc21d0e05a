"""What all handlers of one application share. Dependencies of handlers are built from it."""

from dataclasses import dataclass

from muster.auth.login_throttle import LoginThrottle
from muster.observability.prometheus import MetricsRegistry
from muster.web.authenticator import Authenticator
from muster.web.body import BodyTimeouts
from muster.web.pools import RequestPools
from muster.web.readiness import ReadinessCheck
from muster.web.services import Services


@dataclass(frozen=True, slots=True)
class AppContext:
    """The services, and the limits around requests. Every way to log in counts in `throttle`."""

    services: Services
    pools: RequestPools
    metrics: MetricsRegistry
    throttle: LoginThrottle
    authenticator: Authenticator
    readiness: ReadinessCheck
    body_timeouts: BodyTimeouts
