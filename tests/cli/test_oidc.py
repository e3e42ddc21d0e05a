"""`muster serve` with an OpenID provider: invalid settings, missing extras, and authentication of its users."""

import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

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
        ({"CLIENT_ID": "muster"}, "MUSTER_OIDC_CLIENT_ID needs MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE"),
        (
            {"ISSUER": ISSUER, "AUDIENCE": AUDIENCE, "CLIENT_SECRET_FILE": "secret"},
            "MUSTER_OIDC_CLIENT_SECRET_FILE needs MUSTER_OIDC_CLIENT_ID",
        ),
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


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "can't be read (No such file or directory)"), (b"", "holds no secret"), (b"one\ntwo", "holds no secret")],
    ids=["missing", "empty", "two lines"],
)
def test_a_file_without_the_secret_of_the_client_is_an_error_of_one_line(
    muster: Muster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, expected: str
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    values = {"ISSUER": ISSUER, "AUDIENCE": AUDIENCE, "CLIENT_ID": "muster", "CLIENT_SECRET_FILE": str(file)}
    for name, value in values.items():
        monkeypatch.setenv(f"MUSTER_OIDC_{name}", value)
    result = muster("serve", "--port", "0")
    assert_one_line(result, 2, f"MUSTER_OIDC_CLIENT_SECRET_FILE: {file} {expected}")
    assert "two" not in result.err.replace(str(file), "")


@pytest.mark.parametrize(("client", "said"), [(None, "1 usable keys"), ("muster", "and users can sign in there")])
def test_the_check_of_the_configuration_asks_for_what_is_used(
    muster: Muster, monkeypatch: pytest.MonkeyPatch, client: str | None, said: str
) -> None:
    with run_provider() as provider:
        monkeypatch.setenv("MUSTER_OIDC_ISSUER", provider.url)
        monkeypatch.setenv("MUSTER_OIDC_AUDIENCE", AUDIENCE)
        if client:
            monkeypatch.setenv("MUSTER_OIDC_CLIENT_ID", client)
        assert said in muster("check-config").out
        provider.describe(token_endpoint=None)
        checked = muster("check-config")
    assert ("token_endpoint is not an https URL" in checked.out + checked.err) is (client is not None)


@pytest.mark.parametrize("missing", ["joserfc", "httpx"])
def test_missing_extra_is_an_error_of_one_line(muster: Muster, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setenv("MUSTER_OIDC_ISSUER", ISSUER)
    monkeypatch.setenv("MUSTER_OIDC_AUDIENCE", AUDIENCE)
    monkeypatch.setitem(sys.modules, missing, None)  # makes the import fail
    assert_one_line(muster("serve", "--port", "0"), 2, "'.[oidc]'")


@pytest.mark.untraced  # a process takes twice as long to start
def test_without_a_provider_its_libraries_are_not_loaded() -> None:
    code = "import sys, muster.web.app; from muster import bootstrap; from muster.settings import Settings; "
    code += "assert bootstrap.make_oidc(Settings()) == (None, None); print({'joserfc', 'httpx'} & set(sys.modules))"
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
