"""Exchanges JSON documents with the provider over HTTP, with bounds on time and size."""

import asyncio
import ipaddress
import ssl
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from muster.auth.oidc.errors import FetchError

TIMEOUT_SECONDS: Final = 5.0  # for the whole document
MAX_BYTES: Final = 1024 * 1024
_OK: Final = (200,)
_REFUSED: Final = (400, 401)  # RFC 6749 5.2: with a document that says why


def is_secure_url(url: str) -> bool:
    """Whether content of this URL can't be forged on the way: HTTPS, or plain HTTP on the loopback interface."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return False
    if not host or parts.fragment or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def _load_authorities() -> ssl.SSLContext:
    """The system's certificate authorities and not those of a package: a bank's provider often has a certificate of the
    bank's own authority. SSL_CERT_FILE overrides them. Loading them takes 20 ms.
    """
    return ssl.create_default_context()


class HttpFetcher:
    """Fetches JSON. Blocks; must be called from a thread without a running event loop.

    Redirects are errors: their target was not configured.
    """

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._ssl_context = _load_authorities()

    def json(self, url: str) -> Any:
        """Fetches the document at this URL. Raises `FetchError`."""
        _, document = self._send("GET", url, _OK)
        return document

    def post_form(self, url: str, fields: dict[str, str], authorization: str | None) -> tuple[bool, Any]:
        """Sends a form. Whether the server accepted it, and the document of its response. Raises `FetchError`."""
        headers = {"Authorization": authorization} if authorization else {}
        status, document = self._send("POST", url, (*_OK, *_REFUSED), data=fields, headers=headers)
        return status in _OK, document

    def _send(self, method: str, url: str, expected: Collection[int], **content: Any) -> tuple[int, Any]:
        """The status, one of those expected, and the document."""
        if not is_secure_url(url):
            raise FetchError("the URL is not https")
        try:
            # On an event loop, whose timeout covers the whole exchange: the timeout of a blocking client starts again
            # with every byte received.
            status, body = asyncio.run(self._exchange(method, url, expected, content))
        except TimeoutError:
            raise FetchError("no response in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchError(f"no response ({type(error).__name__})") from None
        try:
            return status, msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise FetchError("the response is not JSON") from None

    async def _exchange(
        self, method: str, url: str, expected: Collection[int], content: Mapping[str, Any]
    ) -> tuple[int, bytes]:
        # Uncompressed, so that the size limit holds for the memory used.
        common = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "muster"}
        async with (
            asyncio.timeout(self._timeout_seconds),
            httpx.AsyncClient(verify=self._ssl_context, timeout=None, headers=common) as client,  # noqa: S113 - see `_send`
            client.stream(method, url, **content) as response,
        ):
            if response.status_code not in expected:
                raise FetchError(f"status {response.status_code}")
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise FetchError("the response is compressed")
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > MAX_BYTES:
                    raise FetchError("the response has more than 1 MiB")
        return response.status_code, bytes(body)
