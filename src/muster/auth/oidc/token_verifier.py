"""Verifies tokens of an OpenID provider: from a JWT to a user, or to the reason for its rejection.

Of JOSE, only tokens signed with one of the provider's own keys are accepted; keys that a token contains or refers to
are ignored. Claims are checked before the signature, because that is cheaper and gives operators a more precise reason.
Both must be valid before any claim is used.
"""

import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec
from joserfc import jws
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, MissingClaimError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import Key
from joserfc.jwt import JWTClaimsRegistry

from muster.auth.oidc.claims import ClaimNames, Claims, to_user
from muster.auth.oidc.errors import TokenRejection
from muster.auth.users import User

# Asymmetric signatures only. With HMAC, an attacker could sign with the provider's public key as the secret
# (RFC 8725, section 2.1).
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
LEEWAY_SECONDS: Final = 60  # accepted difference between the clocks of the provider and of this host
MAX_TOKEN_LENGTH: Final = 8192  # characters

# RFC 8725, section 3.11: the provider signs other documents with the same keys, logout tokens for example.
_TOKEN_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_REJECTIONS_BY_CLAIM: Final = {
    "iss": TokenRejection.ISSUER,
    "aud": TokenRejection.AUDIENCE,
    "exp": TokenRejection.NO_EXPIRY,
    "nbf": TokenRejection.NOT_YET,
    "iat": TokenRejection.NOT_YET,
}


class SigningKeys(Protocol):
    """The public keys of the provider."""

    def find(self, kid: str | None) -> Sequence[Key]:
        """Returns the keys of this id, possibly none, or all keys for None.

        May block on a request to the provider. Raises `ProviderUnavailableError` if no keys are available.
        """
        ...


class _Registry(jws.JWSRegistry):
    """joserfc's registry with the size limits and algorithms of this service."""

    max_header_length = MAX_TOKEN_LENGTH
    max_signature_length = MAX_TOKEN_LENGTH

    def get_alg(self, name: str) -> JWSAlgModel:
        # Replaces the registry's own check, which emits a `SecurityWarning` for EdDSA, the older name of Ed25519 that
        # providers still use.
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


# RFC 7515, section 4: unknown header parameters are ignored.
_REGISTRY: Final = _Registry(strict_check_header=False)


class _RejectedError(Exception):
    def __init__(self, reason: TokenRejection) -> None:
        super().__init__(reason)
        self.reason = reason


class OidcTokenVerifier:
    """Authenticates users by tokens of one provider. Thread-safe.

    `audience` is this service's name at the provider; `now` returns timezone-aware times.
    """

    def __init__(
        self, keys: SigningKeys, *, issuer: str, audience: str, names: ClaimNames, now: Callable[[], datetime]
    ) -> None:
        self._keys = keys
        self._names = names
        self._audience = audience
        self._claims_registry = JWTClaimsRegistry(
            now=lambda: int(now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )

    def verify(self, token: str) -> User | TokenRejection:
        """Returns the user of a valid token, or the reason for rejecting it. Raises `ProviderUnavailableError`."""
        try:
            claims = self._verify_claims(token)
        except _RejectedError as rejected:
            return rejected.reason
        return to_user(claims, self._names)

    def verify_id_token(self, token: str, nonce: str) -> User | TokenRejection:
        """The same for an ID token that a sign-in with this nonce received (OpenID Connect Core 1.0, 3.1.3.7)."""
        try:
            claims = self._verify_claims(token)
        except _RejectedError as rejected:
            return rejected.reason
        signed = claims.get("nonce")
        if not isinstance(signed, str) or not hmac.compare_digest(
            signed.encode(errors="surrogatepass"), nonce.encode()
        ):
            return TokenRejection.NONCE
        # A token for several clients says which of them asked for it.
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", self._audience if len(audiences) == 1 else None) != self._audience:
            return TokenRejection.AUDIENCE
        return to_user(claims, self._names)

    def _verify_claims(self, token: str) -> Claims:
        """The claims of a token of the provider for this audience. Raises `_RejectedError`."""
        signed = _parse_jws(token)
        _check_header(signed.headers())
        try:
            claims = self._parse_claims(signed.payload)
        except _RejectedError as rejected:
            # Clients are told that their token has expired, so it must be one of the provider's.
            if rejected.reason is TokenRejection.EXPIRED:
                self._check_signature(signed)
            raise
        self._check_signature(signed)
        return claims

    def _parse_claims(self, payload: bytes) -> Claims:
        try:
            claims = msgspec.json.decode(payload, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _RejectedError(TokenRejection.MALFORMED) from None
        try:
            self._claims_registry.validate(claims)
        except ExpiredTokenError:
            raise _RejectedError(TokenRejection.EXPIRED) from None
        except MissingClaimError as error:
            raise _RejectedError(_REJECTIONS_BY_CLAIM[error.claim.partition(",")[0]]) from None
        except ClaimError as error:
            raise _RejectedError(_REJECTIONS_BY_CLAIM.get(error.claim, TokenRejection.CLAIMS)) from None
        return claims

    def _check_signature(self, signed: jws.CompactSignature) -> None:
        header = signed.headers()
        kid = header.get("kid")
        algorithm = _REGISTRY.get_alg(header["alg"])
        keys = [key for key in self._keys.find(kid) if _can_verify(key, algorithm)]
        # A token without a key id is accepted only if a single key fits.
        if not keys or (kid is None and len(keys) > 1):
            raise _RejectedError(TokenRejection.KEY)
        if not any(_has_valid_signature(signed, key) for key in keys):
            raise _RejectedError(TokenRejection.SIGNATURE)


def _parse_jws(token: str) -> jws.CompactSignature:
    try:
        if len(token) > MAX_TOKEN_LENGTH:
            raise _RejectedError(TokenRejection.MALFORMED)
        signed = jws.extract_compact(token.encode("ascii"), registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _RejectedError(TokenRejection.MALFORMED) from None
    if not isinstance(signed.headers(), dict):
        raise _RejectedError(TokenRejection.MALFORMED)
    return signed


def _check_header(header: dict[str, Any]) -> None:
    """Rejects unknown types and algorithms, unencoded payloads (RFC 7797) and critical parameters.

    No critical parameter is supported (RFC 7515, section 4.1.11).
    """
    if "crit" in header or "b64" in header:
        raise _RejectedError(TokenRejection.CRITICAL)
    kid, token_type = header.get("kid"), header.get("typ", "JWT")
    try:
        _REGISTRY.get_alg(header["alg"])
    except (UnsupportedAlgorithmError, TypeError):  # TypeError: `alg` is an unhashable value
        raise _RejectedError(TokenRejection.ALGORITHM) from None
    if not isinstance(token_type, str) or token_type.lower() not in _TOKEN_TYPES:
        raise _RejectedError(TokenRejection.TYPE)
    if kid is not None and not isinstance(kid, str):
        raise _RejectedError(TokenRejection.MALFORMED)


def _can_verify(key: Key, algorithm: JWSAlgModel) -> bool:
    """Whether the key fits the algorithm by its type and curve, and by its own `use` and `alg`."""
    try:
        algorithm.check_key(key)
    except JoseError:
        return False
    return True


def _has_valid_signature(signed: jws.CompactSignature, key: Key) -> bool:
    try:
        return jws.validate_compact(signed, key, registry=_REGISTRY)
    except JoseError:
        return False
