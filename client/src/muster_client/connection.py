"""Where the service is, and the credentials for it. No repr, no error and no header dump shows these."""

import re
from collections.abc import Callable, Generator
from importlib.metadata import version
from typing import Any, Final

import httpx

_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*", re.ASCII)  # RFC 6750
_HEADERS: Final = {"User-Agent": f"muster-client/{version('muster-client')}"}

Token = str | Callable[[], str]


class BearerAuth(httpx.Auth):
    """Adds a token to each request; a function is asked for it each time, so that it may renew the token."""

    def __init__(self, token: Token) -> None:
        if isinstance(token, str):
            check_token(token)
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._get_token()}"
        yield request

    def _get_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        token = self._token()
        check_token(token)
        return token


def check_token(token: str) -> None:
    """Raises `ValueError` without the token: a line break at its end is the most frequent reason."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token has characters that no Bearer token has; remove white space around it")


def make_http_options(
    url: str, token: Token | None, auth: tuple[str, str] | None, **options: object
) -> tuple[httpx.URL, dict[str, Any]]:
    """The URL without credentials, and the keyword arguments of httpx's client. Raises `ValueError`."""
    base_url = _parse_url(url)
    if (token is None) == (auth is None):
        raise ValueError("give either token or auth=(user, password)")
    credentials = BearerAuth(token) if token is not None else httpx.BasicAuth(*(auth or ("", "")))
    return base_url, {"base_url": base_url, "auth": credentials, "headers": _HEADERS, **options}


def _parse_url(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    # Without the URL: its password, if it has one, would be shown.
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError("url takes the address of the service, like https://muster.example:8878")
    if parsed.userinfo:
        raise ValueError("url takes no user or password; give them as auth=(user, password)")
    if parsed.query or parsed.fragment:
        raise ValueError("url takes no query")
    return parsed
