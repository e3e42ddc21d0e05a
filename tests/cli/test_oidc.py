"""`muster serve` with an OpenID provider: invalid settings, missing extras, and authentication of its users."""

import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files

import httpx
import pytest

from muster.bootstrap import create_app
from muster.settings import InvalidSettingError
from tests.cli.commands import Muster, Running, assert_one_line
from tests.issuer import AUDIENCE, run_provider

ISSUER = "https://id.bank.example"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"ISSUER": ISSUER}, "MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE go together"),
        ({"AUDIENCE": AUDIENCE}, "MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE go together"),
        ({"ISSUER": "http://id.bank.example", "AUDIENCE": AUDIENCE}, "MUSTER_OIDC_ISSUER must be a URL with https"),
        ({"ISSUER": "id.bank.example", "AUDIENCE": AUDIENCE}, "MUSTER_OIDC_ISSUER must be a URL with https"),
    ],
)
def test_incomplete_provider_settings_are_an_error_of_one_line(
    muster: Muster, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], expected: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"MUSTER_OIDC_{name}", value)
    result = muster("serve", "--port", "0")
    assert_one_line(result, 2, expected)
    assert ISSUER not in result.err
    # A worker process raises the same error, and so does any other server of the application.
    with pytest.raises(InvalidSettingError, match=expected):
        create_app()


@pytest.mark.parametrize("missing", ["joserfc", "httpx"])
def test_missing_extra_is_an_error_of_one_line(muster: Muster, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setenv("MUSTER_OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("MUSTER_OIDC_AUDIENCE", AUDIENCE)
    monkeypatch.setitem(sys.modules, missing, None)  # makes the import fail
    assert_one_line(muster("serve", "--port", "0"), 2, "'.[oidc]'")


def test_without_a_provider_its_libraries_are_not_loaded() -> None:
    code = "import sys, muster.web.app; from muster import bootstrap; from muster.settings import Settings; "
    code += "assert bootstrap.make_oidc_verifier(Settings()) is None; print({'joserfc', 'httpx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


def test_users_of_the_provider_need_no_local_user(muster: Muster, start: Callable[..., Running]) -> None:
    with run_provider() as provider:
        settings = {"MUSTER_OIDC_ISSUER": provider.url, "MUSTER_OIDC_AUDIENCE": AUDIENCE}
        service = start("serve", "--port", "0", "--database", muster.url, "--workers", "2", **settings)
        response = httpx.post(
            f"http://127.0.0.1:{service.port()}/amlyze-ws-rest/batch-customers",
            content=files("muster.web").joinpath("examples/minimal.json").read_bytes(),
            headers={"Authorization": f"Bearer {provider.token()}", "Content-Type": "application/json"},
            timeout=10,
        )
        assert [result["resultType"] for result in response.json()["results"]] == ["REQUEST_ACCEPTED"] * 2
