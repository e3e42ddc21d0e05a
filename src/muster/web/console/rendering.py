"""Pages from Jinja2 templates, and the headers that every page has.

All values are escaped, and an undefined one is an error. Texts for people are marked with `_()` or `{% trans %}`, so
that a catalogue can translate them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from litestar import Response
from litestar.response.base import ASGIResponse

from muster.auth.authorization import READ_CUSTOMERS, Permission
from muster.auth.users import User, get_role_names
from muster.web.console.code_guides import split_markup
from muster.web.console.customers.customer_paths import build_customer_path
from muster.web.console.languages import ENGLISH, load_translations
from muster.web.console.navigation import NAVIGATION
from muster.web.console.static_files import get_static_url
from muster.web.console.texts import TranslatableText

# Nothing inline, nothing from elsewhere, and no text that a script could turn into code.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
# The policy `no-referrer` would make browsers send `Origin: null` with forms; this one names no path either.
PAGE_HEADERS: Final = (
    ("Content-Security-Policy", _POLICY),
    ("Referrer-Policy", "strict-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
Headers = Sequence[tuple[str, str]]


class HtmlResponse(Response[bytes]):
    """A rendered page. Litestar's own class keeps headers in a dict, which can't hold two `Set-Cookie` headers."""

    def __init__(self, page: bytes, status: int = 200, headers: Headers = ()) -> None:
        super().__init__(page, status_code=status)
        self._headers = [*PAGE_HEADERS, *headers]

    def to_asgi_response(self, *args: Any, **options: Any) -> ASGIResponse:
        return ASGIResponse(
            body=self.content, status_code=self.status_code, headers=self._headers, media_type="text/html"
        )


def render(
    template: str,
    *,
    status: int = 200,
    headers: Headers = (),
    user: User | None,
    language: str = ENGLISH,
    **values: Any,
) -> HtmlResponse:
    """The page of a template. With a user, it has the navigation that the user's roles allow."""
    entries = [entry for entry in NAVIGATION if user is not None and entry.is_open_to(user)]
    sees_customers = user is not None and READ_CUSTOMERS.is_granted(user)
    page = _get_environment(language).get_template(template)
    text = page.render(user=user, navigation=entries, sees_customers=sees_customers, **values)
    return HtmlResponse(text.encode(), status, headers)


def redirect(location: str, headers: Headers = ()) -> HtmlResponse:
    """A 303: the browser gets the page at `location`, so that reloading it does not send a form again."""
    return HtmlResponse(b"", 303, [("Location", location), *headers])


@cache
def _get_environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("muster.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.install_gettext_translations(load_translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals |= {"static_url": get_static_url, "customer_path": build_customer_path, "language": language}
    environment.filters |= {
        "moment": _format_moment,
        "iso": _format_iso,
        "number": _format_number,
        "roles": get_role_names,
        "translate": _translate,
        "markup": split_markup,
        "bytes": _format_bytes,
        "duration": _format_duration,
    }
    environment.tests |= {"granted": _is_granted}
    return environment


@pass_context
def _translate(context: Context, text: TranslatableText) -> Any:
    """A text that code made, in the language of the page; its values are escaped."""
    return context.call(context.resolve("gettext"), text.message, **text.values)


def _is_granted(permission: Permission, user: User) -> bool:
    return permission.is_granted(user)


def _format_moment(moment: datetime) -> str:
    """For people, in UTC, as the foot of each page says."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _format_iso(moment: datetime) -> str:
    """For the attribute `datetime`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _format_number(number: int) -> str:
    """With narrow spaces between thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _format_bytes(size: int) -> str:
    """In the largest unit that leaves a whole number before the point."""
    value, unit = float(size), "B"
    for following in ("KiB", "MiB", "GiB"):
        if value < 1024:
            break
        value, unit = value / 1024, following
    return f"{value:.0f} {unit}" if value >= 100 or value.is_integer() else f"{value:.1f} {unit}"


def _format_duration(seconds: int) -> str:
    """In the two largest units."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
