"""Fetches JSON documents of the provider over HTTP, with bounds on time and size."""

import asyncio
import ipaddress
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from muster.auth.oidc.errors import FetchError

TIMEOUT_SECONDS: Final = 5.0  # for the whole document
MAX_BYTES: Final = 1024 * 1024


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


class HttpFetcher:
    """Fetches JSON. Blocks; must be called from a thread without a running event loop."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        # The system's certificate authorities and not those of a package: a bank's provider often has a certificate of
        # the bank's own authority. SSL_CERT_FILE overrides them.
        self._ssl_context = ssl.create_default_context()

    def json(self, url: str) -> Any:
        """Fetches the document at this URL. Raises `FetchError`, also for a redirect: its target was not configured."""
        if not is_secure_url(url):
            raise FetchError("the URL is not https")
        try:
            # On an event loop, whose timeout covers the whole exchange: the timeout of a blocking client starts again
            # with every byte received.
            content = asyncio.run(self._read_content(url))
        except TimeoutError:
            raise FetchError("no response in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchError(f"no response ({type(error).__name__})") from None
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise FetchError("the response is not JSON") from None

    async def _read_content(self, url: str) -> bytes:
        # Uncompressed, so that the size limit holds for the memory used.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "muster"}
        async with (
            asyncio.timeout(self._timeout_seconds),
            httpx.AsyncClient(verify=self._ssl_context, timeout=None, headers=headers) as client,  # noqa: S113 - see `json`
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise FetchError(f"status {response.status_code}")
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise FetchError("the response is compressed")
            content = bytearray()
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > MAX_BYTES:
                    raise FetchError("the response has more than 1 MiB")
        return bytes(content)
