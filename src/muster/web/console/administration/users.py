"""Users: the list of them, a new one, and one with roles, business units, password, tokens and sessions."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final

from litestar import Controller, post
from litestar.params import PathParameter, QueryParameter

from muster.auth.administration import UserAdministration
from muster.auth.authorization import ADMINISTER
from muster.auth.passwords import MIN_PASSWORD_LENGTH, hash_password
from muster.auth.users import LastAdministratorError, Role, User, UserExistsError, get_role_names
from muster.web.console.access import PageDependency, PageRequest, page_option
from muster.web.console.administration.user_form import (
    CONFIRMED,
    Rights,
    hash_optional,
    parse_name,
    parse_password,
    parse_rights,
)
from muster.web.console.administration.user_references import build_reference, find_user
from muster.web.console.administration.user_view import UserRow, list_all_units, list_rows, read_details
from muster.web.console.filters import PAGE_SIZE
from muster.web.console.forms import Form, read_form
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.texts import text
from muster.web.parameters import IndexCursor, bad_choice, format_cursor, parse_number_cursor
from muster.web.problems import or_404
from muster.web.routing import get_or_head
from muster.web.services import Services

USERS_PATH: Final = "/console/users"
DEFAULT_EXPIRY_DAYS: Final = 365
_DONE: Final = ("added", "rights", "password", "disabled", "enabled", "revoked")
_NO_USER: Final = "this page has gone, because its address is valid for one session; find the user in the list of users"

UserReference = Annotated[str, PathParameter(name="reference")]
DoneAction = Annotated[str | None, QueryParameter(name="done", schema_extra={"enum": list(_DONE)})]
_OPTION: Final = page_option(ADMINISTER)


class UserPageHandlers(Controller):
    path = "/users"

    @get_or_head("/", opt=_OPTION)
    async def users(self, page: PageDependency, cursor: IndexCursor = None) -> HtmlResponse:
        start = parse_number_cursor(cursor or None) or 0
        rows = await page.run(lambda services, user: list_rows(services, user, page.session, ""))
        return await _render_list(page, Form(), rows[start : start + PAGE_SIZE], start, len(rows))

    @post("/", opt=_OPTION)
    async def find(self, page: PageDependency) -> HtmlResponse:
        """The users whose names have a part. A POST, because names of people must not stand in an address."""
        form = await read_form(page.request)
        part = form.get("part")
        rows = await page.run(lambda services, user: list_rows(services, user, page.session, part))
        return await _render_list(page, form, rows[:PAGE_SIZE], 0, len(rows))

    @get_or_head("/new", opt=_OPTION)
    async def new(self, page: PageDependency) -> HtmlResponse:
        return await _render_new(page, Form())

    @post("/new", opt=_OPTION)
    async def add(self, page: PageDependency) -> HtmlResponse:
        form = await read_form(page.request)
        units = await page.run(list_all_units)
        name, rights = parse_name(form), parse_rights(form, units)
        password = parse_password(form, is_required=False)

        def add_user(services: Services, actor: User) -> None:
            user = User(name, rights.roles, tuple(rights.units), hash_optional(password))
            services.administer_users(actor).add_user(user)

        try:
            if not form.errors:
                await page.run(add_user)
                return _redirect(page, name, "added")
        except UserExistsError:
            form.errors["name"] = text("There is a user with this name already. Choose another name.")
        return await _render_new(page, form)

    @get_or_head("/{reference:str}", opt=_OPTION)
    async def user(self, page: PageDependency, reference: UserReference, done: DoneAction = None) -> HtmlResponse:
        if done and done not in _DONE:
            raise bad_choice("done", _DONE)
        user = await find_user_by_reference(page, reference)
        return await render_user(page, user, prefill(user), done=done)

    @post("/{reference:str}/rights", opt=_OPTION)
    async def set_rights(self, page: PageDependency, reference: UserReference) -> HtmlResponse:
        user = await find_user_by_reference(page, reference)
        form = await read_form(page.request)
        units = await page.run(list_all_units)
        rights = parse_rights(form, (*units, *user.business_units))
        if not form.errors:
            _check_own_rights(page, user, rights, form)
        if not form.errors:
            changed = await _change(
                page, form, "roles", lambda users: users.set_rights(user.name, rights.roles, rights.units)
            )
            if changed:
                return _redirect(page, user.name, "rights")
        return await render_user(page, user, Form({"days": [str(DEFAULT_EXPIRY_DAYS)], **form.values}, form.errors))

    @post("/{reference:str}/password", opt=_OPTION)
    async def set_password(self, page: PageDependency, reference: UserReference) -> HtmlResponse:
        """Ends the sessions of the user."""
        user = await find_user_by_reference(page, reference)
        form = await read_form(page.request)
        password = parse_password(form, is_required=True)
        if password is None:
            return await render_user(page, user, prefill(user, form))

        def change(services: Services, actor: User) -> None:
            services.administer_users(actor).set_password(user.name, hash_password(password))

        await page.run(change)
        return _redirect(page, user.name, "password")

    @get_or_head("/{reference:str}/disable", opt=_OPTION)
    async def ask_to_disable(self, page: PageDependency, reference: UserReference) -> HtmlResponse:
        return await _render_disable(page, await find_user_by_reference(page, reference), Form())

    @post("/{reference:str}/disable", opt=_OPTION)
    async def disable(self, page: PageDependency, reference: UserReference) -> HtmlResponse:
        user = await find_user_by_reference(page, reference)
        form = await read_form(page.request)
        if await _change(page, form, "disable", lambda users: users.disable_user(user.name)):
            return _redirect(page, user.name, "disabled")
        return await _render_disable(page, user, form)

    @post("/{reference:str}/enable", opt=_OPTION)
    async def enable(self, page: PageDependency, reference: UserReference) -> HtmlResponse:
        user = await find_user_by_reference(page, reference)
        await page.run(lambda services, actor: services.administer_users(actor).enable_user(user.name))
        return _redirect(page, user.name, "enabled")


def prefill(user: User, sent: Form | None = None) -> Form:
    """The forms of a user's page with what the user has now, beside what was sent of one of them."""
    stored = {
        "roles": get_role_names(user.roles),
        "units": user.business_units,
        "default": user.business_units[:1],
        "days": [str(DEFAULT_EXPIRY_DAYS)],
    }
    return Form(stored) if sent is None else Form({**stored, **sent.values}, sent.errors)


async def render_user(page: PageRequest, user: User, form: Form, *, done: str | None = None) -> HtmlResponse:
    """The page of a user. `form` has the fields of all its forms, and `done` says what was changed."""
    details = await page.run(lambda services, actor: read_details(services, actor, user.name))
    return page.render(
        "user.html",
        form=form,
        shown=user,
        path=f"{USERS_PATH}/{build_reference(page.session, user.name)}",
        details=details,
        done=done,
        is_self=user.name == page.user.name,
        gone_units=[unit for unit in user.business_units if unit not in details.units],
        session_id=page.session.id,
        min_password_length=MIN_PASSWORD_LENGTH,
    )


async def find_user_by_reference(page: PageRequest, reference: str) -> User:
    """Raises `Problem`, a 404."""
    users = await page.run(lambda services, actor: services.administer_users(actor).users())
    return or_404(find_user(page.session, users, reference), _NO_USER)


def _redirect(page: PageRequest, name: str, done: str) -> HtmlResponse:
    return redirect(f"{USERS_PATH}/{build_reference(page.session, name)}?done={done}")


def _check_own_rights(page: PageRequest, user: User, rights: Rights, form: Form) -> None:
    """Nobody should lose the role that gives it back without knowing."""
    loses = user.name == page.user.name and Role.ADMIN in user.roles and Role.ADMIN not in rights.roles
    if loses and form.get("confirmed") != CONFIRMED:
        form.errors["confirmed"] = text(
            "You would take the role admin from yourself, and could not give it back. If that is meant, confirm it."
        )


async def _change(page: PageRequest, form: Form, field: str, change: Callable[[UserAdministration], object]) -> bool:
    """Makes a change, unless it would leave nobody who can administer: then the field has an error."""
    try:
        await page.run(lambda services, actor: change(services.administer_users(actor)))
    except LastAdministratorError:
        form.errors[field] = text(
            "This is the last enabled administrator with a password. Give another user the role admin and a password "
            "first."
        )
        return False
    return True


async def _render_list(page: PageRequest, form: Form, rows: Sequence[UserRow], start: int, count: int) -> HtmlResponse:
    has_provider = await page.run(lambda services, _: services.oidc_verifier is not None)
    following = start + PAGE_SIZE
    is_list = "part" not in form.values
    return page.render(
        "users.html",
        form=form,
        rows=rows,
        count=count,
        start=start,
        has_provider=has_provider,
        next=format_cursor(following) if is_list and following < count else None,
        is_cut=not is_list and count > len(rows),
    )


async def _render_new(page: PageRequest, form: Form) -> HtmlResponse:
    units = await page.run(list_all_units)
    return page.render("user_new.html", form=form, units=units, min_password_length=MIN_PASSWORD_LENGTH)


async def _render_disable(page: PageRequest, user: User, form: Form) -> HtmlResponse:
    return page.render(
        "user_disable.html",
        form=form,
        shown=user,
        path=f"{USERS_PATH}/{build_reference(page.session, user.name)}",
        is_self=user.name == page.user.name,
    )
