"""Paths of a customer's pages. The identifier is any text, and browsers change some paths before they send them."""

import re
from typing import Final
from urllib.parse import quote, urlencode

from muster.web.encoded_paths import CONSOLE_CUSTOMERS, decode_parameter

# Browsers take the segments `.` and `..` as directions, encoded ones too (URL standard), so these two identifiers get a
# tilde, and so does every other one that would then look like them.
_DOTS: Final = re.compile(r"~*\.{1,2}")
_MARK: Final = "~"


def build_customer_path(ext_id: str, unit: str | None = None, *, view: str = "", **query: object) -> str:
    """The path of a page of a customer. `view` is a suffix like `/versions`; parameters that are None are left out."""
    marked = _MARK + ext_id if _DOTS.fullmatch(ext_id) else ext_id
    given = {name: value for name, value in {"unit": unit, **query}.items() if value is not None}
    return f"{CONSOLE_CUSTOMERS}{quote(marked, safe='')}{view}{'?' if given else ''}{urlencode(given)}"


def parse_ext_id(segment: str) -> str:
    """The identifier in a path that `build_customer_path` has made."""
    text = decode_parameter(segment)
    return text.removeprefix(_MARK) if _DOTS.fullmatch(text) else text
