"""The service with an OpenID provider in its settings: what it says when these are wrong, and that it starts."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from muster.bootstrap import create_app
from muster.settings import InvalidSettingError
from tests.cli.commands import Muster, Running, assert_one_line
from tests.cli.test_serve import post
from tests.issuer import AUDIENCE, issuing

ISSUER = "https://id.bank.example"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ISSUER": ISSUER}, "MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE go together"),
        ({"AUDIENCE": AUDIENCE}, "MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE go together"),
        ({"ISSUER": "http://id.bank.example", "AUDIENCE": AUDIENCE}, "MUSTER_OIDC_ISSUER must be a URL with https"),
        ({"ISSUER": "id.bank.example", "AUDIENCE": AUDIENCE}, "MUSTER_OIDC_ISSUER must be a URL with https"),
    ],
)
def test_half_a_provider_is_one_line(
    muster: Muster, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], says: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"MUSTER_OIDC_{name}", value)
    result = muster("serve", "--port", "0")
    assert_one_line(result, 2, says)
    assert ISSUER not in result.err
    # A worker says the same, and so does whoever starts the service another way.
    with pytest.raises(InvalidSettingError, match=says):
        create_app()


@pytest.mark.parametrize("missing", ["joserfc", "httpx"])
def test_what_is_not_installed_is_one_line(muster: Muster, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setenv("MUSTER_OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("MUSTER_OIDC_AUDIENCE", AUDIENCE)
    monkeypatch.setitem(sys.modules, missing, None)  # as if it were not there
    assert_one_line(muster("serve", "--port", "0"), 2, "'.[oidc]'")


def test_without_a_provider_nothing_of_it_is_loaded() -> None:
    code = "import sys, muster.web.app; from muster import bootstrap; from muster.settings import Settings; "
    code += "assert bootstrap.make_provider(Settings()) is None; print({'joserfc', 'httpx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


def test_it_serves_users_of_the_provider_when_it_has_no_other(muster: Muster, start: Callable[..., Running]) -> None:
    with issuing() as issuer:
        settings = {"MUSTER_OIDC_ISSUER": issuer.url, "MUSTER_OIDC_AUDIENCE": AUDIENCE}
        service = start("serve", "--port", "0", "--database", muster.url, "--workers", "2", **settings)
        assert post(service.port(), issuer.token()) == ["REQUEST_ACCEPTED"] * 2
