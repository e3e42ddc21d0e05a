"""Leaves rows of ODS workbooks out before their XML is parsed: all sheets lie in one part, and one of them is read.

Looking through bytes for tags takes a thirtieth of the time of parsing them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from muster.loads.sheets.xml_stream import MAX_TOKEN_BYTES

_ROW_END: Final = b"</table:table-row>"
# What may be a tag that stands between rows and is not closed there.
_AROUND_ROWS: Final = re.compile(rb"table(?:[ \t\r\n/>]|-row-group|-rows|-header-rows)")
_LONGEST_BYTES: Final = len(b"table-header-rows")
_XML_DECLARATION: Final = b"<?xml "


def skip_rows(
    chunks: Iterable[bytes], may_skip: Callable[[], bool], settled_bytes: int = MAX_TOKEN_BYTES
) -> Iterator[bytes]:
    """The chunks of a part, many of them without the rows between the first end of a row and the last one.

    `may_skip` says whether rows of the table where the parser stands can be left out. The parser knows that table only
    when it has read its tag, so nothing is left out within `settled_bytes` after what may be the tag of a table. The
    same rows are left out of comments and the like, where they could be anything; so nothing is after one of these.
    """
    settled, rest, has_hidden = 0, b"", False
    for chunk in chunks:
        content = rest + chunk
        has_hidden = has_hidden or _hides_tags(content)
        settled = 0 if _AROUND_ROWS.search(content) else settled + len(chunk)
        is_settled = settled - len(chunk) >= settled_bytes and not has_hidden
        yield _without_rows(chunk) if is_settled and may_skip() else chunk
        rest = content[1 - _LONGEST_BYTES :]


def _hides_tags(content: bytes) -> bool:
    """Whether there may be a comment, a CDATA section or a processing instruction. Most texts lack these characters."""
    return (b"!" in content and b"<!" in content) or (
        b"?" in content and b"<?" in content.replace(_XML_DECLARATION, b"")
    )


def _without_rows(chunk: bytes) -> bytes:
    first, last = chunk.find(_ROW_END), chunk.rfind(_ROW_END)
    return chunk[:first] + chunk[last:] if first < last else chunk
