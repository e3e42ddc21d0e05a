"""Invariants: what must hold for every input."""


class InvariantViolationError(Exception):
    """An invariant does not hold. `name` identifies it and is a valid file name."""

    def __init__(self, name: str, details: str = "") -> None:
        super().__init__(f"{name}: {details}" if details else name)
        self.name = name


def require(condition: bool, name: str, details: object = "") -> None:
    """Raises `InvariantViolationError` unless the condition holds."""
    if not condition:
        raise InvariantViolationError(name, str(details))
