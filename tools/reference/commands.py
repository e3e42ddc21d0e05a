"""The reference page of commands, from the command line's own declarations."""

import inspect
from collections.abc import Iterator

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from tools.reference.markdown import code, document, table

_INTRODUCTION = """\
Every command exits with 0 on success, 1 on failure and 2 on wrong usage. An error is one line on stderr that says what
to do."""


def page(root: TyperGroup) -> str:
    sections = (_format_section(path, command) for path, command in _iterate_commands("muster", root))
    return document("Commands", _INTRODUCTION, *sections)


def _iterate_commands(path: str, group: TyperGroup) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            if command.invoke_without_command:
                yield f"{path} {name}", command
            yield from _iterate_commands(f"{path} {name}", command)
        elif isinstance(command, TyperCommand) and not command.hidden:
            yield f"{path} {name}", command


def _format_section(path: str, command: TyperCommand | TyperGroup) -> str:
    arguments = [_format_argument(parameter) for parameter in command.params if isinstance(parameter, TyperArgument)]
    options = [parameter for parameter in command.params if isinstance(parameter, TyperOption) and not parameter.hidden]
    usage = code(" ".join((path, *arguments, *(["[OPTIONS]"] if options else []))))
    blocks = [f"## {path}", usage, inspect.cleandoc(command.help or "")]
    if options:
        rows = ((code(", ".join(option.opts)), option.help or "") for option in options)
        blocks.append(table(("option", "meaning"), rows))
    blocks.append(_format_examples(command.epilog or ""))
    return "\n\n".join(block for block in blocks if block)


def _format_argument(argument: TyperArgument) -> str:
    name = str(argument.metavar or argument.name).strip("[]").upper()
    return name if argument.required else f"[{name}]"


def _format_examples(epilog: str) -> str:
    lines = [line.strip() for line in epilog.splitlines() if line.strip().startswith("$ ")]
    return "\n".join(("```sh", *(line.removeprefix("$ ") for line in lines), "```")) if lines else ""
