"""Tokens of an OpenID provider: from a JWT to a user, or to the reason why it lets nobody in.

Of all that JOSE can do, only tokens are taken that are signed by one of the provider's own keys: what a token says
about where its key is, is not looked at. The claims are checked before the signature, since that costs less and tells
an operator more; nothing is believed until both are right.
"""

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

# Signatures that only the holder of a private key can make. With HMAC the provider's public key, which everybody knows,
# could be taken for the secret.
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
LEEWAY_SECONDS: Final = 60  # by which the clocks of the provider and of this machine may differ
MAX_TOKEN_LENGTH: Final = 8192  # characters

# RFC 8725 3.11: a provider signs other things too, with the same keys: logout tokens, for one.
_TOKEN_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_REJECTIONS_BY_CLAIM: Final = {
    "iss": TokenRejection.ISSUER,
    "aud": TokenRejection.AUDIENCE,
    "exp": TokenRejection.NO_EXPIRY,
    "nbf": TokenRejection.NOT_YET,
    "iat": TokenRejection.NOT_YET,
}


class SigningKeys(Protocol):
    """The public keys that the provider signs with."""

    def find(self, kid: str | None) -> Sequence[Key]:
        """The keys of this id, none when the provider has none; all of them without an id.

        May ask the provider, and wait for it. Raises `ProviderUnavailableError` when no keys are known.
        """
        ...


class _Registry(jws.JWSRegistry):
    """What of JOSE is taken."""

    max_header_length = MAX_TOKEN_LENGTH
    max_signature_length = MAX_TOKEN_LENGTH

    def get_alg(self, name: str) -> JWSAlgModel:
        # Not by the registry's own list: it warns with every token of EdDSA, an older name that providers still use.
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


# RFC 7515 4: headers that nobody knows are ignored.
_REGISTRY: Final = _Registry(strict_check_header=False)


class _RejectedError(Exception):
    def __init__(self, reason: TokenRejection) -> None:
        super().__init__(reason)
        self.reason = reason


class OidcTokenVerifier:
    """Recognises users by tokens of one provider. Threads may share it.

    `audience` is the name that the provider has for this service; `now` gives the time with its zone.
    """

    def __init__(
        self, keys: SigningKeys, *, issuer: str, audience: str, names: ClaimNames, now: Callable[[], datetime]
    ) -> None:
        self._keys = keys
        self._names = names
        self._checks = JWTClaimsRegistry(
            now=lambda: int(now().timestamp()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )

    def verify(self, token: str) -> User | TokenRejection:
        """The user that the token speaks of, while it is valid. Raises `ProviderUnavailableError`."""
        try:
            signed = _parse_jws(token)
            _check_header(signed.headers())
            claims = self._claims(signed.payload)
            self._check_signature(signed)
        except _RejectedError as refused:
            return refused.reason
        return to_user(claims, self._names)

    def _claims(self, payload: bytes) -> Claims:
        try:
            claims = msgspec.json.decode(payload, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise _RejectedError(TokenRejection.MALFORMED) from None
        try:
            self._checks.validate(claims)
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
        # Without an id it has to be plain which key is meant.
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
    """There is no critical header that we know (RFC 7515 4.1.11), and a detached or unencoded payload is none."""
    if "crit" in header or "b64" in header:
        raise _RejectedError(TokenRejection.CRITICAL)
    kid, kind = header.get("kid"), header.get("typ", "JWT")
    try:
        _REGISTRY.get_alg(header["alg"])
    except (UnsupportedAlgorithmError, TypeError):  # the latter of what can't even be a name
        raise _RejectedError(TokenRejection.ALGORITHM) from None
    if not isinstance(kind, str) or kind.lower() not in _TOKEN_TYPES:
        raise _RejectedError(TokenRejection.TYPE)
    if kid is not None and not isinstance(kid, str):
        raise _RejectedError(TokenRejection.MALFORMED)


def _can_verify(key: Key, algorithm: JWSAlgModel) -> bool:
    """Whether this key may be used with this algorithm, by its kind, its curve, and its own `use` and `alg`."""
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
