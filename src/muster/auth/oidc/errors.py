"""Why a token is rejected, and what can go wrong with the provider."""

from enum import StrEnum


class TokenRejection(StrEnum):
    """Why a provider's token lets nobody in: for the log, and never for whoever sent it. No value of the token."""

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
    ROLES = "several roles"
    UNITS = "business units"


class ProviderUnavailableError(Exception):
    """There are no keys to look at a provider's token with. The same request may succeed later.

    The message says why, without values: for the log.
    """


class FetchError(Exception):
    """The provider gave no keys. The message says why in a few words of ours, with nothing that it sent."""
