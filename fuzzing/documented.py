"""Requests by the OpenAPI document: schemathesis, on the service as it runs."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

# What the document promises of answers. What is not asked: whether data that it calls wrong are refused, as a wrong
# customer is refused in a 200; nor whether wrong credentials are a 401, as many of them are a 429.
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_SCHEMATHESIS: Final = Path(sys.executable).with_name("schemathesis")


def run(port: int, token: str, seconds: int) -> str | None:
    """Sends for about so many seconds, in all phases that there are; what is wrong, in schemathesis's words."""
    with tempfile.TemporaryDirectory(prefix="muster-fuzzing-") as directory:
        config = Path(directory) / "schemathesis.toml"
        config.write_text('headers = { Authorization = "Bearer ${MUSTER_FUZZING_TOKEN}" }\n', encoding="utf-8")
        options = ["--phases", "examples,coverage,fuzzing,stateful", "--checks", ",".join(CHECKS)]
        options += ["--max-time", str(seconds), "--generation-database", "none", "--suppress-health-check", "all"]
        options += ["--warnings", "off", "--continue-on-failure", "--max-failures", "20", "--no-color"]
        done = subprocess.run(
            [_SCHEMATHESIS, "run", f"http://127.0.0.1:{port}/v2/api-docs", *options],
            cwd=directory,
            env={"MUSTER_FUZZING_TOKEN": token, "LANG": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return done.stdout if done.returncode else None
