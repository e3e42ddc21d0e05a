"""The endpoints of the provider for signing in, from its discovery document; kept for an hour."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from muster.auth.oidc.discovery import DocumentFetcher, fetch_metadata
from muster.auth.oidc.errors import FetchError, ProviderUnavailableError
from muster.auth.oidc.http import is_secure_url

FRESH_SECONDS: Final = 3600.0
RETRY_SECONDS: Final = 5.0  # after a failure
_BASIC: Final = "client_secret_basic"
_POST: Final = "client_secret_post"


@dataclass(frozen=True, slots=True)
class ProviderEndpoints:
    """Where users sign in, where their codes become tokens, and where they sign out, if the provider has that.

    `is_secret_in_body` says how the secret of the client is sent. `sends_issuer`: the provider's answer names it.
    """

    authorization: str
    token: str
    is_secret_in_body: bool
    sends_issuer: bool
    end_session: str | None = None


def fetch_endpoints(issuer: str, fetcher: DocumentFetcher) -> ProviderEndpoints:
    """Raises `FetchError`, whose message names what failed."""
    try:
        metadata = fetch_metadata(issuer, fetcher)
        methods = metadata.get("token_endpoint_auth_methods_supported", [_BASIC])
        return ProviderEndpoints(
            _get_url(metadata, "authorization_endpoint"),
            _get_url(metadata, "token_endpoint"),
            is_secret_in_body=isinstance(methods, list) and _BASIC not in methods and _POST in methods,
            sends_issuer=metadata.get("authorization_response_iss_parameter_supported") is True,
            end_session=_find_url(metadata, "end_session_endpoint"),
        )
    except FetchError as error:
        raise FetchError(f"discovery: {error}") from None


def _get_url(metadata: Mapping[str, Any], name: str) -> str:
    url = _find_url(metadata, name)
    if url is None:
        raise FetchError(f"{name} is not an https URL")
    return url


def _find_url(metadata: Mapping[str, Any], name: str) -> str | None:
    url = metadata.get(name)
    return url if isinstance(url, str) and is_secure_url(url) else None


class EndpointCache:
    """Caches what `fetch` returns, which raises `FetchError`. Thread-safe. `clock` gives seconds.

    While the provider does not answer, known endpoints stay in use: a wrong one only makes a sign-in fail.
    """

    def __init__(self, fetch: Callable[[], ProviderEndpoints], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._cached: ProviderEndpoints | None = None
        self._next_fetch: float | None = None
        self._problem = ""

    def find(self) -> ProviderEndpoints:
        """Raises `ProviderUnavailableError`. May block on a request to the provider."""
        with self._lock:
            now = self._clock()
            if self._next_fetch is None or now >= self._next_fetch:
                try:
                    self._cached = self._fetch()
                    self._next_fetch = now + FRESH_SECONDS
                except FetchError as error:
                    self._problem = str(error)
                    self._next_fetch = self._clock() + RETRY_SECONDS
            if self._cached is None:
                raise ProviderUnavailableError(self._problem)
            return self._cached
