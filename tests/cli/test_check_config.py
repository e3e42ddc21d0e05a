"""`muster check-config` shows what the service would run with, and whether it could."""

from pathlib import Path

import pytest

from muster.settings import iterate_settings, variable_name
from tests.cli.commands import CommandResult, Muster


def read_settings(result: CommandResult) -> dict[str, tuple[str, str]]:
    """Value and source of each setting."""
    rows = [line.split("\t") for line in result.out.splitlines() if line.startswith("MUSTER_")]
    return {name: (value, source) for name, value, source in rows}


def read_checks(result: CommandResult) -> list[str]:
    return [line for line in result.out.splitlines() if not line.startswith("MUSTER_")]


def test_every_setting_is_listed_with_its_source(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_WORKERS", "3")
    result = muster.ok("check-config", "--database", muster.url)
    settings = read_settings(result)
    assert list(settings) == [variable_name(row.name) for row in iterate_settings()]
    assert settings["MUSTER_DATABASE"] == (muster.url, "--database")
    assert settings["MUSTER_WORKERS"] == ("3", "MUSTER_WORKERS")
    assert settings["MUSTER_PORT"] == ("8878", "default")
    assert read_checks(result) == [
        "ok: database: it responds, can be written to, and has a usable schema",
        "ok: log: its format is known",
    ]
    assert result.err == ""


def test_missing_sqlite_file_is_created_by_serve_and_not_by_the_check(bare_muster: Muster, tmp_path: Path) -> None:
    result = bare_muster.ok("check-config")
    assert f"there is no file {tmp_path / 'muster.db'} yet; `muster serve` creates it" in result.out
    assert not tmp_path.joinpath("muster.db").exists()


def test_password_is_hidden_and_an_unreachable_server_is_a_failed_check(muster: Muster) -> None:
    result = muster("check-config", "--database", "postgresql://muster:sekret@127.0.0.1:1/name?application_name=sekret")
    assert result.code == 1
    assert read_settings(result)["MUSTER_DATABASE"][0] == "postgresql://muster:***@127.0.0.1:1/name?…"
    assert "failed: database: no connection to the database: nothing listens at its address" in result.out
    assert "check that the server runs" in result.out
    assert result.err == "muster: 1 check failed; each says above what to do\n"
    assert "sekret" not in result.out + result.err


def test_password_that_must_be_percent_encoded_is_a_failed_check(muster: Muster) -> None:
    result = muster("check-config", "--database", "postgresql://muster:sek@ret@127.0.0.1/name")
    assert result.code == 1
    assert read_settings(result)["MUSTER_DATABASE"][0] == "(invalid)"
    assert "percent-encode special characters" in result.out
    assert "sek" not in result.out + result.err
    assert "ret@" not in result.out + result.err


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WORKERS", "0", "MUSTER_WORKERS must be a whole number"),
        ("WORKER", "1", "did you mean MUSTER_WORKERS?"),
        ("QUEUE", "1", "MUSTER_QUEUE was renamed"),
    ],
)
def test_invalid_setting_is_an_error(
    muster: Muster, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"MUSTER_{name}", value)
    result = muster("check-config")
    assert result.code == 1
    assert says in result.err


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LOG_FORMAT", "xml", "failed: log: MUSTER_LOG_FORMAT must be one of json, text, auto"),
        ("TLS_CERT", "none.pem", "failed: certificate: HTTPS needs both MUSTER_TLS_CERT and MUSTER_TLS_KEY"),
        ("METRICS_TOKEN_FILE", "none", "failed: metrics token: MUSTER_METRICS_TOKEN_FILE: none can't be read"),
        (
            "OIDC_ISSUER",
            "https://id.example",
            "failed: OpenID provider: MUSTER_OIDC_ISSUER and MUSTER_OIDC_AUDIENCE go",
        ),
    ],
)
def test_each_part_that_is_configured_is_checked(
    muster: Muster, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"MUSTER_{name}", value)
    result = muster("check-config")
    assert result.code == 1
    assert says in result.out


def test_certificate_and_metrics_token_that_can_be_used_are_ok(
    muster: Muster, monkeypatch: pytest.MonkeyPatch, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    tmp_path.joinpath("token").write_text("sekret00" * 8)
    monkeypatch.setenv("MUSTER_TLS_CERT", str(certificate[0]))
    monkeypatch.setenv("MUSTER_TLS_KEY", str(certificate[1]))
    monkeypatch.setenv("MUSTER_METRICS_TOKEN_FILE", str(tmp_path / "token"))
    result = muster.ok("check-config")
    assert "ok: certificate: " in result.out
    assert "ok: metrics token: " in result.out
    assert "sekret" not in result.out


def test_unreachable_provider_is_a_failed_check(muster: Muster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_OIDC_ISSUER", "http://127.0.0.1:1")
    monkeypatch.setenv("MUSTER_OIDC_AUDIENCE", "muster")
    result = muster("check-config")
    assert result.code == 1
    assert "failed: OpenID provider: MUSTER_OIDC_ISSUER: discovery: no response (ConnectError)" in result.out


def test_schema_of_postgres_must_be_upgraded_by_its_command(muster: Muster, empty_postgres_url: str) -> None:
    result = muster("check-config", "--database", empty_postgres_url)
    assert result.code == 1
    assert "failed: database: the database has no schema of muster yet; run `muster db upgrade`" in result.out
    muster.ok("db", "upgrade", "--database", empty_postgres_url)
    assert "ok: database: " in muster.ok("check-config", "--database", empty_postgres_url).out
