"""Audit events for tests that are about something else."""

from muster.audit.events import Action, AuditEvent


def some_event() -> AuditEvent:
    """An event for a change whose audit entry does not matter to the test."""
    return AuditEvent("os:test", Action.USER_CHANGED, "test")
