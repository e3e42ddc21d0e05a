"""The page of all settings."""

from muster.reference.markdown import code, document, table
from muster.settings import rows, variable

_INTRODUCTION = """\
A setting comes from the command line where the command has an option for it, else from its environment variable, else
it has its default."""


def page() -> str:
    found = (
        (code(variable(name)), "" if default is None else code(default), meaning) for name, default, meaning in rows()
    )
    return document("Settings", _INTRODUCTION, table(("variable", "default", "meaning"), found))
