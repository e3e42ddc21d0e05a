"""The header `Accept` (RFC 9110, 12.5.1).

Litestar's own parser of the header fails on weights like `1e999`.
"""

import re
from typing import Final

_WEIGHT: Final = re.compile(r"(?:^|;)\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)", re.ASCII | re.IGNORECASE)


def find_weight(accept: str, media_type: str) -> float:
    """The weight of a media type that the header names; 0 for one that it does not, or only by `*/*`."""
    for media_range in accept.split(","):
        name, _, parameters = media_range.partition(";")
        if name.strip().lower() == media_type:
            weight = _WEIGHT.search(parameters)
            return float(weight[1]) if weight else 1.0
    return 0.0
