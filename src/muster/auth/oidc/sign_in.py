"""Signing in at the provider: the authorization code flow of OpenID Connect Core 1.0 with PKCE (RFC 7636)."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

from muster.auth.oidc.endpoints import EndpointCache, ProviderEndpoints
from muster.auth.oidc.errors import FetchError, ProviderUnavailableError, TokenRejection
from muster.auth.oidc.token_verifier import OidcTokenVerifier
from muster.auth.sign_in_attempt import AuthorizationResponse, SignInAttempt
from muster.auth.users import User

_SCOPE: Final = "openid"
_INVALID_GRANT: Final = "invalid_grant"
# Of RFC 6749 5.2: what the log may repeat of a provider's answer.
_TOKEN_ERRORS: Final = frozenset(
    {"invalid_request", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}
)


class FormSender(Protocol):
    def post_form(self, url: str, fields: dict[str, str], authorization: str | None) -> tuple[bool, Any]:
        """Whether the server accepted the form, and the document that it sent. Raises `FetchError`."""
        ...


@dataclass(frozen=True, slots=True)
class OidcClient:
    """This service at the provider. Without a secret it is a public client, which PKCE alone protects."""

    issuer: str
    id: str
    secret: str | None = field(repr=False)


class OidcSignIn:
    """Signs users in by one provider. Thread-safe. `verifier` is for tokens whose audience is the client."""

    def __init__(
        self, client: OidcClient, endpoints: EndpointCache, sender: FormSender, verifier: OidcTokenVerifier
    ) -> None:
        self._client = client
        self._endpoints = endpoints
        self._sender = sender
        self._verifier = verifier

    @property
    def provider(self) -> str:
        """The provider's name for people: its host."""
        return urlsplit(self._client.issuer).hostname or ""

    def build_url(self, attempt: SignInAttempt, redirect_uri: str) -> str:
        """The page of the provider at which the user signs in. Raises `ProviderUnavailableError`."""
        return _add_query(
            self._endpoints.find().authorization,
            {
                "response_type": "code",
                "client_id": self._client.id,
                "redirect_uri": redirect_uri,
                "scope": _SCOPE,
                "state": attempt.state,
                "nonce": attempt.nonce,
                "code_challenge": _challenge(attempt.verifier),
                "code_challenge_method": "S256",
            },
        )

    def build_sign_out_url(self, return_uri: str) -> str | None:
        """The page of the provider at which the user signs out (OpenID Connect RP-Initiated Logout 1.0); None without.

        It names the client and has no ID token, which would stand in the URL with its claims: so the provider asks the
        user first. Raises `ProviderUnavailableError`.
        """
        url = self._endpoints.find().end_session
        if url is None:
            return None
        return _add_query(url, {"client_id": self._client.id, "post_logout_redirect_uri": return_uri})

    def redeem(
        self, response: AuthorizationResponse, attempt: SignInAttempt, redirect_uri: str
    ) -> User | TokenRejection:
        """The user that the provider signed in, or why its answer is not accepted. Raises `ProviderUnavailableError`.

        The caller has compared the state.
        """
        endpoints = self._endpoints.find()
        # RFC 9207: the answer of another provider would send its code to this one.
        if response.issuer != self._client.issuer and (response.issuer is not None or endpoints.sends_issuer):
            return TokenRejection.ISSUER
        token = self._exchange(endpoints, response.code, attempt.verifier, redirect_uri)
        return self._verifier.verify_id_token(token, attempt.nonce) if token else TokenRejection.CODE

    def _exchange(self, endpoints: ProviderEndpoints, code: str, verifier: str, redirect_uri: str) -> str | None:
        """The ID token for a code; None when the provider does not accept the code."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        authorization = None
        if self._client.secret is not None and not endpoints.is_secret_in_body:
            authorization = _format_basic(self._client.id, self._client.secret)
        else:
            fields["client_id"] = self._client.id
            if self._client.secret is not None:
                fields["client_secret"] = self._client.secret
        try:
            is_accepted, document = self._sender.post_form(endpoints.token, fields, authorization)
        except FetchError as error:
            raise ProviderUnavailableError(f"token: {error}") from None
        content = document if isinstance(document, dict) else {}
        if not is_accepted:
            error_code = content.get("error")
            if error_code == _INVALID_GRANT:
                return None
            raise ProviderUnavailableError(f"token: {error_code if error_code in _TOKEN_ERRORS else 'refused'}")
        token = content.get("id_token")
        if not isinstance(token, str) or not token:
            raise ProviderUnavailableError("token: the response has no id_token")
        return token


def _add_query(url: str, fields: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(fields)}"


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _format_basic(client_id: str, secret: str) -> str:
    """RFC 6749 2.3.1: both are encoded as in a form."""
    credentials = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(credentials.encode()).decode('ascii')}"
