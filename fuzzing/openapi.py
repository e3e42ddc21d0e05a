"""Requests generated from the OpenAPI document by schemathesis, sent to the running service."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

# Not checked: that requests against the schema are rejected, because an invalid customer is rejected within a 200; and
# that wrong credentials give a 401, because many of them give a 429.
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_SCHEMATHESIS: Final = Path(sys.executable).with_name("schemathesis")
# Its tables of Unicode take a second to make; those of the tests are here.
_HYPOTHESIS: Final = Path(".hypothesis").absolute()


def run(port: int, token: str, seconds: int) -> str | None:
    """Runs all phases of schemathesis for about `seconds`. Gives its report when it finds failures."""
    options = ["--phases", "examples,coverage,fuzzing,stateful", "--max-time", str(seconds)]
    return check(f"http://127.0.0.1:{port}/v2/api-docs", token, *options, "--generation-database", "none")


def check(document: str, token: str, *options: str) -> str | None:
    """Runs schemathesis on a document, by its URL or path. Gives its report when it finds failures."""
    with tempfile.TemporaryDirectory(prefix="muster-fuzzing-") as directory:
        config = Path(directory) / "schemathesis.toml"
        config.write_text('headers = { Authorization = "Bearer ${MUSTER_FUZZING_TOKEN}" }\n', encoding="utf-8")
        common = ["--checks", ",".join(CHECKS), "--suppress-health-check", "all"]
        common += ["--warnings", "off", "--continue-on-failure", "--max-failures", "20", "--no-color"]
        done = subprocess.run(
            [_SCHEMATHESIS, "run", document, *options, *common],
            cwd=directory,
            env={"MUSTER_FUZZING_TOKEN": token, "LANG": "C.UTF-8", "HYPOTHESIS_STORAGE_DIRECTORY": str(_HYPOTHESIS)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return done.stdout if done.returncode else None
