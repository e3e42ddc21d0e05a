"""One sign-in at an OpenID provider, from the page that begins it to the provider's answer."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Final

_BYTES: Final = 32  # of each value; RFC 7636 4.1 recommends it for the verifier
_FORM: Final = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """What only the browser knows that began the sign-in.

    The provider returns `state` with its answer, signs `nonce`, and gets `verifier` from muster alone.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    def format(self) -> str:
        """The attempt as the value of a cookie."""
        return f"{self.state}.{self.nonce}.{self.verifier}"


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """The provider's answer, as the browser brought it. `issuer` is None where the provider sends none (RFC 9207)."""

    code: str = field(repr=False)
    issuer: str | None


def make_attempt() -> SignInAttempt:
    return SignInAttempt(*(secrets.token_urlsafe(_BYTES) for _ in range(3)))


def parse_attempt(text: str) -> SignInAttempt | None:
    """The attempt of a cookie; None for other text."""
    match = _FORM.fullmatch(text)
    return SignInAttempt(*match.groups()) if match else None
