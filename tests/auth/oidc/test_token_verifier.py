"""Authentication by a token of an OpenID provider."""

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
from tests.auth.fakes import ManualClock
from tests.issuer import AUDIENCE, make_claims, make_key, sign_token

ISSUER = "https://id.bank.example/realms/staff"
NOW = ManualClock().now().timestamp()


class FixedKeys:
    """Has these keys, and records the ids that were looked up."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys
        self.lookups: list[str | None] = []

    def find(self, kid: str | None) -> Sequence[Key]:
        self.lookups.append(kid)
        return [each for each in self.keys if kid is None or each.kid == kid]


def verify(token: str, *keys: Key, issuer: str = ISSUER) -> User | TokenRejection:
    names = ClaimNames("sub", "role", "business_units")
    key_source = FixedKeys(*(keys or (make_key(),)))
    return OidcTokenVerifier(key_source, issuer=issuer, audience=AUDIENCE, names=names, now=ManualClock().now).verify(
        token
    )


def make_token(**changes: Any) -> str:
    return sign_token(make_claims(ISSUER, NOW, **changes), make_key())


def encode_parts(*contents: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(content).rstrip(b"=").decode() for content in contents)


def test_token_authenticates_its_user() -> None:
    assert verify(make_token(business_units=["LT", "LV"])) == User("oidc:core-banking", Role.SUBMIT, ("LT", "LV"))


@pytest.mark.parametrize(
    ("alg", "kty", "size_or_curve"),
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
def test_every_asymmetric_algorithm_is_accepted(alg: str, kty: str, size_or_curve: str | int) -> None:
    assert alg in ALGORITHMS
    pair = make_key(f"{kty}-{size_or_curve}", kty, size_or_curve)
    assert isinstance(verify(sign_token(make_claims(ISSUER, NOW), pair, alg), pair), User)


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["account", AUDIENCE]])
def test_audience_may_be_one_of_several(audience: object) -> None:
    assert isinstance(verify(make_token(aud=audience)), User)


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
        ({"role": ["teller"]}, TokenRejection.NO_ROLE),
        ({"role": None}, TokenRejection.NO_ROLE),
        ({"sub": "an\0na"}, TokenRejection.NAME),
        ({"sub": None}, TokenRejection.NAME),
        ({"business_units": 7}, TokenRejection.UNITS),
    ],
)
def test_token_with_a_wrong_claim_is_rejected(changes: dict[str, Any], reason: TokenRejection) -> None:
    assert verify(make_token(**changes)) is reason


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
    assert isinstance(verify(make_token(**changes)), User)


def test_unsigned_token_is_rejected() -> None:
    header = json.dumps({"alg": "none", "kid": make_key().kid}).encode()
    content = json.dumps(make_claims(ISSUER, NOW)).encode()
    assert verify(encode_parts(header, content, b"")) is TokenRejection.ALGORITHM
    real_header, payload, _ = make_token().split(".")
    assert verify(f"{real_header}.{payload}.") is TokenRejection.SIGNATURE


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_public_key_is_not_accepted_as_an_hmac_secret(alg: str) -> None:
    public = make_key()
    assert isinstance(public, RSAKey)
    for secret in (public.as_pem(private=False), public.as_der(private=False)):
        # With the algorithm itself: joserfc's signing functions refuse such a secret.
        algorithm = jws.JWSRegistry.algorithms[alg]
        content = encode_parts(
            json.dumps({"alg": alg, "kid": public.kid}).encode(), json.dumps(make_claims(ISSUER, NOW)).encode()
        )
        forged = f"{content}.{encode_parts(algorithm.sign(content.encode(), OctKey(secret, secret)))}"
        assert verify(forged) is TokenRejection.ALGORITHM


def test_changed_payload_is_rejected() -> None:
    header, _, signature = make_token().split(".")
    changed = encode_parts(json.dumps(make_claims(ISSUER, NOW, role="admin")).encode())
    assert verify(f"{header}.{changed}.{signature}") is TokenRejection.SIGNATURE


def test_only_a_token_of_the_provider_is_called_expired() -> None:
    header, _, signature = make_token().split(".")
    expired = encode_parts(json.dumps(make_claims(ISSUER, NOW, exp=0)).encode())
    assert verify(f"{header}.{expired}.{signature}") is TokenRejection.SIGNATURE


def test_foreign_key_with_the_same_id_is_rejected() -> None:
    other = make_key(owner="another")
    assert other.kid == make_key().kid
    assert verify(sign_token(make_claims(ISSUER, NOW), other)) is TokenRejection.SIGNATURE


@pytest.mark.parametrize("parameter", ["jwk", "jku", "x5u"])
def test_key_in_the_token_header_is_ignored(parameter: str) -> None:
    own = make_key("own")
    own_key: Any = own.as_dict(private=False) if parameter == "jwk" else "https://elsewhere.example/keys"
    forged = sign_token(make_claims(ISSUER, NOW), own, **{parameter: own_key, "kid": make_key().kid})
    assert verify(forged) is TokenRejection.SIGNATURE


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
def test_token_with_a_wrong_header_is_rejected(header: dict[str, Any], reason: TokenRejection) -> None:
    assert verify(sign_token(make_claims(ISSUER, NOW), make_key(), **header)) is reason


@pytest.mark.parametrize("header", [{"typ": None}, {"typ": "at+jwt"}, {"typ": "jwt"}, {"nonce": "x"}, {"x5t": "x"}])
def test_other_header_parameters_are_ignored(header: dict[str, Any]) -> None:
    assert isinstance(verify(sign_token(make_claims(ISSUER, NOW), make_key(), **header)), User)


@pytest.mark.parametrize(
    ("parameters", "alg"), [({"use": "enc"}, "RS256"), ({"alg": "RS512"}, "RS256"), ({"alg": "RSA-OAEP"}, "RS256")]
)
def test_key_is_used_only_for_its_own_use_and_algorithm(parameters: dict[str, str], alg: str) -> None:
    plain = make_key("meant")
    assert isinstance(plain, RSAKey)
    meant = RSAKey.import_key({**plain.as_dict(private=False), **parameters})
    assert verify(sign_token(make_claims(ISSUER, NOW), plain, alg), meant) is TokenRejection.KEY


def test_key_of_another_type_does_not_fit_the_algorithm() -> None:
    curve, other_curve = make_key("c", "EC", "P-256"), make_key("c", "EC", "P-384")
    assert verify(sign_token(make_claims(ISSUER, NOW), curve, "ES256"), make_key("c")) is TokenRejection.KEY
    assert verify(sign_token(make_claims(ISSUER, NOW), curve, "ES256"), other_curve) is TokenRejection.KEY


def test_keys_of_two_types_may_share_an_id() -> None:
    curve = make_key("c", "EC", "P-256")
    assert isinstance(verify(sign_token(make_claims(ISSUER, NOW), curve, "ES256"), make_key("c"), curve), User)


def test_token_without_a_key_id_is_accepted_if_one_key_fits() -> None:
    bare = sign_token(make_claims(ISSUER, NOW), make_key(), kid=None)
    assert isinstance(verify(bare, make_key("c", "EC", "P-256"), make_key()), User)
    assert verify(bare, make_key("second"), make_key()) is TokenRejection.KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a.b",
        "a.b.c.d.e",
        "ä.ä.ä",
        "\ud800.a.b",
        encode_parts(b"{", b"{}", b""),
        encode_parts(b"[]", b"{}", b""),
        encode_parts(b'"alg"', b"{}", b""),
        encode_parts(b'["alg","b64"]', b"{}", b""),
        encode_parts(b"\xff", b"{}", b""),
        encode_parts(b"7", b"{}", b""),
        encode_parts(b"null", b"{}", b""),
        encode_parts(b'{"kid":"first"}', b"{}", b""),
        encode_parts(b'{"alg":' + b"[" * 4000, b"{}", b""),
        encode_parts(b'{"alg":"RS256","kid":7}', b"{}", b""),
        encode_parts(b'{"alg":"RS256"}', b"[]", b""),
        encode_parts(b'{"alg":"RS256"}', b"{", b""),
        encode_parts(b'{"alg":"RS256"}', b'"\xff"', b""),
        encode_parts(b'{"alg":"RS256"}', b"[" * 4000, b""),
        encode_parts(b'{"alg":"RS256"}', b'{"exp":NaN}', b""),
        encode_parts(b'{"alg":"RS256"}', b'{"exp":' + b"9" * 5000 + b"}", b""),
    ],
)
def test_any_other_text_is_rejected(text: str) -> None:
    assert verify(text) in (TokenRejection.MALFORMED, TokenRejection.ALGORITHM)


@pytest.mark.parametrize("alg", [None, 7, ["RS256"], {"RS256": 1}, "rs256", "RSA-OAEP"])
def test_unknown_algorithm_is_rejected(alg: object) -> None:
    header = json.dumps({"alg": alg, "kid": "first"}).encode()
    assert verify(encode_parts(header, json.dumps(make_claims(ISSUER, NOW)).encode(), b"x")) is TokenRejection.ALGORITHM


def test_oversized_token_is_rejected() -> None:
    assert isinstance(verify(make_token(groups="x" * (MAX_TOKEN_LENGTH // 2))), User)
    assert verify(make_token(groups="x" * MAX_TOKEN_LENGTH)) is TokenRejection.MALFORMED


def test_encrypted_token_is_rejected() -> None:
    header = json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"}).encode()
    assert verify(encode_parts(header, b"", b"x", b"x", b"x")) is TokenRejection.MALFORMED


@pytest.mark.parametrize(
    "changed",
    [lambda: make_token(iss="https://elsewhere.example"), lambda: make_token(aud="another")],
)
def test_keys_are_not_looked_up_for_tokens_with_wrong_claims(changed: Callable[[], str]) -> None:
    key_source = FixedKeys(make_key())
    names = ClaimNames("sub", "role", "business_units")
    verifier = OidcTokenVerifier(key_source, issuer=ISSUER, audience=AUDIENCE, names=names, now=ManualClock().now)
    assert isinstance(verifier.verify(changed()), TokenRejection)
    assert key_source.lookups == []
    assert isinstance(verifier.verify(make_token()), User)
    assert key_source.lookups == ["first"]


def test_missing_keys_raise_an_error() -> None:
    class UnavailableKeys:
        def find(self, kid: str | None) -> Sequence[Key]:
            raise ProviderUnavailableError("no response")

    names = ClaimNames("sub", "role", "business_units")
    verifier = OidcTokenVerifier(
        UnavailableKeys(), issuer=ISSUER, audience=AUDIENCE, names=names, now=ManualClock().now
    )
    with pytest.raises(ProviderUnavailableError):
        verifier.verify(make_token())


def test_reason_contains_nothing_of_the_token() -> None:
    secret = "Garcia"
    for changes in ({"role": secret}, {"aud": secret}, {"iss": secret}, {"exp": secret}, {"sub": secret + "\0"}):
        rejection = verify(make_token(**changes))
        assert isinstance(rejection, TokenRejection)
        assert secret not in rejection.value
