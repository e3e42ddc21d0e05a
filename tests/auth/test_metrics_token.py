"""The token of a scraper is read from a file, and never shown."""

from pathlib import Path

import pytest

from muster.auth.metrics_token import InvalidMetricsTokenError, read_metrics_token

TOKEN = "4f0c" * 16


@pytest.mark.parametrize("content", [TOKEN, f"{TOKEN}\n", f"  {TOKEN}\r\n"])
def test_file_holds_one_token(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    token = read_metrics_token(str(file))
    assert token.matches(TOKEN)
    for other in ("", TOKEN[:-1], f"{TOKEN}0", TOKEN.upper(), "\udcff"):
        assert not token.matches(other)
    assert TOKEN not in repr(token) + repr(vars(token))


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"secret-short", b"secret two " * 5, b"secret\xff" * 9, b"secret\x00" * 9]
)
def test_unusable_content_is_an_error_that_does_not_show_it(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(InvalidMetricsTokenError, match=r"token holds no token: .* at least 32") as error:
        read_metrics_token(str(file))
    assert "secret" not in str(error.value)
    assert error.value.__context__ is None


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidMetricsTokenError, match=r"none can't be read \(No such file or directory\)"):
        read_metrics_token(str(tmp_path / "none"))
