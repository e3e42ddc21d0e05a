"""Style sheets, scripts and images of the console. Their URLs contain a hash, so that browsers keep them for a year."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from litestar import Controller, Response
from litestar.params import FromPath

from muster.web.problems import Problem
from muster.web.routing import public_get_or_head

_DIRECTORY: Final = Path(__file__).parent / "static"
_MEDIA_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def get_static_url(name: str) -> str:
    """The URL of a file. Raises KeyError for a name that no file has."""
    digest, _ = _read_files()[name]
    return f"/console/static/{digest}/{name}"


class StaticHandlers(Controller):
    @public_get_or_head("/static/{digest:str}/{name:str}")
    async def file(self, digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
        current, content = _read_files().get(name, ("", b""))
        if digest != current:  # also after an upgrade, for a page that was open before
            raise Problem(404, "the console has no such file; reload the page")
        return Response(content, headers=_HEADERS, media_type=_MEDIA_TYPES[Path(name).suffix])


@cache
def _read_files() -> dict[str, tuple[str, bytes]]:
    """Name -> hash and content."""
    files = {}
    for path in sorted(_DIRECTORY.iterdir()):
        content = path.read_bytes()
        files[path.name] = hashlib.sha256(content).hexdigest()[:16], content
    return files
