"""The page of all settings."""

from muster.settings import iterate_settings, variable_name
from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
A setting comes from the command line where the command has an option for it, else from its environment variable, else
it has its default."""


def page() -> str:
    found = (
        (code(variable_name(name)), "" if default is None else code(default), meaning)
        for name, default, meaning in iterate_settings()
    )
    return document("Settings", _INTRODUCTION, table(("variable", "default", "meaning"), found))
