"""Access of authenticated users to a resource, as a dependency of Litestar handlers."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar

from litestar import Request

from muster.auth.authorization import Permission
from muster.auth.read_audit import ReadAudit, RefusalReason
from muster.auth.users import User, get_role_names
from muster.web.authenticator import Authenticator
from muster.web.concurrency import Permit, WorkerSlots
from muster.web.credentials import Credentials, parse_authorization
from muster.web.parameters import check_query
from muster.web.problems import Problem
from muster.web.request_context import RequestContext
from muster.web.thread_pool import Slot

R = TypeVar("R")
T = TypeVar("T")


def require_permission(user: User, permission: Permission) -> None:
    """Raises `Problem`, a 403 that says which role to add. Roles add up, so no user has to lose one."""
    if permission.is_granted(user):
        return
    names = get_role_names(permission.roles)
    raise Problem(
        403,
        f"this user may not {permission.action}; it needs the role {' or '.join(names)}, which an administrator adds "
        f"with `muster user change NAME --add-role {names[-1]}`, or at the user's OpenID provider",
    )


class Access(Generic[R]):
    """A user's access to a resource, for one request that holds a slot of a thread pool."""

    def __init__(self, resource: R, user: User, slot: Slot) -> None:
        self._resource = resource
        self._user = user
        self._slot = slot

    async def run(self, work: Callable[[R, User], T]) -> T:
        """Calls `work` with the resource and the user, in a thread of the pool. It may block."""
        return await self._slot.run(lambda: work(self._resource, self._user))


class AccessProvider(Generic[R]):
    """Provides `Access` to users with a permission.

    Authentication and permission are checked before the parameters, so a 400 tells an unknown client nothing. The slot
    is released before the response is sent. With `read_audit`, what is provided are reads, and those that the user's
    roles do not permit are recorded.
    """

    def __init__(
        self,
        resource: R,
        permission: Permission,
        authenticator: Authenticator,
        slots: WorkerSlots,
        read_audit: ReadAudit | None = None,
    ) -> None:
        self._resource = resource
        self._permission = permission
        self._authenticator = authenticator
        self._slots = slots
        self._read_audit = read_audit

    @asynccontextmanager
    async def provide(self, request: Request[Any, Any, Any]) -> AsyncGenerator[Access[R], None]:
        """The access. Raises `Problem` (401, 403, 400) and what `Authenticator.authenticate` raises."""
        headers = [value for name, value in request.scope["headers"] if name == b"authorization"]
        credentials = self._authenticator.require(parse_authorization(headers))
        slot, permit = self._slots.acquire(credentials)
        with slot:
            context = RequestContext.get(request.scope)
            user = await slot.run(lambda: self._authorize(credentials, context, permit))
            check_query(request, request.route_handler)
            yield Access(self._resource, user, slot)

    def _authorize(self, credentials: Credentials, context: RequestContext, permit: Permit) -> User:
        user = self._authenticator.authenticate(credentials, context, permit)
        if self._read_audit is not None and not self._permission.is_granted(user):
            self._read_audit.record_refusal(user, context.route or "", "", RefusalReason.ROLE)
        require_permission(user, self._permission)
        return user
