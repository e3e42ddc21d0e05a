"""The reference page of settings."""

from muster.settings import iterate_settings, variable_name
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
The value of a setting is, in this order, the option of the command if it has one, the environment variable, or the
default. A variable that begins with `MUSTER_` and is not in this table is an error that names the near one; so is one
that was renamed in a later version. `muster check-config` prints the values that apply, with their sources."""


def page() -> str:
    rows = (
        (code(variable_name(name)), "" if default is None else code(default), meaning)
        for name, default, meaning in iterate_settings()
    )
    return document("Settings", _INTRODUCTION, table(("variable", "default", "meaning"), rows))
