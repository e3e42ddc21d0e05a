"""The signed-in user of a page: session, origin, permission and query are checked before its handler runs."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from muster.auth.authorization import Permission
from muster.auth.read_audit import RefusalReason
from muster.auth.sessions import UserSession
from muster.auth.users import User
from muster.web.access import Access, require_permission
from muster.web.app_context import AppContext
from muster.web.concurrency import WorkerSlots
from muster.web.console.languages import choose_language
from muster.web.console.rendering import Headers, HtmlResponse, render
from muster.web.console.request_origin import check_origin
from muster.web.console.session_cookie import read_session_cookie
from muster.web.credentials import BearerToken
from muster.web.parameters import check_query
from muster.web.request_context import AuthenticationOutcome, RequestContext
from muster.web.services import Services
from muster.web.thread_pool import Slot

R = TypeVar("R")
T = TypeVar("T")
_PERMISSION: Final = "muster_console_permission"


class SignInRequiredError(Exception):
    """The browser has no session, or one that has ended."""


class PageRequest:
    """A request of a signed-in user, which holds a slot of a thread pool until its response is made."""

    def __init__(self, request: Request[Any, Any, Any], session: UserSession, services: Services, slot: Slot) -> None:
        self.request = request
        self.session = session
        self._services = services
        self._slot = slot

    @property
    def user(self) -> User:
        return self.session.user

    async def run(self, work: Callable[[Services, User], T]) -> T:
        """Calls `work` in a thread of the pool. It may block."""
        return await self._slot.run(lambda: work(self._services, self.user))

    def get_access(self, select: Callable[[Services], R]) -> Access[R]:
        """Access to one of the services, for code that the API uses too."""
        return Access(select(self._services), self.user, self._slot)

    def render(self, template: str, *, status: int = 200, headers: Headers = (), **values: Any) -> HtmlResponse:
        """The page of a template, with the user's navigation. Templates extend `page.html`."""
        language = choose_language(self.request.headers.get("accept-language", ""))
        return render(template, status=status, headers=headers, user=self.user, language=language, **values)


PageDependency = SkipValidation[NamedDependency[PageRequest]]


def page_option(permission: Permission | None) -> dict[str, Any]:
    """The argument `opt` of a handler: who may see the page. None is for every signed-in user."""
    return {_PERMISSION: permission}


class PageProvider:
    """Provides `PageRequest`. Raises `Problem` (403, 400), `SignInRequiredError`, and errors of the store.

    `slots` are those of the console, unless the page is a file, which takes as long as a browser likes.
    """

    def __init__(self, context: AppContext, slots: WorkerSlots) -> None:
        self._context = context
        self._slots = slots

    @asynccontextmanager
    async def provide(self, request: Request[Any, Any, Any]) -> AsyncGenerator[PageRequest, None]:
        """The request."""
        check_origin(request)
        secret = read_session_cookie(request)
        if secret is None:
            raise SignInRequiredError
        slot, permit = self._slots.acquire(BearerToken(secret))
        with slot:
            context = RequestContext.get(request.scope)
            permission: Permission | None = request.route_handler.opt[_PERMISSION]
            session = await slot.run(lambda: self._find_session(secret, context, permission))
            permit.assign(session.user.name)
            if permission is not None:
                require_permission(session.user, permission)
            # A form sends the fields that are left empty, too.
            check_query(request, request.route_handler, allows_empty=True)
            yield PageRequest(request, session, self._context.services, slot)

    def _find_session(self, secret: str, context: RequestContext, permission: Permission | None) -> UserSession:
        session = self._context.services.sessions.find(secret, context.client_address)
        if session is None:
            raise SignInRequiredError
        context.authentication = AuthenticationOutcome(session.user.name, False)
        if permission is not None and not permission.is_granted(session.user):
            read_audit = self._context.services.read_audit
            read_audit.record_refusal(session.user, context.route or "", "", RefusalReason.ROLE)
        return session
