"""HTTPS: the certificate, and taking a new one over while the service runs."""

import asyncio
import os
import ssl
import stat
import sys
from collections.abc import Callable
from typing import Final

import uvicorn

from muster.cli.context import get_operator
from muster.cli.errors import FAILED, CommandError
from muster.observability.logs import log_event, log_warning
from muster.server import sighup
from muster.settings import Settings

READ_AGAIN: Final = "the certificate was read again"
UNCHANGED: Final = "the certificate was not read again"
AGAIN_SECONDS: Final = 1.0

# OpenSSL's words for a key that is not the certificate's.
_OTHER_KEY: Final = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED", "UNKNOWN_CERTIFICATE_TYPE")


def check_tls(settings: Settings) -> None:
    """Raises `CommandError` when certificate and key can't be used, before a worker trips over them."""
    if settings.tls_cert is not None and settings.tls_key is not None:
        _check(settings.tls_cert, settings.tls_key)


def reloading_context(config: uvicorn.Config, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """What uvicorn serves HTTPS with, in each process that serves. SIGHUP makes it read the files again.

    Connections that are there keep what they have, new ones get the new certificate. Files that can't be used change
    nothing, and the log says so. Ends the process when it can't be used at its start.
    """
    context, cert, key = _context(), str(config.ssl_certfile), str(config.ssl_keyfile)
    try:
        _load(context, cert, key)
    except CommandError as problem:
        log_warning("the certificate can't be used", why=str(problem))
        sys.exit(FAILED)
    sighup.then(Reading(context, cert, key))
    return context


class Reading:
    """Reads the files again, in the loop that serves with this context."""

    def __init__(self, context: ssl.SSLContext, cert: str, key: str) -> None:
        self._context = context
        self._files = cert, key
        self._half = False

    def __call__(self) -> None:
        try:
            # First elsewhere: a context that took the certificate and refused its key could serve nobody.
            _check(*self._files)
        except CommandError as problem:
            if not self._half:
                log_warning(UNCHANGED, why=str(problem))
                return
            self._try_again()
            return
        try:
            _load(self._context, *self._files)
        except CommandError as problem:  # they were changed in between
            if not self._half:
                log_warning("the certificate changed while it was read, and is read again", why=str(problem))
            self._half = True
            self._try_again()
        else:
            self._half = False
            log_event(READ_AGAIN)

    def _try_again(self) -> None:
        asyncio.get_running_loop().call_later(AGAIN_SECONDS, self)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # RFC 9325 leaves no older one. OpenSSL's own settings may allow them.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # of TLS 1.2: it lets a client make the server calculate for nothing
    context.set_alpn_protocols(["http/1.1"])
    return context


def _check(cert: str, key: str) -> None:
    _load(_context(), cert, key)


def _load(context: ssl.SSLContext, cert: str, key: str) -> None:
    """Raises `CommandError`, which says what is wrong with which file: OpenSSL does not."""
    if b"-----BEGIN CERTIFICATE-----" not in _content(cert):
        raise CommandError(f"{cert} holds no certificate in PEM; give the chain as a PEM file with --tls-cert")
    held = _content(key)
    if b"PRIVATE KEY-----" not in held:
        raise CommandError(
            f"{key} holds no private key in PEM; give the key of the certificate as a PEM file with --tls-key"
        )
    if b"ENCRYPTED" in held:
        raise CommandError(f"the key {key} has a password; give the key without a password with --tls-key")
    try:
        # The empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        if error.reason in _OTHER_KEY:
            raise CommandError(
                f"the key {key} is not the key of the certificate {cert}; give the two together"
            ) from None
        words = f"the certificate {cert} and the key {key} can't be used (OpenSSL: {error.reason or 'broken'})"
        raise CommandError(f"{words}; give sound PEM files") from None
    except OSError as error:
        raise CommandError(f"{cert} or {key} can't be read ({os.strerror(error.errno or 0)}); try again") from None


def _content(path: str) -> bytes:
    what = "check --tls-cert and --tls-key"
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            kind = "a directory" if os.path.isdir(path) else "no ordinary file"
            raise CommandError(f"{path} is {kind}; {what}")
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise CommandError(f"there is no file {path}; {what}") from None
    except PermissionError:
        me = get_operator().removeprefix("os:")
        raise CommandError(
            f"the user {me} has no right to read {path}; give that user the right to read it and to enter its directory"
        ) from None
    except OSError as error:
        raise CommandError(f"{path} can't be read ({os.strerror(error.errno or 0)}); {what}") from None
