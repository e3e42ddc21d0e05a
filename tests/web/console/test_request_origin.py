"""Requests that pages of other origins send."""

import pytest

from muster.audit.events import EntryFilter
from muster.auth.users import Role
from tests.web.console.conftest import ConsoleBrowser


def request(console: ConsoleBrowser, path: str, site: str, destination: str) -> int:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": destination}
    return console.http.get(path, headers=headers, follow_redirects=False).status_code


@pytest.mark.parametrize("site", ["same-site", "cross-site", "Same-Origin", ""])
@pytest.mark.parametrize("destination", ["empty", "image", "iframe", "script", ""])
def test_a_page_of_another_origin_fetches_and_frames_nothing(
    console: ConsoleBrowser, site: str, destination: str
) -> None:
    user = console.sign_in(Role.READ)
    for path in ("/console/customers/anna", "/console/batches"):
        assert request(console, path, site, destination) == 403
    assert not console.store.audit.latest_entries(EntryFilter(actor=user.name, subject="anna"), limit=1)


@pytest.mark.parametrize("site", ["same-site", "cross-site", "same-origin", "none"])
def test_a_link_from_anywhere_leads_to_a_page(console: ConsoleBrowser, site: str) -> None:
    console.sign_in(Role.READ)
    assert request(console, "/console/batches", site, "document") == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_console_fetches_its_own_pages(console: ConsoleBrowser, site: str) -> None:
    console.sign_in(Role.READ)
    assert request(console, "/console/batches", site, "empty") == 200
