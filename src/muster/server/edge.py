"""ASGI around the application: what gunicorn leaves to it for each request."""

from collections.abc import Callable
from typing import Any, Final

from muster.server import http2
from muster.server.connection_guard import current_guard
from muster.server.proxy_headers import TrustedProxies

_SERVER: Final = (b"server", b"muster")  # else gunicorn writes its own name
_LAST: Final = (b"connection", b"close")


class Edge:
    """Names the client behind a proxy, and tells the connection's guard when a request is over."""

    def __init__(self, app: Any, trusted_proxies: str, is_stopping: Callable[[], bool]) -> None:
        self._app = app
        self._is_stopping = is_stopping
        self._proxies = TrustedProxies(trusted_proxies)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guard = current_guard.get()  # without one no bound would hold: fail every request
        is_http2 = scope["http_version"] == "2"
        if is_http2:
            guard.begin_stream()
        closes = False

        async def send_checked(message: Any) -> None:
            nonlocal closes
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), _SERVER]
                if is_http2:
                    headers = http2.adapt_headers(headers)
                elif guard.is_ending:
                    headers.append(_LAST)
                # Gunicorn sends this header and keeps the connection all the same.
                closes = any(name.lower() == b"connection" and b"close" in value.lower() for name, value in headers)
                message = {**message, "headers": headers}
            await send(message)

        # The application bounds what it discards of a refused body by the bytes on the wire, and tells balancers when
        # the service is about to stop.
        extension = {"count_bytes": guard.count_bytes, "is_stopping": self._is_stopping}
        scope["extensions"] = {**(scope.get("extensions") or {}), "muster.connection": extension}
        client = scope.get("client")
        if client is not None:
            host = self._proxies.find_client(client[0], scope["headers"])
            if host != client[0]:
                scope["client"] = (host, 0)
        try:
            await self._app(scope, receive, send_checked)
        finally:
            guard.end_request(close=closes)
