"""Ids of batches as moments: a UUIDv7 begins with the milliseconds since 1970."""

from datetime import datetime
from uuid import UUID


def build_first_id(at: datetime) -> UUID:
    """An id below those of all batches received at `at` or later, and above those of earlier milliseconds.

    Ids of loads begin with the time of their creation in the same way.
    """
    return UUID(int=max(int(at.timestamp() * 1000), 0) << 80)
