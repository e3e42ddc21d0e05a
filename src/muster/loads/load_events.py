"""What the audit log has of loads that a service and a command run."""

from muster.audit.events import Action, AuditEvent
from muster.loads.load_store import Load


def build_end_event(load: Load) -> AuditEvent:
    """The event of a load that has ended."""
    totals = load.totals
    details = {
        "state": load.state.value,
        "rows": totals.rows,
        "accepted": totals.accepted,
        "refused": totals.refused,
    }
    return AuditEvent(load.sender, Action.LOAD_ENDED, str(load.id), details)
