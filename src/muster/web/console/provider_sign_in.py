"""Signing in at an OpenID provider: the way there, and the provider's answer."""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from litestar import Controller, get

from muster.auth.login_throttle import TooManyAttemptsError
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.sign_in_attempt import AuthorizationResponse, SignInAttempt, make_attempt, parse_attempt
from muster.auth.users import User
from muster.web.app_context import AppContext
from muster.web.console.forms import Form
from muster.web.console.languages import choose_language
from muster.web.console.rendering import Headers, HtmlResponse, redirect, render
from muster.web.console.session_cookie import (
    build_session_cookie,
    build_sign_in_cookie,
    is_transport_secure,
    read_sign_in_cookie,
)
from muster.web.console.sign_in import (
    HOME_PATH,
    AnyRequest,
    ConsoleDependency,
    build_own_uri,
    render_sign_in,
    replace_session,
)
from muster.web.console.texts import TranslatableText, text
from muster.web.parameters import check_query
from muster.web.problems import Problem
from muster.web.request_context import AuthenticationOutcome, RequestContext
from muster.web.services import ProviderSignIn

PROVIDER_PATH: Final = "/console/sign-in/provider"
CALLBACK_PATH: Final = "/console/sign-in/callback"
_MAX_FIELDS: Final = 20
_UNAVAILABLE: Final = text("The provider does not answer as it should. Try again later; the log says what is wrong.")
_OTHER_WINDOW: Final = text(
    "This sign-in was begun in another window or browser, or it took longer than ten minutes. Begin again."
)
_CANCELLED: Final = text("The provider did not sign you in: you cancelled, or it does not let you use this service.")
_ENDED: Final = text("The provider ended the sign-in with an error. Begin again; if it stays, tell the operator.")
_REJECTIONS: Final[Mapping[TokenRejection, TranslatableText]] = {
    TokenRejection.CODE: text("The provider's answer was used before, or is too old. Begin again."),
    TokenRejection.NO_ROLE: text(
        "The provider signed you in, but gives you no role here. Ask its administrator for one of the roles submit, "
        "read, watch, audit or admin."
    ),
    TokenRejection.NAME: text("The provider signed you in, but gives you no name that can be used here."),
    TokenRejection.UNITS: text("The provider signed you in, but its list of your business units can't be read."),
}
_UNVERIFIED: Final = text("The provider's answer could not be verified. The log says why; tell the operator.")


class ProviderSignInHandlers(Controller):
    path = "/sign-in"

    @get("/provider", guards=[check_query])
    async def begin(self, request: AnyRequest, console: ConsoleDependency) -> HtmlResponse:
        """Leads to the provider. A link and no form: the policy `form-action` would stop the redirect of a form."""
        sign_in = _require(console)
        if not is_transport_secure(request):
            return render_sign_in(request, console, Form(), 403)
        attempt, redirect_uri = make_attempt(), build_own_uri(request, CALLBACK_PATH)
        try:
            url = await console.pools.provider.run(lambda: sign_in.build_url(attempt, redirect_uri))
        except ProviderUnavailableError as error:
            return _render_unavailable(request, console, error)
        return redirect(url, [build_sign_in_cookie(request, attempt.format())])

    @get("/callback")
    async def callback(self, request: AnyRequest, console: ConsoleDependency) -> HtmlResponse:
        """Starts a session. Unknown parameters are ignored: providers add some of their own."""
        sign_in = _require(console)
        if not is_transport_secure(request):
            return render_sign_in(request, console, Form(), 403)
        fields = _parse_fields(request)
        attempt = parse_attempt(read_sign_in_cookie(request) or "")
        if attempt is None or not hmac.compare_digest(fields.get("state", "").encode(), attempt.state.encode()):
            return _render_error(request, console, _OTHER_WINDOW)
        if "code" not in fields:
            is_denied = fields.get("error") == "access_denied"
            return _render_error(request, console, _CANCELLED if is_denied else _ENDED)
        response = AuthorizationResponse(fields["code"], fields.get("iss"))
        try:
            verified = await console.pools.provider.run(lambda: _redeem(console, request, sign_in, response, attempt))
        except ProviderUnavailableError as error:
            return _render_unavailable(request, console, error)
        except TooManyAttemptsError as error:
            message = text(
                "Too many wrong sign-ins came from this address. Try again in %(seconds)s s.", seconds=error.seconds
            )
            return _render_error(request, console, message, 429, [("Retry-After", str(error.seconds))])
        if isinstance(verified, TokenRejection):
            return _render_error(request, console, _REJECTIONS.get(verified, _UNVERIFIED))
        secret = await console.pools.console.run(lambda: replace_session(console, request, verified))
        # A page and no redirect: browsers send no strict cookie in a chain of redirects that began at another site.
        cookies = [build_session_cookie(request, secret), build_sign_in_cookie(request, "")]
        language = choose_language(request.headers.get("accept-language", ""))
        return render("signed_in.html", headers=cookies, user=None, language=language, home=HOME_PATH)


def _require(console: AppContext) -> ProviderSignIn:
    if console.services.oidc_sign_in is None:
        raise Problem(404, "signing in at an OpenID provider is not configured")
    return console.services.oidc_sign_in


def _parse_fields(request: AnyRequest) -> Mapping[str, str]:
    """The provider's answer. A repeated parameter is an error of RFC 6749 3.1. Raises `Problem`, a 400."""
    try:
        query = request.scope["query_string"].decode("ascii")
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise Problem(400, "the provider's answer can't be read; begin to sign in again") from None
    fields = {name: value for name, value in pairs if value}
    if len({name for name, _ in pairs}) != len(pairs):
        raise Problem(400, "the provider's answer has a parameter twice; begin to sign in again")
    return fields


def _redeem(
    console: AppContext,
    request: AnyRequest,
    sign_in: ProviderSignIn,
    response: AuthorizationResponse,
    attempt: SignInAttempt,
) -> User | TokenRejection:
    """As `ProviderSignIn.redeem`. Raises `TooManyAttemptsError` too: a code that is refused may be a guess."""
    context = RequestContext.get(request.scope)
    console.throttle.check(None, context.client_address)
    verified = sign_in.redeem(response, attempt, build_own_uri(request, CALLBACK_PATH))
    if isinstance(verified, User):
        context.authentication = AuthenticationOutcome(verified.name, False)
        return replace(verified, address=context.client_address)
    context.authentication = AuthenticationOutcome(None, True, verified.value)
    # Whom the provider signed in, did not guess.
    if verified not in (TokenRejection.NO_ROLE, TokenRejection.NAME, TokenRejection.UNITS):
        console.throttle.record_failure(None, context.client_address)
    console.services.credentials.record_failure(None, context.client_address)
    return verified


def _render_error(
    request: AnyRequest, console: AppContext, message: TranslatableText, status: int = 200, headers: Headers = ()
) -> HtmlResponse:
    """The sign-in page with an error. The sign-in that failed can't be used again."""
    cookies = [build_sign_in_cookie(request, "")]
    return render_sign_in(request, console, Form(errors={"provider": message}), status, [*headers, *cookies])


def _render_unavailable(request: AnyRequest, console: AppContext, error: ProviderUnavailableError) -> HtmlResponse:
    RequestContext.get(request.scope).authentication = AuthenticationOutcome(None, False, str(error))
    return _render_error(request, console, _UNAVAILABLE, 503, [("Retry-After", "5")])
