"""`/metrics`, for users with the role `watch` or `admin`, and for the scraper's token."""

from litestar import Controller, Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from muster.observability.prometheus import CONTENT_TYPE, MetricsRegistry
from muster.web.access import Access
from muster.web.routing import get_or_head

MetricsAccess = SkipValidation[NamedDependency[Access[MetricsRegistry]]]


class MetricsHandlers(Controller):
    """Scrapes must work while other pools are saturated, so their access uses a pool of its own."""

    tags = ("Metrics",)

    @get_or_head(
        "/metrics",
        operation_id="metrics",
        summary="Metrics in the text format of Prometheus, version 0.0.4",
        description="The metrics of all workers. For users with the role `watch` or `admin`, and for the token of the "
        "setting `metrics_token_file`, which works without the database too.",
        media_type=CONTENT_TYPE,
    )
    async def metrics(self, metrics_access: MetricsAccess) -> Response[bytes]:
        return Response(await metrics_access.run(lambda registry, user: registry.render()), media_type=CONTENT_TYPE)
