"""The reference page of settings."""

from muster.settings import iterate_settings, variable_name
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
The value of a setting is, in this order, the option of the command if it has one, the environment variable, or the
default. A variable that was renamed in a later version is an error, not ignored."""


def page() -> str:
    rows = (
        (code(variable_name(name)), "" if default is None else code(default), meaning)
        for name, default, meaning in iterate_settings()
    )
    return document("Settings", _INTRODUCTION, table(("variable", "default", "meaning"), rows))
