"""Customers in an existing Spark cluster: frames are checked and saved by its executors.

Needs the extra `spark`, on the driver and on every executor. docs/spark.md is for those who use it.
"""

from typing import TYPE_CHECKING, Any

from muster.spark.errors import FrameTaskError, InvalidFrameError

if TYPE_CHECKING:
    from muster.spark.check import checked
    from muster.spark.save import saved

__all__ = ["FrameTaskError", "InvalidFrameError", "checked", "saved"]


def __getattr__(name: str) -> Any:
    """Imports Spark where it is used: what runs on batches of Arrow works without it."""
    if name not in ("checked", "saved"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        import pandas  # noqa: F401 - Spark needs it for `mapInArrow`
        import pyarrow  # noqa: F401
        import pyspark  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"muster.spark needs {error.name}, which is not installed: pip install 'muster[spark]', on the driver and "
            "on every executor"
        ) from None
    if name == "checked":
        from muster.spark.check import checked

        return checked
    from muster.spark.save import saved

    return saved
