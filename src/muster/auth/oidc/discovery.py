"""Discovery of the provider's metadata and signing keys (OpenID Connect Discovery 1.0, RFC 7517)."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from joserfc.jwk import Key, import_key

from muster.auth.oidc.errors import FetchError
from muster.auth.oidc.http import is_secure_url

_DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_MIN_RSA_BITS: Final = 2048  # RFC 7518, section 3.3


class DocumentFetcher(Protocol):
    def json(self, url: str) -> Any:
        """Fetches and parses the document at this URL. Raises `FetchError`."""
        ...


def fetch_metadata(issuer: str, fetcher: DocumentFetcher) -> Mapping[str, Any]:
    """The discovery document of this issuer. Raises `FetchError`."""
    document = fetcher.json(issuer.removesuffix("/") + _DISCOVERY_PATH)
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise FetchError("its issuer differs from MUSTER_OIDC_ISSUER")
    return document


class KeyDiscovery:
    """Fetches the keys of one issuer, anew with each call."""

    def __init__(self, issuer: str, fetcher: DocumentFetcher) -> None:
        self._issuer = issuer
        self._fetcher = fetcher

    def __call__(self) -> Sequence[Key]:
        """Returns at least one key. Raises `FetchError`, whose message names the document that failed."""
        try:
            url = self._find_jwks_uri()
        except FetchError as error:
            raise FetchError(f"discovery: {error}") from None
        try:
            return _parse_jwks(self._fetcher.json(url))
        except FetchError as error:
            raise FetchError(f"keys: {error}") from None

    def _find_jwks_uri(self) -> str:
        url = fetch_metadata(self._issuer, self._fetcher).get("jwks_uri")
        if not isinstance(url, str) or not is_secure_url(url):
            raise FetchError("jwks_uri is not an https URL")
        return url


def _parse_jwks(document: Any) -> Sequence[Key]:
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = [key for jwk in listed if (key := _parse_jwk(jwk))] if isinstance(listed, list) else []
    if not keys:
        raise FetchError("none can verify signatures")
    return keys


def _parse_jwk(jwk: Any) -> Key | None:
    """Returns the key, or None if it can't verify signatures."""
    try:
        return import_key(jwk) if _is_usable(jwk) else None
    except Exception:
        # Any exception, from here or from the libraries: one invalid key must not make the others unusable.
        return None


def _is_usable(jwk: Any) -> bool:
    """Whether the key is meant for signatures and long enough."""
    return (
        jwk["kty"] in _KEY_TYPES
        and jwk.get("use", "sig") == "sig"
        and "verify" in jwk.get("key_ops", ["verify"])
        and (jwk["kty"] != "RSA" or _count_bits(jwk["n"]) >= _MIN_RSA_BITS)
    )


def _count_bits(number: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(number + "==")).bit_length()
