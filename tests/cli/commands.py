"""Runs `muster` commands: in this process, or as the installed command if they keep running."""

import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from muster.cli.load_request import LoadBounds
from muster.cli.main import main

COMMAND = Path(sys.executable).parent / "muster"


@dataclass(frozen=True)
class CommandResult:
    code: int
    out: str
    err: str


class Muster:
    """Runs commands in this process, on the database `url`."""

    def __init__(self, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = url
        self.load_bounds: LoadBounds | None = None
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        for name in [name for name in os.environ if name.startswith("MUSTER_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("MUSTER_DATABASE", url)

    def __call__(self, *arguments: str, stdin: str | bytes = b"") -> CommandResult:
        content = stdin.encode() if isinstance(stdin, str) else stdin
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        with _restored_logging():
            code = main(arguments, load_bounds=self.load_bounds)
        out, err = self._capsys.readouterr()
        return CommandResult(code, out, err)

    def ok(self, *arguments: str, stdin: str | bytes = b"") -> CommandResult:
        result = self(*arguments, stdin=stdin)
        assert result.code == 0, result
        return result

    def add_user(self, name: str, *options: str, role: str = "submit") -> None:
        self.ok("user", "add", name, "--role", role, "--password-stdin", *options, stdin="correct horse\n")


@contextmanager
def _restored_logging() -> Iterator[None]:
    """`muster serve` configures the log of its process, which is that of the tests here."""
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        root.handlers[:], root.level = handlers, level
        logging.captureWarnings(False)
        structlog.reset_defaults()


def assert_one_line(result: CommandResult, code: int, *expected: str) -> None:
    """Asserts that the command failed with this code and one line on stderr, which contains the expected texts.

    `muster serve` logs JSON where stderr is no terminal, so its line is an event.
    """
    assert (result.code, result.out) == (code, "")
    line, end, rest = result.err.partition("\n")
    assert (end, rest) == ("\n", "")
    if line.startswith("{"):
        event = json.loads(line)
        assert (event["event"], event["level"]) == ("service_failed", "error")
        line = event["message"]
    else:
        assert line.startswith("muster: ")
    for text in expected:
        assert text in line


class Running:
    """A command that runs until it gets a signal."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def line(self, pattern: str, *, of: str = "stderr") -> re.Match[str]:
        """Reads up to the first line that matches."""
        stream = self.process.stdout if of == "stdout" else self.process.stderr
        assert stream is not None
        seen = []
        for line in stream:
            seen.append(line)
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"{pattern!r} is not in {''.join(seen)}")

    def event(self, key: str) -> dict[str, Any]:
        """The next event of the log with this key."""
        found: dict[str, Any] = json.loads(self.line(rf'"event":"{key}"').string)
        return found

    def port(self) -> int:
        return int(self.line(r"listens on https?://\S+:(\d+)")[1])

    def stop(self, with_signal: signal.Signals) -> tuple[int, str]:
        """Sends the signal; returns the exit code and the unread rest of stderr."""
        self.process.send_signal(with_signal)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err
