"""An OpenID provider of the test's own: its keys, the tokens it signs, and a real HTTP server that has the keys."""

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
DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/certs"
# Every algorithm that joserfc knows: what is allowed is for the tests to say.
ANY = jws.JWSRegistry(algorithms=list(jws.JWSRegistry.algorithms), strict_check_header=False)


def key(kid: str = "first", kty: str = "RSA", kind: str | int = 2048, owner: str = "provider") -> Key:
    """A key pair, the same each time it is asked for: making one takes a while."""
    return _made(kid, kty, kind, owner)


@cache
def _made(kid: str, kty: str, kind: str | int, owner: str) -> Key:
    return generate_key(kty, kind, {"kid": kid, "use": "sig"})  # type: ignore[call-overload,no-any-return]


def claims(issuer: str, now: float | None = None, **changes: Any) -> dict[str, Any]:
    """The claims of a good token of five minutes; None takes one away."""
    at = int(time.time() if now is None else now)
    good = {"iss": issuer, "aud": AUDIENCE, "exp": at + 300, "iat": at, "sub": "core-banking", "role": "submit"}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(content: dict[str, Any], with_key: Key, alg: str = "RS256", **header: Any) -> str:
    """A JWT; of the header None takes a parameter away."""
    full = {"alg": alg, "kid": with_key.kid, "typ": "JWT", **header}
    present = {name: value for name, value in full.items() if value is not None}
    return jwt.encode(present, content, with_key, registry=ANY, default_type=None)


@dataclass
class Answer:
    """What the provider answers at a path. `wait` is called before."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    wait: Callable[[], object] = lambda: None


class Issuer:
    """What the provider says; the test changes it. Counts what it was asked."""

    def __init__(self, url: str, *keys: Key) -> None:
        self.url = url
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        self.says(DISCOVERY, {"issuer": url, "jwks_uri": url + JWKS})
        self.rotates(*keys)

    def says(self, path: str, document: object) -> None:
        self.answers[path] = Answer(json.dumps(document).encode())

    def rotates(self, *keys: Key) -> None:
        """These are the keys from now on; the first one signs."""
        self.keys = keys
        self.says(JWKS, {"keys": [each.as_dict(private=False) for each in keys]})

    def token(self, **changes: Any) -> str:
        return signed(claims(self.url, **changes), self.keys[0])


@contextmanager
def issuing(*keys: Key) -> Iterator[Issuer]:
    """A provider that listens on a port of its own, with these keys or one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked.append(self.path)
            answer = issuer.answers.get(self.path, Answer(b"", 404))
            answer.wait()
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that has gone away is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}", *(keys or (key(),)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
