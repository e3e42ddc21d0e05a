"""The service that `muster load --url` sends to: its address, the token for it, and its errors in one line."""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from muster.audit.export import escape_unprintable
from muster.cli.errors import CommandError, UsageError
from muster.cli.output import print_note
from muster.settings import CLIENT_TOKEN_VARIABLE, read_client_token

if TYPE_CHECKING:
    from muster_client import Client, MusterError

MAX_TOKEN_FILE_BYTES: Final = 64 * 1024  # a token of an OpenID provider has a few KiB
# A wrong address is told soon, before a large file is read. A service that restarts may take longer later on.
FIRST_CONTACT_SECONDS: Final = 10.0
OUTAGE_SECONDS: Final = 300.0

_NO_CLIENT: Final = (
    "--url needs the package muster-client; install muster with its extra `client`: pip install 'muster[client]'"
)
_NO_TOKEN: Final = (
    f"--url needs a token: give --token-file FILE, or set {CLIENT_TOKEN_VARIABLE}; `muster token create NAME` makes one"
)
_CERTIFICATE: Final = "set SSL_CERT_FILE to a PEM file with the authority that signed it, or mend the host in --url"


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """`url` is without a slash at its end."""

    url: str
    token: str = field(repr=False)
    first_contact_seconds: float = FIRST_CONTACT_SECONDS
    outage_seconds: float = OUTAGE_SECONDS


def require_client() -> None:
    """Raises `CommandError` when the package of the client is not installed."""
    if find_spec("muster_client") is None:
        raise CommandError(_NO_CLIENT)


def read_address(url: str, token_file: Path | None) -> ServiceAddress:
    """Raises `UsageError`, without the token and without a password in the URL."""
    _check_url(url)
    token = read_client_token() if token_file is None else _read_token_file(token_file)
    if not token:
        raise UsageError(_NO_TOKEN)
    return ServiceAddress(url.rstrip("/"), token)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, is_http = parts.hostname, parts.scheme == "http"
        is_valid = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
    except ValueError:
        host, is_http, is_valid = None, False, False
    if not is_valid or host is None:
        raise UsageError("--url takes the address of the service, like https://muster.example:8878")
    if is_http and not _is_loopback(host):
        raise UsageError(
            "--url must begin with https:// unless the service runs on this machine: without TLS, the token and the "
            "customers can be read on the way"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_token_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TOKEN_FILE_BYTES + 1)
        token = content.decode("ascii").strip()
    except OSError as error:
        raise UsageError(f"--token-file {path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        token = ""
    if not token or len(content) > MAX_TOKEN_FILE_BYTES:
        raise UsageError(f"--token-file {path} holds no token; write what `muster token create` prints into it")
    return token


@contextmanager
def connect(address: ServiceAddress) -> "Iterator[Client]":
    """A client of the service, which has accepted the token. Raises `CommandError` for every failure of it."""
    from muster_client import MusterError

    with _retries_as_notes():
        try:
            with _make_client(address, address.first_contact_seconds) as first:
                next(first.loads.list(), None)
            with _make_client(address, address.outage_seconds) as client:
                yield client
        except MusterError as error:
            raise CommandError(describe_error(error, address.url)) from None


def _make_client(address: ServiceAddress, deadline: float) -> "Client":
    import httpx

    from muster_client import Client, RetryPolicy

    # On this machine, there is neither a certificate, nor may a proxy of the environment see the token.
    is_http = urlsplit(address.url).scheme == "http"
    verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if is_http else ssl.create_default_context()
    transport = httpx.HTTPTransport(verify=verify) if is_http else None
    retry = RetryPolicy(deadline=deadline)
    try:
        return Client(address.url, token=address.token, retry=retry, verify=verify, transport=transport)
    except ValueError as error:
        raise UsageError(f"--url or its token: {error}") from None


def describe_error(error: "MusterError", url: str) -> str:
    """What is wrong, and what to do. The texts of the service hold no value."""
    from muster_client import AuthenticationError, ConnectionFailed, NotFound, PermissionDenied

    text = escape_unprintable(str(error))
    match error:
        case AuthenticationError():
            return f"{url} does not accept the token: {text}; `muster token create NAME` makes another one"
        case PermissionDenied():
            return f"the user of the token may not load files: {text}; `muster user change NAME --add-role submit`"
        case NotFound():
            return f"{url} knows no loads of files: its muster is older than this one, or the path in --url is wrong"
        case ConnectionFailed() if "certificate" in error.message:
            return f"{url}: {text}; {_CERTIFICATE}"
        case ConnectionFailed():
            return f"{url}: {text}; check --url and that the service runs, and run the same command again"
    return f"{url}: {text}"


class _NoteHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print_note(escape_unprintable(record.getMessage()))


@contextmanager
def _retries_as_notes() -> Iterator[None]:
    """Shows the warnings of the client, which repeats requests, on stderr."""
    logger, handler = logging.getLogger("muster_client"), _NoteHandler(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
