"""Who sends the file of `muster load`: a user of the service, or the operator."""

from muster.auth.authorization import SUBMIT_BATCHES
from muster.bootstrap.senders import LoadSender, make_operator
from muster.cli.context import get_operator
from muster.cli.errors import CommandError
from muster.cli.users import unknown_user
from muster.storage import Storage


def find_sender(store: Storage, user_name: str | None) -> LoadSender:
    """The user of this name, with its units; the operator with all units for None. Raises `CommandError`."""
    if user_name is None:
        return make_operator(store, get_operator())
    user = store.users.user(user_name)
    if user is None:
        raise unknown_user(user_name)
    if user.disabled:
        raise CommandError(f"user {user.name!r} is disabled; `muster user enable {user.name}` enables it")
    if not SUBMIT_BATCHES.is_granted(user):
        raise CommandError(
            f"user {user.name!r} may not submit customers; `muster user change {user.name} --add-role submit` "
            "permits it"
        )
    return LoadSender(user.name, user.business_units)
