"""An OpenID provider for tests: its keys, the tokens that it signs, and an HTTP server that serves the keys."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import Key, generate_key

AUDIENCE = "muster"
DISCOVERY_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/certs"
# All algorithms of joserfc, so that tests can sign with forbidden ones too.
ANY_ALGORITHM = jws.JWSRegistry(algorithms=list(jws.JWSRegistry.algorithms), strict_check_header=False)


def make_key(kid: str = "first", kty: str = "RSA", size_or_curve: str | int = 2048, owner: str = "provider") -> Key:
    """A key pair, the same for the same arguments: generating one is slow."""
    return _generate_key(kid, kty, size_or_curve, owner)


@cache
def _generate_key(kid: str, kty: str, size_or_curve: str | int, owner: str) -> Key:
    return generate_key(kty, size_or_curve, {"kid": kid, "use": "sig"})  # type: ignore[call-overload,no-any-return]  # the overload depends on `kty`


def make_claims(issuer: str, now: float | None = None, **changes: Any) -> dict[str, Any]:
    """The claims of a valid token of five minutes; a change to None removes a claim."""
    at = int(time.time() if now is None else now)
    valid = {"iss": issuer, "aud": AUDIENCE, "exp": at + 300, "iat": at, "sub": "core-banking", "role": "submit"}
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


def sign_token(content: dict[str, Any], key: Key, alg: str = "RS256", **header: Any) -> str:
    """A signed JWT; a header parameter of None is removed."""
    full = {"alg": alg, "kid": key.kid, "typ": "JWT", **header}
    present = {name: value for name, value in full.items() if value is not None}
    return jwt.encode(present, content, key, registry=ANY_ALGORITHM, default_type=None)


@dataclass
class CannedResponse:
    """The provider's response at a path. `wait` is called before it is sent."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: Callable[[], object] = lambda: None


class OidcProvider:
    """The documents that the provider serves, which tests change, and the paths that were requested."""

    def __init__(self, url: str, *keys: Key) -> None:
        self.url = url
        self.requests: list[str] = []
        self.responses: dict[str, CannedResponse] = {}
        self.serve_document(DISCOVERY_PATH, {"issuer": url, "jwks_uri": url + JWKS_PATH})
        self.set_keys(*keys)

    def serve_document(self, path: str, document: object) -> None:
        self.responses[path] = CannedResponse(json.dumps(document).encode())

    def set_keys(self, *keys: Key) -> None:
        """Replaces the keys; the first one signs."""
        self.keys = keys
        self.serve_document(JWKS_PATH, {"keys": [each.as_dict(private=False) for each in keys]})

    def token(self, **changes: Any) -> str:
        return sign_token(make_claims(self.url, **changes), self.keys[0])


@contextmanager
def run_provider(*keys: Key) -> Iterator[OidcProvider]:
    """Runs a provider on a free port, with these keys or one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.requests.append(self.path)
            response = provider.responses.get(self.path, CannedResponse(b"", 404))
            response.wait()
            self.send_response(response.status)
            for name, value in {"Content-Length": str(len(response.body)), **response.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, *_: object) -> None:
            """Keeps the test's output clean."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Ignores closed connections, which some tests cause."""

    with Server(("127.0.0.1", 0), Handler) as server:
        provider = OidcProvider(f"http://127.0.0.1:{server.server_port}", *(keys or (make_key(),)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
