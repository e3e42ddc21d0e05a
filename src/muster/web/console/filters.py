"""Filters of lists, as forms: what a page shows again, and what it searches for. An empty field selects everything."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from muster.auth.users import Role, User
from muster.customer import BusinessUnits
from muster.loads.load_store import LoadListFilter, LoadState
from muster.records.record_filter import RecordFilter
from muster.web.code_meanings import KNOWN_CODES
from muster.web.console.forms import Form
from muster.web.console.texts import text
from muster.web.parameters import bad_parameter, parse_uuid
from muster.web.problems import Problem
from muster.web.search_parameters import is_day, parse_bound
from muster.web.services import Services

PAGE_SIZE: Final = 50
_DAY: Final = timedelta(days=1)
_WRONG_MOMENTS: Final = {
    "since": text("From takes a day, like 2024-05-26, or a moment with its zone, like 2024-05-26T16:49:50Z."),
    "until": text("To takes a day, like 2024-05-26, or a moment with its zone, like 2024-05-26T16:49:50Z."),
}


class PageLinks:
    """Makes the addresses of a page with the filters that it has now, and with changes of them."""

    def __init__(self, path: str, values: Mapping[str, str]) -> None:
        self._path = path
        self._values = values

    def __call__(self, **changes: str | None) -> str:
        """Without a cursor, so that another filter begins with the first page."""
        given = {name: value for name, value in {**self._values, **changes}.items() if value}
        return f"{self._path}?{urlencode(given)}" if given else self._path


def make_filter_form(**values: str | None) -> Form:
    """The form of query parameters; None for one that was not sent."""
    return Form({name: [value] for name, value in values.items() if value is not None})


def get_values(form: Form) -> dict[str, str]:
    """The fields that are not empty."""
    return {name: form.get(name) for name in form.values if form.get(name)}


def list_units(services: Services, user: User) -> Sequence[str]:
    """The business units that a user can choose from: all of them for an administrator, else its own."""
    existing = frozenset(services.classifiers.current().titles["businessUnit"])
    if Role.ADMIN in user.roles:
        return sorted(existing)
    return sorted(BusinessUnits.for_user(existing, user.business_units).allowed)


def parse_record_filter(form: Form) -> RecordFilter:
    """What a form selects. What can't be is an error of its field."""
    since, until = parse_period(form)
    code = form.get("code") or None
    if code is not None and code not in KNOWN_CODES:
        form.errors["code"] = text("No error has this code. Choose one of those that customers were refused with.")
        code = None
    return RecordFilter(
        since=since,
        until=until,
        sender=_get_text(form, "sender"),
        code=code,
        business_unit=_get_text(form, "unit"),
        customer_ext_id=_get_text(form, "customerExtId"),
        communication_number=_get_text(form, "communicationNumber"),
        # No field of a form: a link has it.
        load_id=_parse_load(form.get("load")),
    )


def parse_load_filter(form: Form) -> LoadListFilter:
    """As `parse_record_filter`, for loads."""
    since, until = parse_period(form)
    state, dry_run = form.get("state"), form.get("dryRun")
    if state and state not in set(LoadState):
        form.errors["state"] = text("Choose one of the states.")
    if dry_run not in ("", "true", "false"):
        form.errors["dryRun"] = text("Choose dry runs, loads that save, or both.")
    return LoadListFilter(
        since=since,
        until=until,
        sender=_get_text(form, "sender"),
        state=LoadState(state) if state and "state" not in form.errors else None,
        is_dry_run=dry_run == "true" if dry_run else None,
    )


def parse_period(form: Form) -> tuple[datetime | None, datetime | None]:
    """The beginning, and the end without itself. A day as the last one is a part of the period, as people expect."""
    since, until = _parse_moment(form, "since"), _parse_moment(form, "until")
    if until is not None and is_day(form.get("until")):
        until = until + _DAY if until < datetime.max.replace(tzinfo=UTC) - _DAY else None
    if since is not None and until is not None and since >= until:
        form.errors["until"] = text("The last day is before the first one.")
    return since, until


def _parse_moment(form: Form, name: str) -> datetime | None:
    try:
        return parse_bound(name, form.get(name) or None)
    except Problem:
        form.errors[name] = _WRONG_MOMENTS[name]
        return None


def _get_text(form: Form, name: str) -> str | None:
    value = form.get(name)
    if "\0" in value:  # no value of the store has a NUL, and PostgreSQL refuses it
        form.errors[name] = text("Enter it without characters that can't be seen.")
        return None
    return value or None


def _parse_load(value: str) -> UUID | None:
    load_id = parse_uuid(value) if value else None
    if value and load_id is None:
        raise bad_parameter("load")
    return load_id
