"""Where the provider's keys are (OpenID Connect Discovery 1.0), and which of them can be used (RFC 7517)."""

import base64
from collections.abc import Sequence
from typing import Any, Final, Protocol

from joserfc.jwk import Key, import_key

from muster.auth.oidc.errors import FetchError
from muster.auth.oidc.http import is_secure_url

_PATH: Final = "/.well-known/openid-configuration"
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_MIN_RSA_BITS: Final = 2048  # bits, RFC 7518 3.3


class DocumentFetcher(Protocol):
    def json(self, url: str) -> Any:
        """The document at this URL. Raises `FetchError`."""
        ...


class KeyDiscovery:
    """The keys of one issuer, asked for anew each time."""

    def __init__(self, issuer: str, documents: DocumentFetcher) -> None:
        self._issuer = issuer
        self._documents = documents

    def __call__(self) -> Sequence[Key]:
        """At least one key. Raises `FetchError`, which says which of the two documents it is about."""
        try:
            url = self._jwks_uri()
        except FetchError as error:
            raise FetchError(f"discovery: {error}") from None
        try:
            return _parse_jwks(self._documents.json(url))
        except FetchError as error:
            raise FetchError(f"keys: {error}") from None

    def _jwks_uri(self) -> str:
        found = self._documents.json(self._issuer.removesuffix("/") + _PATH)
        if not isinstance(found, dict) or found.get("issuer") != self._issuer:
            raise FetchError("the issuer there is not the one of MUSTER_OIDC_ISSUER")
        url = found.get("jwks_uri")
        if not isinstance(url, str) or not is_secure_url(url):
            raise FetchError("jwks_uri is no https URL")
        return url


def _parse_jwks(document: Any) -> Sequence[Key]:
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = [key for jwk in listed if (key := _parse_jwk(jwk))] if isinstance(listed, list) else []
    if not keys:
        raise FetchError("there is none that signatures can be verified with")
    return keys


def _parse_jwk(jwk: Any) -> Key | None:
    """The key; None for one that no signature is verified with."""
    try:
        return import_key(jwk) if _is_usable(jwk) else None
    except Exception:
        # Of whatever kind, from here or from the libraries below: one odd key must not cost the others their place.
        return None


def _is_usable(jwk: Any) -> bool:
    """Whether the key is meant for signatures, and strong enough."""
    return (
        jwk["kty"] in _KEY_TYPES
        and jwk.get("use", "sig") == "sig"
        and "verify" in jwk.get("key_ops", ["verify"])
        and (jwk["kty"] != "RSA" or _count_bits(jwk["n"]) >= _MIN_RSA_BITS)
    )


def _count_bits(number: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(number + "==")).bit_length()
