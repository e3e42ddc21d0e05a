"""From the claims of a provider's token to name, role and business units."""

from typing import Any

import pytest

from muster.auth.oidc.claims import ClaimNames, find_claim, to_user
from muster.auth.oidc.errors import TokenRejection
from muster.auth.passwords import MAX_NAME_LENGTH, is_valid_name
from muster.auth.users import Role, User

NAMES = ClaimNames("sub", "role", "business_units")


def map_claims(**claims: Any) -> User | TokenRejection:
    return to_user({"sub": "anna", "role": "read", **claims}, NAMES)


@pytest.mark.parametrize(
    ("claims", "path", "found"),
    [
        ({"role": "read"}, "role", "read"),
        ({"realm_access": {"roles": ["read"]}}, "realm_access.roles", ["read"]),
        ({"resource_access": {"muster.bank": {"roles": ["read"]}}}, "resource_access.muster.bank.roles", ["read"]),
        ({"https://bank.example/role": "read"}, "https://bank.example/role", "read"),
        ({"https://bank.example/x": {"role": "read"}}, "https://bank.example/x.role", "read"),
        ({"a.b": "whole", "a": {"b": "path"}}, "a.b", "whole"),
        ({"a.b": {}, "a": {"b": {"c": "path"}}}, "a.b.c", "path"),
        ({"a": {"b": {"c": "short"}}, "a.b": {"c": "long"}}, "a.b.c", "long"),
        ({"a": "read"}, "a.b", None),
        ({"a": ["read"]}, "a.0", None),
        ({}, "role", None),
        ({"a": {"": "read"}}, "a.", "read"),
    ],
)
def test_claim_is_found_by_its_name_or_else_by_its_path(claims: dict[str, Any], path: str, found: object) -> None:
    assert find_claim(claims, path) == found


@pytest.mark.parametrize(
    ("claim", "role"),
    [
        ("submit", Role.SUBMIT),
        ("admin", Role.ADMIN),
        ("watch", Role.WATCH),
        (["offline_access", "read", "uma_authorization"], Role.READ),
        (["read", "read"], Role.READ),
        (["submit", "read", "admin"], Role.SUBMIT | Role.READ | Role.ADMIN),
        (["submit", "read"], Role.SUBMIT | Role.READ),
        (["read", "watch", "audit", "teller"], Role.READ | Role.WATCH | Role.AUDIT),
        (["teller"], TokenRejection.NO_ROLE),
        ([], TokenRejection.NO_ROLE),
        ("Submit", TokenRejection.NO_ROLE),
        ("submit read", TokenRejection.NO_ROLE),
        (None, TokenRejection.NO_ROLE),
        (True, TokenRejection.NO_ROLE),
        ({"submit": True}, TokenRejection.NO_ROLE),
        ([["submit"], {"read": 1}, None], TokenRejection.NO_ROLE),
    ],
)
def test_roles_of_the_claim_add_up(claim: object, role: Role | TokenRejection) -> None:
    found = map_claims(role=claim)
    assert (found.roles if isinstance(found, User) else found) == role


@pytest.mark.parametrize(
    ("claim", "units"),
    [
        (["LV", "LT"], ("LV", "LT")),
        ("LV LT", ("LV", "LT")),
        (["Head office"], ("Head office",)),
        (["LT", "LT"], ("LT",)),
        ([], ()),
        ("", ()),
        (None, ()),
    ],
)
def test_units_keep_their_order_and_a_missing_claim_means_no_units(claim: object, units: tuple[str, ...]) -> None:
    found = map_claims(business_units=claim)
    assert isinstance(found, User)
    assert found.business_units == units


@pytest.mark.parametrize("claim", [1, {"LT": True}, ["LT", 1], [["LT"]], False])
def test_unreadable_units_are_rejected(claim: object) -> None:
    assert map_claims(business_units=claim) is TokenRejection.UNITS


@pytest.mark.parametrize("name", ["anna", "a:b", "x" * MAX_NAME_LENGTH, "Änna Ö", "anna@bank.example"])
def test_name_of_a_provider_user_can_not_be_a_local_name(name: str) -> None:
    found = map_claims(sub=name)
    assert isinstance(found, User)
    assert found == User(f"oidc:{name}", Role.READ)
    assert not is_valid_name(found.name)


@pytest.mark.parametrize(
    "name",
    ["", " anna", "anna\n", "an\0na", "x" * (MAX_NAME_LENGTH + 1), "\ud800", "a\u202eb", 7, None, ["anna"], True],
)
def test_invalid_name_is_rejected(name: object) -> None:
    assert map_claims(sub=name) is TokenRejection.NAME
