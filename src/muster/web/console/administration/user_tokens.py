"""Tokens of a user: a new one, which is shown once, and the end of one."""

from datetime import timedelta
from typing import Final

from litestar import Controller, post

from muster.auth.authentication import utc_now
from muster.auth.authorization import ADMINISTER
from muster.auth.tokens import generate_token
from muster.auth.users import Token, User
from muster.web.console.access import PageDependency, page_option
from muster.web.console.administration.user_form import CONFIRMED, parse_expiry
from muster.web.console.administration.user_references import build_reference
from muster.web.console.administration.users import (
    USERS_PATH,
    UserReference,
    find_user_by_reference,
    prefill,
    render_user,
)
from muster.web.console.forms import read_form
from muster.web.console.rendering import HtmlResponse, redirect
from muster.web.console.texts import text
from muster.web.problems import or_404
from muster.web.services import Services

_NOT_FOUND: Final = "the user has no such token"
_OPTION: Final = page_option(ADMINISTER)


class UserTokenHandlers(Controller):
    path = "/users"

    @post("/{reference:str}/tokens", opt=_OPTION)
    async def create(self, page: PageDependency, reference: UserReference) -> HtmlResponse:
        """Shows the new token. No other page does, because only its hash is stored."""
        user = await find_user_by_reference(page, reference)
        form = await read_form(page.request)
        days = parse_expiry(form)
        if user.disabled:
            form.errors["days"] = text("The user is disabled, so a token would not work. Enable the user first.")
        if form.errors:
            return await render_user(page, user, prefill(user, form))
        made, now = generate_token(), utc_now()
        expires_at = now + timedelta(days=days) if days is not None else None

        def add(services: Services, actor: User) -> None:
            services.administer_users(actor).add_token(Token(made.id, user.name, made.sha256, now, expires_at))

        await page.run(add)
        path = f"{USERS_PATH}/{build_reference(page.session, user.name)}"
        return page.render(
            "user_token.html", shown=user, path=path, id=made.id, secret=made.text, expires_at=expires_at
        )

    @post("/{reference:str}/tokens/revoke", opt=_OPTION)
    async def revoke(self, page: PageDependency, reference: UserReference) -> HtmlResponse:
        """Asks first, because a revoked token stays revoked."""
        user = await find_user_by_reference(page, reference)
        form = await read_form(page.request)
        token_id = form.get("token")
        found = await page.run(lambda services, actor: services.administer_users(actor).tokens(user.name))
        token = or_404(next((each for each in found if each.id == token_id), None), _NOT_FOUND)
        path = f"{USERS_PATH}/{build_reference(page.session, user.name)}"
        if form.get("confirmed") != CONFIRMED:
            return page.render("user_token_revoke.html", shown=user, path=path, token=token)
        await page.run(lambda services, actor: services.administer_users(actor).revoke_token(token_id, utc_now()))
        return redirect(f"{path}?done=revoked")
