"""Confirmation of changes of business units that change what users may send and read."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from muster.auth.code_list_administration import CodeListAdministration
from muster.auth.unit_changes import UnitChange, UnitEffect
from muster.classifiers.changes import CodeListChange
from muster.cli.errors import CommandError
from muster.cli.output import print_note

MAX_NAMES: Final = 5  # that one line names

Confirmed = Annotated[
    bool, typer.Option("--yes", help="change business units even where that opens them to users or takes them away")
]


def confirm_unit_changes(administration: CodeListAdministration, change: CodeListChange, *, confirmed: bool) -> None:
    """Prints what a change means for users. Raises `CommandError` unless it is `confirmed`."""
    changes = "; ".join(map(describe_unit_change, administration.find_unit_changes(change)))
    if not changes:
        return
    if not confirmed:
        raise CommandError(f"nothing was changed, because {changes}; if that is meant, repeat the command with --yes")
    print_note(f"note: {changes}")


def describe_unit_change(change: UnitChange) -> str:
    """A clause of a sentence."""
    names = _join(change.users)
    if change.effect is UnitEffect.ONLY:
        everybody = f"all users without units{f' ({names})' if names else ''}, also to those of an OpenID provider"
        return f"the only unit {change.unit!r} opens to {everybody}"
    if change.effect is UnitEffect.OPENED:
        return f"the unit {change.unit!r} opens to {names}"
    return f"the unit {change.unit!r} is taken from {names}"


def _join(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
