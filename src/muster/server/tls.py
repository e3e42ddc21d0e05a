"""TLS: the context made of certificate and key, and what is wrong with these when it can't be made."""

import os
import pwd
import ssl
import stat
from typing import Final

from muster.server import http2
from muster.server.errors import StartupError

# OpenSSL's reasons for a key of another certificate.
_OTHER_KEY: Final = ("KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED", "UNKNOWN_CERTIFICATE_TYPE")
_HINT: Final = "check --tls-cert and --tls-key"


def load_context(cert: str, key: str) -> ssl.SSLContext:
    """A context of these PEM files. Raises `StartupError`, which names the file and the fault: OpenSSL does not."""
    if b"-----BEGIN CERTIFICATE-----" not in _read(cert):
        raise StartupError(f"{cert} holds no certificate in PEM; give the chain as a PEM file with --tls-cert")
    key_text = _read(key)
    if b"PRIVATE KEY-----" not in key_text:
        raise StartupError(
            f"{key} holds no private key in PEM; give the key of the certificate as a PEM file with --tls-key"
        )
    if b"ENCRYPTED" in key_text:
        raise StartupError(f"the key {key} has a password; give the key without a password with --tls-key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # RFC 9325 leaves no older version. OpenSSL's own configuration may allow them.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # of TLS 1.2: lets a client make the server calculate for nothing
    context.set_alpn_protocols([http2.ALPN, "http/1.1"])
    try:
        # The empty password keeps OpenSSL from asking for one on the terminal.
        context.load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        if error.reason in _OTHER_KEY:
            raise StartupError(
                f"the key {key} is not the key of the certificate {cert}; give the two together"
            ) from None
        words = f"the certificate {cert} and the key {key} can't be used (OpenSSL: {error.reason or 'broken'})"
        raise StartupError(f"{words}; give valid PEM files") from None
    except OSError as error:
        raise StartupError(f"{cert} or {key} can't be read ({os.strerror(error.errno or 0)}); try again") from None
    return context


def _read(path: str) -> bytes:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            kind = "a directory" if os.path.isdir(path) else "no ordinary file"
            raise StartupError(f"{path} is {kind}; {_HINT}")
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        raise StartupError(f"there is no file {path}; {_HINT}") from None
    except PermissionError:
        raise StartupError(
            f"the user {_get_user()} has no right to read {path}; "
            "give that user the right to read it and to enter its directory"
        ) from None
    except OSError as error:
        raise StartupError(f"{path} can't be read ({os.strerror(error.errno or 0)}); {_HINT}") from None


def _get_user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user without a name
        return str(os.geteuid())
