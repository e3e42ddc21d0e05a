"""Follows the links of the console as a browser without scripts would, and tells the routes of what it met."""

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urldefrag, urljoin, urlsplit

from tests.web.console.all_routes import list_routes
from tests.web.console.conftest import ConsoleBrowser
from tests.web.console.pages import ConsolePage

HOME: Final = "/console/"
_PATTERNS: Final = {
    route: re.compile(re.sub(r"\\{\w+:str\\}", "[^/]+", re.escape(route.removeprefix("GET "))) + "/?")
    for route in list_routes()
    if route.startswith("GET")
}


def find_route(path: str) -> str | None:
    """The route that serves a path. One without parameters comes first, as in the router."""
    found = [route for route, pattern in _PATTERNS.items() if pattern.fullmatch(path)]
    return min(found, key=lambda route: route.count("{"), default=None)


def crawl(console: ConsoleBrowser, *starts: str, pages_per_route: int) -> Iterator[tuple[str, ConsolePage]]:
    """Path and page of what links lead to, breadth first, and so many pages of each route. Redirects are pages too."""
    seen: set[str] = set()
    visits: Counter[str] = Counter()
    waiting = deque(starts or (HOME,))
    while waiting:
        target = waiting.popleft()
        route = find_route(urlsplit(target).path)
        assert route is not None, f"a link leads to {target}, which no route serves"
        if target in seen or visits[route] == pages_per_route:
            continue
        seen.add(target)
        visits[route] += 1
        page = console.get(target)
        yield target, page
        waiting.extend(list_targets(page, target))


def list_targets(page: ConsolePage, base: str) -> Sequence[str]:
    """Where links of the page lead to, within the console and without the fragment."""
    found = [attributes.get("href") or "" for tag, attributes in page.tags if tag == "a"]
    targets = [urldefrag(urljoin(base, target)).url for target in found]
    return [target for target in targets if urlsplit(target).netloc == "" and target.startswith("/console")]
