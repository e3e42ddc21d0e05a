"""Mappings as TOML: the inverse of `parse_mapping`."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def format_mapping(mapping: Mapping[str, Any]) -> str:
    """The TOML of a mapping in its JSON shape. Fields stand last, one in a line, and joined tables after them."""
    plain = {key: value for key, value in mapping.items() if key not in ("fields", "join")}
    lines = [f"{write_key(key)} = {_write_value(value)}" for key, value in plain.items()]
    lines += _write_fields("fields", mapping)
    joins = mapping.get("join", ())
    for join in [joins] if isinstance(joins, Mapping) else joins:
        lines += ["", "[[join]]"]
        lines += [f"{write_key(key)} = {_write_value(value)}" for key, value in join.items() if key != "fields"]
        lines += _write_fields("join.fields", join)
    return "\n".join(lines).strip() + "\n"


def write_key(path: str) -> str:
    is_bare = path.replace("_", "").isalnum() and path.isascii()
    return path if is_bare else quote(path)


def write_scalar(value: Any) -> str:
    """A boolean as TOML has it; everything else as a text."""
    return str(value).lower() if isinstance(value, bool) else quote(str(value))


def quote(text: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON. TOML wants DEL escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write_fields(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    fields = table.get("fields")
    if fields:
        yield from ("", f"[{name}]")
        for path, rule in fields.items():
            yield f"{write_key(path)} = {_write_value(rule)}"


def _write_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{write_key(key)} = {_write_value(each)}' for key, each in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_write_value, value))}]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return write_scalar(value)
