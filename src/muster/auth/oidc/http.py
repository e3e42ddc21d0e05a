"""One document of the provider over HTTP, with bounds on all that it could do to us."""

import asyncio
import ipaddress
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from muster.auth.oidc.errors import FetchError

TIMEOUT_SECONDS: Final = 5.0  # for a document as a whole
MAX_BYTES: Final = 1024 * 1024


def is_secure_url(url: str) -> bool:
    """Whether what comes from this URL comes from its host: by HTTPS, or from this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port  # raises for one that is no number
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
    """Gets JSON. Blocks, and is called by threads without an event loop of their own."""

    def __init__(self, timeout: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout
        # The machine's own certificates and not a list that comes with a package: a bank's provider often has one of
        # its own authority. SSL_CERT_FILE names others.
        self._trusted = ssl.create_default_context()

    def json(self, url: str) -> Any:
        """The document at this URL. A redirect is none: what it leads to was not configured. Raises `FetchError`."""
        if not is_secure_url(url):
            raise FetchError("a URL without https")
        try:
            # On an event loop, since a time for all of it is kept there alone: a blocking client starts its time anew
            # with every byte that comes.
            content = asyncio.run(self._content(url))
        except TimeoutError:
            raise FetchError("no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchError(f"no answer ({type(error).__name__})") from None
        try:
            return msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise FetchError("the answer is not JSON") from None

    async def _content(self, url: str) -> bytes:
        # Uncompressed, so that the bytes that are counted are those that are kept.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "muster"}
        async with (
            asyncio.timeout(self._timeout),
            httpx.AsyncClient(verify=self._trusted, timeout=None, headers=headers) as client,  # noqa: S113
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise FetchError(f"status {response.status_code}")
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise FetchError("the answer is compressed")
            content = bytearray()
            async for piece in response.aiter_raw():
                content += piece
                if len(content) > MAX_BYTES:
                    raise FetchError("the answer has more than 1 MiB")
        return bytes(content)
