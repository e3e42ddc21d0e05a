"""HTTPS: the certificate, and taking a new one over while the service runs."""

import signal
import ssl
from collections.abc import Callable
from pathlib import Path

import uvicorn

from muster.cli.problems import Problem
from muster.settings import Settings

_UNUSABLE = "the certificate and the key can't be read or don't belong together"


def check_tls(settings: Settings) -> None:
    """Raises `Problem` when certificate and key can't be used, before a worker trips over them."""
    if settings.tls_cert is None or settings.tls_key is None:
        return
    for path in (settings.tls_cert, settings.tls_key):
        if not Path(path).is_file():
            raise Problem(f"there is no file {path}; check --tls-cert and --tls-key")
    try:
        _load(_context(), settings.tls_cert, settings.tls_key)
    except OSError:
        how = "give PEM files, the key without a password, with --tls-cert and --tls-key"
        raise Problem(f"{_UNUSABLE}; {how}") from None


def reloading_context(config: uvicorn.Config, _default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """What uvicorn serves HTTPS with, in each process that serves. SIGHUP makes it read the files again.

    Connections that are there keep what they have, new ones get the new certificate. Files that can't be used change
    nothing, and the log says so.
    """
    context = _context()
    cert, key = str(config.ssl_certfile), str(config.ssl_keyfile)
    _load(context, cert, key)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: _reload(context, cert, key))
    return context


def _reload(context: ssl.SSLContext, cert: str, key: str) -> None:
    from muster.web import logs

    try:
        # First elsewhere: a context that took the certificate and refused its key could serve nobody.
        _load(_context(), cert, key)
        _load(context, cert, key)
    except OSError as error:
        logs.log_failure(error, where="reading the certificate again")
    else:
        logs.log_event("the certificate was read again")


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # RFC 9325 leaves no older one. OpenSSL's own settings may allow them.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # of TLS 1.2: it lets a client make the server calculate for nothing
    context.set_alpn_protocols(["http/1.1"])
    return context


def _load(context: ssl.SSLContext, cert: str, key: str) -> None:
    # The empty password keeps OpenSSL from asking for one on the terminal.
    context.load_cert_chain(cert, key, password="")
