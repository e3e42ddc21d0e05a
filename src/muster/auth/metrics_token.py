"""The token of a scraper: from a file and not from the database, so that metrics show an outage of the database."""

import hashlib
import hmac
import os
from typing import Final

# Shorter ones can be guessed. `openssl rand -hex 32` makes 64 characters.
MIN_LENGTH: Final = 32
_MAX_FILE_BYTES: Final = 4096


class InvalidMetricsTokenError(Exception):
    """The file has no usable token. The message names the file, and holds nothing of its content."""


class MetricsToken:
    """A Bearer token that permits reading the metrics. Only its hash is kept."""

    def __init__(self, text: str) -> None:
        """Raises `ValueError`, without the text."""
        if len(text) < MIN_LENGTH or not (text.isascii() and text.isprintable()) or " " in text:
            raise ValueError(f"a token has at least {MIN_LENGTH} printable ASCII characters and no space")
        self._sha256 = _hash(text)

    def matches(self, token: str) -> bool:
        """Whether a client sent this token, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(self._sha256, _hash(token))


def read_metrics_token(file: str) -> MetricsToken:
    """The token in the only line of a file. Raises `InvalidMetricsTokenError`."""
    problem = None
    try:
        with open(file, "rb") as content:
            return MetricsToken(content.read(_MAX_FILE_BYTES).decode("ascii").strip())
    except OSError as error:
        problem = f"can't be read ({os.strerror(error.errno or 0)})"
    except UnicodeDecodeError:
        problem = f"holds no token: it has at least {MIN_LENGTH} printable ASCII characters and no space"
    except ValueError as error:
        problem = f"holds no token: {error}"
    # Outside the `except` blocks: a decoding error holds the file's content.
    raise InvalidMetricsTokenError(f"{file} {problem}; `openssl rand -hex 32` makes one")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()
