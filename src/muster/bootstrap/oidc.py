"""Builds what knows an OpenID provider: the verifier of its tokens, and the sign-in at it.

Imports its modules late: they need the extra `oidc`.
"""

import os
import time
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from muster.settings import InvalidSettingError, Settings

if TYPE_CHECKING:
    from muster.auth.oidc.sign_in import OidcSignIn
    from muster.auth.oidc.token_verifier import OidcTokenVerifier

_MAX_SECRET_BYTES: Final = 4096


def check_oidc_settings(settings: Settings) -> None:
    """Raises `InvalidSettingError` when the settings of the OpenID provider are incomplete, or its extra is missing.

    The provider itself is called for the first of its tokens, so the service starts without it.
    """
    if (settings.oidc_issuer is None) != (settings.oidc_audience is None):
        raise InvalidSettingError(
            "MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE go together; set the other one too, or neither"
        )
    if settings.oidc_client_id is not None and settings.oidc_issuer is None:
        raise InvalidSettingError(
            "MUSTER_OIDC_CLIENT_ID needs MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE; set them too"
        )
    if settings.oidc_client_secret_file is not None and settings.oidc_client_id is None:
        raise InvalidSettingError("MUSTER_OIDC_CLIENT_SECRET_FILE needs MUSTER_OIDC_CLIENT_ID; set it too")
    if settings.oidc_issuer is None:
        return
    if find_spec("joserfc") is None or find_spec("httpx") is None:
        raise InvalidSettingError(
            "MUSTER_OIDC_ISSUER needs the extra `oidc`; run `pip install -c constraints.txt '.[oidc]'` in its directory"
        )
    from muster.auth.oidc.http import is_secure_url

    if not is_secure_url(settings.oidc_issuer):
        raise InvalidSettingError("MUSTER_OIDC_ISSUER must be a URL with https; http is for this machine alone")
    _read_client_secret(settings)


def make_oidc(settings: Settings) -> "tuple[OidcTokenVerifier | None, OidcSignIn | None]":
    """The verifier for tokens of the OpenID provider, and the sign-in at it; None for what is not configured.

    Raises `InvalidSettingError`.
    """
    check_oidc_settings(settings)
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None, None
    from muster.auth.authentication import utc_now
    from muster.auth.oidc.claims import ClaimNames
    from muster.auth.oidc.discovery import KeyDiscovery
    from muster.auth.oidc.http import HttpFetcher
    from muster.auth.oidc.key_cache import KeyCache
    from muster.auth.oidc.token_verifier import OidcTokenVerifier

    keys = KeyCache(KeyDiscovery(settings.oidc_issuer, HttpFetcher()), time.monotonic)
    names = ClaimNames(settings.oidc_name_claim, settings.oidc_role_claim, settings.oidc_units_claim)
    make_verifier = partial(OidcTokenVerifier, keys, issuer=settings.oidc_issuer, names=names, now=utc_now)
    verifier = make_verifier(audience=settings.oidc_audience)
    if settings.oidc_client_id is None:
        return verifier, None
    return verifier, _make_sign_in(settings, make_verifier(audience=settings.oidc_client_id))


def _make_sign_in(settings: Settings, verifier: "OidcTokenVerifier") -> "OidcSignIn":
    from muster.auth.oidc.endpoints import EndpointCache, fetch_endpoints
    from muster.auth.oidc.http import HttpFetcher
    from muster.auth.oidc.sign_in import OidcClient, OidcSignIn

    issuer, client_id = settings.oidc_issuer, settings.oidc_client_id
    assert issuer is not None
    assert client_id is not None
    fetcher = HttpFetcher()
    endpoints = EndpointCache(lambda: fetch_endpoints(issuer, fetcher), time.monotonic)
    return OidcSignIn(OidcClient(issuer, client_id, _read_client_secret(settings)), endpoints, fetcher, verifier)


def _read_client_secret(settings: Settings) -> str | None:
    """Raises `InvalidSettingError`, whose message has nothing of the file's content."""
    file = settings.oidc_client_secret_file
    if file is None:
        return None
    try:
        with open(file, "rb") as content:
            secret = content.read(_MAX_SECRET_BYTES + 1)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise InvalidSettingError(f"MUSTER_OIDC_CLIENT_SECRET_FILE: {file} can't be read ({reason})") from None
    text = secret.decode("latin-1").strip()
    if len(secret) > _MAX_SECRET_BYTES or not text or not (text.isascii() and text.isprintable()):
        raise InvalidSettingError(
            f"MUSTER_OIDC_CLIENT_SECRET_FILE: {file} holds no secret: it is one line of printable ASCII characters"
        )
    return text


def check_provider(settings: Settings) -> int:
    """Asks the configured OpenID provider for its keys, and for its endpoints if users sign in there.

    Returns the number of keys. Raises `InvalidSettingError`.
    """
    assert settings.oidc_issuer is not None
    from muster.auth.oidc.discovery import KeyDiscovery
    from muster.auth.oidc.endpoints import fetch_endpoints
    from muster.auth.oidc.errors import FetchError
    from muster.auth.oidc.http import HttpFetcher

    try:
        keys = KeyDiscovery(settings.oidc_issuer, HttpFetcher())()
        if settings.oidc_client_id is not None:
            fetch_endpoints(settings.oidc_issuer, HttpFetcher())
    except FetchError as error:
        raise InvalidSettingError(
            f"MUSTER_OIDC_ISSUER: {error}; check the issuer's URL, the network and the provider's certificate"
        ) from None
    return len(keys)
