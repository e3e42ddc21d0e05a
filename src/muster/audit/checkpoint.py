"""Checkpoints: the number and hash of an entry, as one word to note outside of the database."""

import re
from typing import Final

from muster.audit.events import ChainHead

_CHECKPOINT: Final = re.compile(r"(0|[1-9][0-9]{0,17}):([0-9a-f]{64})", re.ASCII)


def format_checkpoint(head: ChainHead) -> str:
    return f"{head.number}:{head.sha256.hex()}"


def parse_checkpoint(text: str) -> ChainHead | None:
    """The checkpoint; None for other text."""
    match = _CHECKPOINT.fullmatch(text)
    return ChainHead(int(match[1]), bytes.fromhex(match[2])) if match else None
