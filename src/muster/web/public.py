"""Endpoints without authentication: classifiers and health."""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from litestar import Controller
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import PathParameter, SkipValidation
from litestar.types import Scope
from msgspec import Meta

from muster.classifiers.snapshot import CLASSIFIER_NAMES, ClassifierCache
from muster.web.problems import RETRY_NOT_READY, Problem, or_404
from muster.web.readiness import ReadinessCheck
from muster.web.routing import public_get_or_head
from muster.web.thread_pool import ThreadPool
from muster.web.transport import is_stopping

_STOPPING: Final = "the service is about to stop; send requests to another node"
_NO_CLASSIFIER: Final = "there is no classifier of that name; /v2/api-docs lists them"


@dataclass(frozen=True, slots=True)
class PublicServices:
    """What public endpoints use. Their small pool is their own, so that full pools can't make the service look dead."""

    classifiers: ClassifierCache
    readiness: ReadinessCheck
    pool: ThreadPool


PublicDependency = SkipValidation[NamedDependency[PublicServices]]
ClassifierName = Annotated[
    str,
    PathParameter(
        schema_extra={"$ref": "#/components/schemas/ClassifierName"}, examples=[Example(value=CLASSIFIER_NAMES[0])]
    ),
]


class ClassifierCodeResponse(msgspec.Struct):
    """A code of a classifier."""

    code: Annotated[str, Meta(examples=["LT"])]
    title: Annotated[str, Meta(examples=["Lithuania"])]


class HealthResponse(msgspec.Struct):
    """The state of the service."""

    status: str


class PublicHandlers(Controller):
    @public_get_or_head(
        "/classifier/{name:str}",
        operation_id="classifier",
        tags=["Classifiers"],
        summary="The codes of one classifier",
    )
    async def classifier(self, name: ClassifierName, public: PublicDependency) -> list[ClassifierCodeResponse]:
        """The codes in the order of the classifier."""
        snapshot = await public.pool.run(public.classifiers.current)
        titles = or_404(snapshot.titles.get(name), _NO_CLASSIFIER)
        return [ClassifierCodeResponse(code, title) for code, title in titles.items()]

    @public_get_or_head("/health/live", operation_id="live", tags=["Health"], summary="The process runs.")
    async def live(self) -> HealthResponse:
        return HealthResponse("live")

    @public_get_or_head(
        "/health/ready",
        operation_id="ready",
        tags=["Health"],
        summary="The service can save batches, and is not about to stop.",
    )
    async def ready(self, public: PublicDependency, scope: Scope) -> HealthResponse:
        """The database is available, can be written to, and has the right schema."""
        obstacle = _STOPPING if is_stopping(scope) else await public.readiness.find_obstacle()
        if obstacle is not None:
            raise Problem(503, obstacle, RETRY_NOT_READY)
        return HealthResponse("ready")
