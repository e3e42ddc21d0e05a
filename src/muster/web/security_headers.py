"""Response headers that keep browsers and caches from misusing a response.

They follow OWASP's REST Security Cheat Sheet. A header that a response sets itself, as the pages of Swagger UI do,
has precedence.
"""

from collections.abc import Iterable
from typing import Final

RawHeaders = list[tuple[bytes, bytes]]

_ALWAYS: Final[RawHeaders] = [
    (b"cache-control", b"no-store"),  # no cache on the way may store personal data
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),  # for browsers that do not know frame-ancestors
]
# One year, as in the example of RFC 6797. Without includeSubDomains: other hosts of the domain are not ours.
_OVER_HTTPS: Final[RawHeaders] = [*_ALWAYS, (b"strict-transport-security", b"max-age=31536000")]


def add_security_headers(headers: Iterable[tuple[bytes, bytes]], *, is_https: bool) -> RawHeaders:
    """The headers of a response, followed by the security headers that it does not set itself."""
    own = [*headers]
    names = {name.lower() for name, _ in own}
    return own + [header for header in (_OVER_HTTPS if is_https else _ALWAYS) if header[0] not in names]
