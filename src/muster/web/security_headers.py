"""Headers that keep browsers and caches from doing with an answer what it is not meant for.

As OWASP's cheat sheet for REST services has them. An answer that says something else by itself, as the pages of
Swagger UI do, keeps it.
"""

from collections.abc import Iterable
from typing import Final

RawHeaders = list[tuple[bytes, bytes]]

_ALWAYS: Final[RawHeaders] = [
    (b"cache-control", b"no-store"),  # personal data stays in no cache on the way
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),  # for browsers that do not know frame-ancestors
]
# A year, as RFC 6797 has it in its example. Only for this host: others of the domain are not ours to speak for.
_OVER_HTTPS: Final[RawHeaders] = [*_ALWAYS, (b"strict-transport-security", b"max-age=31536000")]


def add_security_headers(headers: Iterable[tuple[bytes, bytes]], *, https: bool) -> RawHeaders:
    """The headers of an answer, and those that protect it."""
    own = [*headers]
    names = {name.lower() for name, _ in own}
    return own + [header for header in (_OVER_HTTPS if https else _ALWAYS) if header[0] not in names]
