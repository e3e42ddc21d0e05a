"""The cookies of a session and of a sign-in.

They are `__Host-` over HTTPS, and plain on loopback, where browsers differ about `Secure`.
"""

import re
from ipaddress import ip_address
from typing import Any, Final

from litestar.connection import ASGIConnection

from muster.web.console.cookie_header import find_cookie

_SECURE_NAME: Final = "__Host-muster-session"
_LOOPBACK_NAME: Final = "muster-session"
_ATTRIBUTES: Final = "Path=/; HttpOnly; SameSite=Strict"
# Of a sign-in that has begun at an OpenID provider. Browsers send a strict cookie not with the answer of another site.
_SECURE_SIGN_IN_NAME: Final = "__Host-muster-login"
_LOOPBACK_SIGN_IN_NAME: Final = "muster-login"
_SIGN_IN_ATTRIBUTES: Final = "Path=/; HttpOnly; SameSite=Lax"
SIGN_IN_SECONDS: Final = 600
# `Host` of RFC 9110 7.2: a name or an IPv4 address, or an IPv6 address in brackets, and perhaps a port.
_HOST: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::[0-9]{0,5})?", re.ASCII)

Connection = ASGIConnection[Any, Any, Any, Any]


def is_transport_secure(connection: Connection) -> bool:
    """Whether a cookie is safe on this connection: over HTTPS, or from a browser on this host to this host."""
    if connection.scope["scheme"] == "https":
        return True
    client = connection.scope.get("client")
    host = _HOST.fullmatch(connection.headers.get("host", ""))
    return client is not None and host is not None and _is_loopback(client[0]) and _is_loopback(host[1] or host[2])


def read_session_cookie(connection: Connection) -> str | None:
    """The secret of the session; None without a cookie, and where it could have been overheard."""
    if not is_transport_secure(connection):
        return None
    return _read_cookie(connection, _choose_name(connection, _SECURE_NAME, _LOOPBACK_NAME))


def build_session_cookie(connection: Connection, secret: str) -> tuple[str, str]:
    """The header that sets the cookie until the browser is closed. The session ends earlier on the server."""
    name = _choose_name(connection, _SECURE_NAME, _LOOPBACK_NAME)
    return _build_header(connection, f"{name}={secret}; {_ATTRIBUTES}")


def build_expired_cookie(connection: Connection) -> tuple[str, str]:
    """The header that removes the cookie."""
    name = _choose_name(connection, _SECURE_NAME, _LOOPBACK_NAME)
    return _build_header(connection, f"{name}=; Max-Age=0; {_ATTRIBUTES}")


def read_sign_in_cookie(connection: Connection) -> str | None:
    """What the cookie of a sign-in at a provider holds."""
    return _read_cookie(connection, _choose_name(connection, _SECURE_SIGN_IN_NAME, _LOOPBACK_SIGN_IN_NAME))


def build_sign_in_cookie(connection: Connection, value: str) -> tuple[str, str]:
    """The header that sets the cookie of a sign-in; an empty value removes it."""
    name = _choose_name(connection, _SECURE_SIGN_IN_NAME, _LOOPBACK_SIGN_IN_NAME)
    max_age = SIGN_IN_SECONDS if value else 0
    return _build_header(connection, f"{name}={value}; Max-Age={max_age}; {_SIGN_IN_ATTRIBUTES}")


def _read_cookie(connection: Connection, name: str) -> str | None:
    return find_cookie(connection.headers.getall("cookie", []), name)


def _choose_name(connection: Connection, secure: str, loopback: str) -> str:
    return secure if connection.scope["scheme"] == "https" else loopback


def _build_header(connection: Connection, cookie: str) -> tuple[str, str]:
    return "Set-Cookie", f"{cookie}; Secure" if connection.scope["scheme"] == "https" else cookie


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
