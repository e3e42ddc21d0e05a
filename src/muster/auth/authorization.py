"""Authorization: what each role permits."""

from muster.auth.users import Role, User


def can_submit(user: User) -> bool:
    """Whether the user may post batches, to either endpoint."""
    return user.role in (Role.SUBMIT, Role.ADMIN)


def can_read_customers(user: User) -> bool:
    """Whether the user may read customers."""
    return user.role in (Role.READ, Role.ADMIN)


def can_read_records(user: User) -> bool:
    """Whether the user may read records of batches. `records` decides which of them the user sees."""
    return user.role in (Role.SUBMIT, Role.READ, Role.ADMIN)


def can_read_metrics(user: User) -> bool:
    """Whether the user may read the metrics."""
    return user.role in (Role.WATCH, Role.ADMIN)
