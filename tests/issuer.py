"""An OpenID provider for tests: its keys, the tokens that it signs, and an HTTP server for keys and sign-ins."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jws, jwt
from joserfc.jwk import Key, generate_key

AUDIENCE = "muster"
DISCOVERY_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/certs"
AUTHORIZATION_PATH = "/authorize"
TOKEN_PATH = "/token"
CLIENT = "muster-console"
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
    """The documents that the provider serves, which tests change, and the paths that were requested.

    A user who comes to the authorization endpoint is signed in at once. `id_claims` are changes of the ID token, and
    `authorizations` the headers of the token endpoint. With `client_secret`, the client must send it.
    """

    def __init__(self, url: str, *keys: Key) -> None:
        self.url = url
        self.requests: list[str] = []
        self.responses: dict[str, CannedResponse] = {}
        self.id_claims: dict[str, Any] = {}
        self.client_secret: str | None = None
        self.authorizations: list[str | None] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.describe()
        self.set_keys(*keys)

    def describe(self, **changes: Any) -> None:
        """Serves the discovery document, with these changes."""
        document = {
            "issuer": self.url,
            "jwks_uri": self.url + JWKS_PATH,
            "authorization_endpoint": self.url + AUTHORIZATION_PATH,
            "token_endpoint": self.url + TOKEN_PATH,
            "authorization_response_iss_parameter_supported": True,
        }
        self.serve_document(DISCOVERY_PATH, {**document, **changes})

    def authorize(self, query: str) -> str:
        """Signs a user in; gives the address that the browser is sent to."""
        fields = dict(parse_qsl(query))
        assert (fields["response_type"], fields["client_id"], fields["scope"]) == ("code", CLIENT, "openid")
        assert fields["code_challenge_method"] == "S256"
        code = secrets.token_hex(8)
        self._codes[code] = fields
        answer = {"code": code, "state": fields["state"], "iss": self.url, "session_state": "5e"}
        return f"{fields['redirect_uri']}?{urlencode(answer)}"

    def exchange(self, body: str, authorization: str | None) -> CannedResponse:
        """The ID token for a code, once."""
        fields = dict(parse_qsl(body))
        self.authorizations.append(authorization)
        if not self._knows_client(fields, authorization):
            return CannedResponse(b'{"error": "invalid_client"}', 401)
        started = self._codes.pop(fields["code"], None)
        digest = hashlib.sha256(fields["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if started is None or (started["code_challenge"], started["redirect_uri"]) != (
            challenge,
            fields["redirect_uri"],
        ):
            return CannedResponse(b'{"error": "invalid_grant"}', 400)
        claims = {"aud": CLIENT, "nonce": started["nonce"], "sub": "anna", "role": "read", **self.id_claims}
        document = {"access_token": "5e", "token_type": "Bearer", "id_token": self.token(**claims)}
        return CannedResponse(json.dumps(document).encode())

    def _knows_client(self, fields: dict[str, str], authorization: str | None) -> bool:
        if self.client_secret is None:
            return fields.get("client_id") == CLIENT
        basic = base64.b64encode(f"{CLIENT}:{self.client_secret}".encode()).decode()
        in_body = (fields.get("client_id"), fields.get("client_secret")) == (CLIENT, self.client_secret)
        return authorization == f"Basic {basic}" or in_body

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
            path, _, query = self.path.partition("?")
            provider.requests.append(path)
            if path == AUTHORIZATION_PATH:
                self._respond(CannedResponse(b"", 302, {"Location": provider.authorize(query)}))
            else:
                self._respond(provider.responses.get(path, CannedResponse(b"", 404)))

        def do_POST(self) -> None:
            provider.requests.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            canned = provider.responses.get(self.path)
            self._respond(canned or provider.exchange(body, self.headers["Authorization"]))

        def _respond(self, response: CannedResponse) -> None:
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
