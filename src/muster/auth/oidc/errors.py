"""Reasons for rejecting a token, and failures of the provider."""

from enum import StrEnum


class TokenRejection(StrEnum):
    """Why a provider's token was rejected: for the log. Contains no value of the token.

    The client is told only `EXPIRED` and `NO_ROLE`, which imply a valid signature.
    """

    # docs/single-sign-on.md explains each of them to operators.

    MALFORMED = "not a signed token"
    TYPE = "another type of token"
    CRITICAL = "a header that is critical"
    ALGORITHM = "algorithm"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    NO_EXPIRY = "no expiry"
    EXPIRED = "expired"
    NOT_YET = "not valid yet"
    CLAIMS = "claims of a wrong kind"
    KEY = "unknown key"
    SIGNATURE = "signature"
    NAME = "no name"
    NO_ROLE = "no role"
    UNITS = "business units"
    NONCE = "nonce"
    CODE = "code"


class ProviderUnavailableError(Exception):
    """The provider, or a key to verify its token, is not available. The same request may succeed later.

    The message gives the reason for the log, without values.
    """


class FetchError(Exception):
    """A document could not be fetched. The message gives a short reason, without any text of the provider."""
