"""Recognising a user by a token of an OpenID provider."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import Key, OctKey, RSAKey

from muster.auth.oidc.claims import ClaimNames
from muster.auth.oidc.errors import ProviderUnavailableError, TokenRejection
from muster.auth.oidc.token_verifier import ALGORITHMS, LEEWAY_SECONDS, MAX_TOKEN_LENGTH, OidcTokenVerifier
from muster.auth.users import Role, User
from tests.auth.fakes import Clock
from tests.issuer import AUDIENCE, claims, key, signed

ISSUER = "https://id.bank.example/realms/staff"
NOW = Clock().now().timestamp()


class FixedKeys:
    """Has these keys, and remembers which were looked for."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.looked_for: list[str | None] = []

    def find(self, kid: str | None) -> Sequence[Key]:
        self.looked_for.append(kid)
        return [each for each in self.keys if kid is None or each.kid == kid]


def user_by(token: str, *keys: Key, issuer: str = ISSUER) -> User | TokenRejection:
    names = ClaimNames("sub", "role", "business_units")
    known = FixedKeys(*(keys or (key(),)))
    return OidcTokenVerifier(known, issuer=issuer, audience=AUDIENCE, names=names, now=Clock().now).verify(token)


def token(**changes: Any) -> str:
    return signed(claims(ISSUER, NOW, **changes), key())


def parts(*contents: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(content).rstrip(b"=").decode() for content in contents)


def test_a_token_stands_for_its_user() -> None:
    assert user_by(token(business_units=["LT", "LV"])) == User("oidc:core-banking", Role.SUBMIT, ("LT", "LV"))


@pytest.mark.parametrize(
    ("alg", "kty", "kind"),
    [
        *((alg, "RSA", 2048) for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
        ("ES256", "EC", "P-256"),
        ("ES384", "EC", "P-384"),
        ("ES512", "EC", "P-521"),
        ("Ed25519", "OKP", "Ed25519"),
        ("EdDSA", "OKP", "Ed25519"),
    ],
)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # by joserfc, where the test signs
def test_every_asymmetric_algorithm_is_taken(alg: str, kty: str, kind: str | int) -> None:
    assert alg in ALGORITHMS
    pair = key(f"{kty}-{kind}", kty, kind)
    assert isinstance(user_by(signed(claims(ISSUER, NOW), pair, alg), pair), User)


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["account", AUDIENCE]])
def test_the_audience_may_be_one_of_several(audience: object) -> None:
    assert isinstance(user_by(token(aud=audience)), User)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://id.bank.example/realms/other"}, TokenRejection.ISSUER),
        ({"iss": ISSUER + "/"}, TokenRejection.ISSUER),
        ({"iss": ISSUER.upper()}, TokenRejection.ISSUER),
        ({"iss": [ISSUER]}, TokenRejection.ISSUER),
        ({"iss": None}, TokenRejection.ISSUER),
        ({"aud": "another"}, TokenRejection.AUDIENCE),
        ({"aud": ["account", AUDIENCE + "2"]}, TokenRejection.AUDIENCE),
        ({"aud": []}, TokenRejection.AUDIENCE),
        ({"aud": {AUDIENCE: True}}, TokenRejection.AUDIENCE),
        ({"aud": None}, TokenRejection.AUDIENCE),
        ({"exp": None}, TokenRejection.NO_EXPIRY),
        ({"exp": "9999999999"}, TokenRejection.NO_EXPIRY),
        ({"exp": True}, TokenRejection.NO_EXPIRY),
        ({"exp": int(NOW) - LEEWAY_SECONDS}, TokenRejection.EXPIRED),
        ({"exp": 0}, TokenRejection.EXPIRED),
        ({"nbf": int(NOW) + LEEWAY_SECONDS + 1}, TokenRejection.NOT_YET),
        ({"nbf": "0"}, TokenRejection.NOT_YET),
        ({"iat": int(NOW) + LEEWAY_SECONDS + 1}, TokenRejection.NOT_YET),
        ({"jti": 7}, TokenRejection.CLAIMS),
        ({"role": ["submit", "read"]}, TokenRejection.ROLES),
        ({"role": None}, TokenRejection.NO_ROLE),
        ({"sub": "an\0na"}, TokenRejection.NAME),
        ({"sub": None}, TokenRejection.NAME),
        ({"business_units": 7}, TokenRejection.UNITS),
    ],
)
def test_a_token_with_a_wrong_claim_lets_nobody_in(changes: dict[str, Any], reason: TokenRejection) -> None:
    assert user_by(token(**changes)) is reason


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(NOW) - LEEWAY_SECONDS + 1},
        {"nbf": int(NOW) + LEEWAY_SECONDS},
        {"iat": int(NOW) + LEEWAY_SECONDS},
        {"exp": NOW + 0.5},
    ],
)
def test_clocks_may_differ_by_a_minute(changes: dict[str, Any]) -> None:
    assert isinstance(user_by(token(**changes)), User)


def test_a_token_without_a_signature_lets_nobody_in() -> None:
    header = json.dumps({"alg": "none", "kid": key().kid}).encode()
    content = json.dumps(claims(ISSUER, NOW)).encode()
    assert user_by(parts(header, content, b"")) is TokenRejection.ALGORITHM
    real_header, payload, _ = token().split(".")
    assert user_by(f"{real_header}.{payload}.") is TokenRejection.SIGNATURE


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_the_public_key_is_not_taken_for_a_secret(alg: str) -> None:
    public = key()
    assert isinstance(public, RSAKey)
    for secret in (public.as_pem(private=False), public.as_der(private=False)):
        # By joserfc's own hand, which would rather not take such a secret.
        made = jws.JWSRegistry.algorithms[alg]
        head = parts(json.dumps({"alg": alg, "kid": public.kid}).encode(), json.dumps(claims(ISSUER, NOW)).encode())
        forged = f"{head}.{parts(made.sign(head.encode(), OctKey(secret, secret)))}"
        assert user_by(forged) is TokenRejection.ALGORITHM


def test_a_changed_payload_lets_nobody_in() -> None:
    header, _, signature = token().split(".")
    richer = parts(json.dumps(claims(ISSUER, NOW, role="admin")).encode())
    assert user_by(f"{header}.{richer}.{signature}") is TokenRejection.SIGNATURE


def test_the_key_of_another_under_the_same_id_lets_nobody_in() -> None:
    other = key(owner="somebody else")
    assert other.kid == key().kid
    assert user_by(signed(claims(ISSUER, NOW), other)) is TokenRejection.SIGNATURE


@pytest.mark.parametrize("place", ["jwk", "jku", "x5u"])
def test_a_key_that_the_token_brings_or_names_is_not_looked_at(place: str) -> None:
    own = key("own")
    brought = own.as_dict(private=False) if place == "jwk" else "https://elsewhere.example/keys"
    forged = signed(claims(ISSUER, NOW), own, **{place: brought, "kid": key().kid})
    assert user_by(forged) is TokenRejection.SIGNATURE


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"kid": "another"}, TokenRejection.KEY),
        ({"crit": ["kid"]}, TokenRejection.CRITICAL),
        ({"crit": []}, TokenRejection.CRITICAL),
        ({"crit": ["b64"], "b64": True}, TokenRejection.CRITICAL),
        ({"typ": "logout+jwt"}, TokenRejection.TYPE),
    ],
)
def test_a_token_with_a_wrong_header_lets_nobody_in(header: dict[str, Any], reason: TokenRejection) -> None:
    assert user_by(signed(claims(ISSUER, NOW), key(), **header)) is reason


@pytest.mark.parametrize("header", [{"typ": None}, {"typ": "at+jwt"}, {"typ": "jwt"}, {"nonce": "x"}, {"x5t": "x"}])
def test_other_headers_do_no_harm(header: dict[str, Any]) -> None:
    assert isinstance(user_by(signed(claims(ISSUER, NOW), key(), **header)), User)


@pytest.mark.parametrize(
    ("parameters", "alg"), [({"use": "enc"}, "RS256"), ({"alg": "RS512"}, "RS256"), ({"alg": "RSA-OAEP"}, "RS256")]
)
def test_a_key_is_used_for_what_it_is_meant_for_alone(parameters: dict[str, str], alg: str) -> None:
    plain = key("meant")
    assert isinstance(plain, RSAKey)
    meant = RSAKey.import_key({**plain.as_dict(private=False), **parameters})
    assert user_by(signed(claims(ISSUER, NOW), plain, alg), meant) is TokenRejection.KEY


def test_a_key_of_another_kind_does_not_fit_the_algorithm() -> None:
    curve, other_curve = key("c", "EC", "P-256"), key("c", "EC", "P-384")
    assert user_by(signed(claims(ISSUER, NOW), curve, "ES256"), key("c")) is TokenRejection.KEY
    assert user_by(signed(claims(ISSUER, NOW), curve, "ES256"), other_curve) is TokenRejection.KEY


def test_keys_of_two_kinds_may_have_one_id() -> None:
    curve = key("c", "EC", "P-256")
    assert isinstance(user_by(signed(claims(ISSUER, NOW), curve, "ES256"), key("c"), curve), User)


def test_without_a_key_id_one_key_has_to_fit() -> None:
    bare = signed(claims(ISSUER, NOW), key(), kid=None)
    assert isinstance(user_by(bare, key("c", "EC", "P-256"), key()), User)
    assert user_by(bare, key("second"), key()) is TokenRejection.KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a.b",
        "a.b.c.d.e",
        "ä.ä.ä",
        "\ud800.a.b",
        parts(b"{", b"{}", b""),
        parts(b"[]", b"{}", b""),
        parts(b'"alg"', b"{}", b""),
        parts(b'["alg","b64"]', b"{}", b""),
        parts(b"\xff", b"{}", b""),
        parts(b"7", b"{}", b""),
        parts(b"null", b"{}", b""),
        parts(b'{"kid":"first"}', b"{}", b""),
        parts(b'{"alg":' + b"[" * 4000, b"{}", b""),
        parts(b'{"alg":"RS256","kid":7}', b"{}", b""),
        parts(b'{"alg":"RS256"}', b"[]", b""),
        parts(b'{"alg":"RS256"}', b"{", b""),
        parts(b'{"alg":"RS256"}', b'"\xff"', b""),
        parts(b'{"alg":"RS256"}', b"[" * 4000, b""),
        parts(b'{"alg":"RS256"}', b'{"exp":NaN}', b""),
        parts(b'{"alg":"RS256"}', b'{"exp":' + b"9" * 5000 + b"}", b""),
    ],
)
def test_any_other_text_is_nobody(text: str) -> None:
    assert user_by(text) in (TokenRejection.MALFORMED, TokenRejection.ALGORITHM)


@pytest.mark.parametrize("alg", [None, 7, ["RS256"], {"RS256": 1}, "rs256", "RSA-OAEP"])
def test_an_algorithm_that_is_none_lets_nobody_in(alg: object) -> None:
    header = json.dumps({"alg": alg, "kid": "first"}).encode()
    assert user_by(parts(header, json.dumps(claims(ISSUER, NOW)).encode(), b"x")) is TokenRejection.ALGORITHM


def test_a_token_that_is_too_long_is_not_read() -> None:
    assert isinstance(user_by(token(groups="x" * (MAX_TOKEN_LENGTH // 2))), User)
    assert user_by(token(groups="x" * MAX_TOKEN_LENGTH)) is TokenRejection.MALFORMED


def test_an_encrypted_token_is_not_opened() -> None:
    header = json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"}).encode()
    assert user_by(parts(header, b"", b"x", b"x", b"x")) is TokenRejection.MALFORMED


@pytest.mark.parametrize(
    "changed", [lambda: token(iss="https://elsewhere.example"), lambda: token(exp=0), lambda: token(aud="another")]
)
def test_the_provider_is_not_asked_about_tokens_that_are_wrong_anyhow(changed: Callable[[], str]) -> None:
    known = FixedKeys(key())
    names = ClaimNames("sub", "role", "business_units")
    tokens = OidcTokenVerifier(known, issuer=ISSUER, audience=AUDIENCE, names=names, now=Clock().now)
    assert isinstance(tokens.verify(changed()), TokenRejection)
    assert known.looked_for == []
    assert isinstance(tokens.verify(token()), User)
    assert known.looked_for == ["first"]


def test_without_keys_nobody_knows() -> None:
    class Away:
        def find(self, kid: str | None) -> Sequence[Key]:
            raise ProviderUnavailableError("no answer")

    names = ClaimNames("sub", "role", "business_units")
    tokens = OidcTokenVerifier(Away(), issuer=ISSUER, audience=AUDIENCE, names=names, now=Clock().now)
    with pytest.raises(ProviderUnavailableError):
        tokens.verify(token())


def test_a_reason_says_nothing_of_the_token() -> None:
    secret = "Garcia"
    for changes in ({"role": secret}, {"aud": secret}, {"iss": secret}, {"exp": secret}, {"sub": secret + "\0"}):
        refused = user_by(token(**changes))
        assert isinstance(refused, TokenRejection)
        assert secret not in refused.value
