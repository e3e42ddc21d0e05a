"""A Spark session on executors of this machine that are processes of their own."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

# Small machines start a JVM in half of the time with these.
_JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


def find_obstacle() -> str | None:
    """Why Spark can't run here."""
    for module in ("pyspark", "pandas", "pyarrow"):
        if find_spec(module) is None:
            return f"{module} is not installed; `make spark` installs it"
    has_java = shutil.which("java") or os.environ.get("JAVA_HOME")
    return None if has_java else "there is no Java; Spark 4 needs 17 or newer (Debian: openjdk-17-jre-headless)"


@contextmanager
def start_session(master: str, logs: Path, **options: str) -> Iterator[Any]:
    """A session, the only one of this process. `logs` gets the events, and what executors of a local cluster write.

    `options` are configuration with `_` instead of `.`.
    """
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost"}
    import pyspark
    from pyspark.sql import SparkSession

    # The executors of a local cluster are started from here, and write into `work` beside it.
    home = Path(pyspark.__file__).parent
    os.environ["SPARK_HOME"] = str(home)
    events = logs / "events"
    events.mkdir(parents=True, exist_ok=True)
    builder = SparkSession.builder.master(master).appName("muster")
    configuration = {
        "spark.ui.enabled": "false",
        "spark.driver.extraJavaOptions": _JAVA_OPTIONS,
        "spark.executor.extraJavaOptions": _JAVA_OPTIONS,
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        **{name.replace("_", "."): value for name, value in options.items()},
    }
    for name, value in configuration.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    work = home / "work" / session.sparkContext.applicationId
    try:
        yield session
    finally:
        session.stop()
        if work.exists():
            shutil.move(str(work), logs / "executors")


def list_executors() -> list[psutil.Process]:
    """The executors of this process' local cluster."""
    return [process for process in psutil.Process().children(recursive=True) if _is_executor(process)]


def _is_executor(process: psutil.Process) -> bool:
    try:
        return process.name() == "java" and any("CoarseGrainedExecutorBackend" in part for part in process.cmdline())
    except psutil.Error:
        return False
