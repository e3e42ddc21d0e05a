"""What a run finds: a promise that was not kept."""


class Broken(Exception):
    """A property does not hold. `name` says which one, in words that fit a file's name; the message says more."""

    def __init__(self, name: str, more: str = "") -> None:
        super().__init__(f"{name}: {more}" if more else name)
        self.name = name


def hold(fact: bool, name: str, more: object = "") -> None:
    """Raises `Broken` unless the fact holds."""
    if not fact:
        raise Broken(name, str(more))
