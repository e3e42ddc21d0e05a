"""JSON pointers (RFC 6901): where in a JSON document a value stands."""

from collections.abc import Iterable


def to_json_pointer(path: Iterable[str | int]) -> str:
    """The pointer to the value that the keys and indexes of `path` lead to, from the document's root."""
    return "".join(f"/{escape_pointer_step(str(step))}" for step in path)


def escape_pointer_step(step: str) -> str:
    """A key as one step of a pointer."""
    return step.replace("~", "~0").replace("/", "~1")
