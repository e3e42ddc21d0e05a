"""Signing in with name and password, signing out, and the list of sessions."""

import re
from typing import Annotated, Any, Final

from litestar import Controller, Request, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from muster.auth.authentication import utc_now
from muster.auth.login_throttle import TooManyAttemptsError
from muster.auth.oidc.errors import ProviderUnavailableError
from muster.auth.sessions import UserChangedError
from muster.auth.users import OIDC_NAME_PREFIX, Role, User
from muster.web.app_context import AppContext
from muster.web.concurrency import Permit
from muster.web.console.access import PageDependency, page_option
from muster.web.console.forms import Form, read_form
from muster.web.console.languages import choose_language
from muster.web.console.rendering import Headers, HtmlResponse, redirect, render
from muster.web.console.request_origin import check_origin
from muster.web.console.session_cookie import (
    Connection,
    build_expired_cookie,
    build_session_cookie,
    is_transport_secure,
    read_session_cookie,
)
from muster.web.console.texts import text
from muster.web.credentials import BasicCredentials
from muster.web.parameters import check_query
from muster.web.problems import Problem
from muster.web.request_context import RequestContext
from muster.web.routing import get_or_head

ConsoleDependency = SkipValidation[NamedDependency[AppContext]]
AnyRequest = Request[Any, Any, Any]
HOME_PATH: Final = "/console/"
SIGN_IN_PATH: Final = "/console/sign-in"
SESSIONS_PATH: Final = "/console/sessions"
_PROVIDER: Final = "provider"
_HOST: Final = re.compile(r"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", re.ASCII)
SignedOut = Annotated[str | None, QueryParameter(name="signedOut", schema_extra={"enum": [_PROVIDER]})]


class SignInHandlers(Controller):
    @get_or_head("/sign-in", guards=[check_query])
    async def form(self, request: AnyRequest, console: ConsoleDependency, signed_out: SignedOut = None) -> HtmlResponse:
        """After a sign-out of a provider's user, with a link to the sign-out at the provider."""
        url = await _find_provider_sign_out(request, console) if signed_out == _PROVIDER else ""
        return render_sign_in(request, console, Form(), sign_out_url=url)

    @post("/sign-in", guards=[check_query])
    async def sign_in(self, request: AnyRequest, console: ConsoleDependency) -> HtmlResponse:
        """Starts a session. The one that the browser had ends."""
        check_origin(request)
        if not is_transport_secure(request):
            return render_sign_in(request, console, Form(), 403)
        form = await read_form(request)
        credentials = BasicCredentials(form.get("name"), form.get_exactly("password"))
        slot, permit = console.pools.console_slots.acquire(credentials)
        with slot:
            try:
                secret = await slot.run(lambda: _start_session(console, request, credentials, permit))
            except TooManyAttemptsError as error:
                form.errors["name"] = text(
                    "Too many wrong passwords came from this address. Try again in %(seconds)s s.",
                    seconds=error.seconds,
                )
                return render_sign_in(request, console, form, 429, [("Retry-After", str(error.seconds))])
            except (Problem, UserChangedError) as error:
                if isinstance(error, Problem) and error.status != 401:
                    raise
                form.errors["name"] = text("Name or password is wrong, or the user has no password or is disabled.")
                return render_sign_in(request, console, form)
        return redirect(HOME_PATH, [build_session_cookie(request, secret)])

    @post("/sign-out", opt=page_option(None))
    async def sign_out(self, page: PageDependency) -> HtmlResponse:
        await page.run(lambda services, user: services.sessions.end(page.session.id, user))
        is_of_provider = page.user.name.startswith(OIDC_NAME_PREFIX)
        path = f"{SIGN_IN_PATH}?signedOut={_PROVIDER}" if is_of_provider else SIGN_IN_PATH
        return redirect(path, [build_expired_cookie(page.request)])

    @get_or_head("/sessions", opt=page_option(None))
    async def sessions(self, page: PageDependency) -> HtmlResponse:
        """The user's own sessions; an administrator sees those of all users."""
        found = await page.run(lambda services, user: services.sessions.list(_get_owner(user)))
        return page.render("sessions.html", sessions=found, current=page.session, now=utc_now())

    @post("/sessions/end", opt=page_option(None))
    async def end(self, page: PageDependency) -> HtmlResponse:
        form = await read_form(page.request)
        session_id = form.get("session")

        def end_visible(services: Any, user: User) -> None:
            if any(session.id == session_id for session in services.sessions.list(_get_owner(user))):
                services.sessions.end(session_id, user)

        await page.run(end_visible)
        return redirect(SIGN_IN_PATH if session_id == page.session.id else SESSIONS_PATH)


def _get_owner(user: User) -> str | None:
    """Whose sessions the user sees and ends; None for those of all users."""
    return None if Role.ADMIN in user.roles else user.name


def _start_session(console: AppContext, request: AnyRequest, credentials: BasicCredentials, permit: Permit) -> str:
    user = console.authenticator.authenticate(credentials, RequestContext.get(request.scope), permit)
    return replace_session(console, request, user)


def replace_session(console: AppContext, request: AnyRequest, user: User) -> str:
    """The secret of a new session of a user who has just authenticated. The one that the browser had ends. Blocks."""
    previous = read_session_cookie(request)
    session = console.services.sessions.find(previous, user.address) if previous else None
    if session is not None:
        console.services.sessions.end(session.id, session.user)
    return console.services.sessions.start(user, request.headers.get("user-agent", ""))


async def _find_provider_sign_out(request: AnyRequest, console: AppContext) -> str:
    """Where the user signs out at the provider; empty where that is not possible, or not now."""
    sign_in = console.services.oidc_sign_in
    if sign_in is None or not is_transport_secure(request):
        return ""
    return_uri = build_own_uri(request, SIGN_IN_PATH)
    try:
        return await console.pools.provider.run(lambda: sign_in.build_sign_out_url(return_uri)) or ""
    except ProviderUnavailableError:
        return ""


def build_own_uri(connection: Connection, path: str) -> str:
    """The address of a path as the browser knows it, which the provider must know too. Raises `Problem`, a 400."""
    host = connection.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Problem(400, "the header Host is missing, or is no name of a host")
    return f"{connection.scope['scheme']}://{host}{path}"


def render_sign_in(
    request: AnyRequest,
    console: AppContext,
    form: Form,
    status: int = 200,
    headers: Headers = (),
    *,
    sign_out_url: str = "",
) -> HtmlResponse:
    """The page with all ways to sign in, and the errors of the form."""
    sign_in = console.services.oidc_sign_in
    return render(
        "sign_in.html",
        status=status,
        headers=headers,
        user=None,
        language=choose_language(request.headers.get("accept-language", "")),
        form=form,
        is_secure=is_transport_secure(request),
        provider=sign_in.provider if sign_in else "",
        sign_out_url=sign_out_url,
    )
