"""Builds the intake of a service or of a job, with the limits of its settings."""

from datetime import timedelta

from muster.classifiers.snapshot import ClassifierCache
from muster.intake.checker_cache import CheckerCache
from muster.intake.service import Intake
from muster.settings import Settings
from muster.storage import Storage


def make_intake(settings: Settings, store: Storage, classifiers: ClassifierCache | None = None) -> Intake:
    """The intake on this store. A process that does little else tunes its collector: `interpreter.tune_collector`."""
    return Intake(
        store.customers,
        CheckerCache(classifiers or ClassifierCache(store.classifiers)),
        max_customers=settings.max_customers,
        key_lifetime=timedelta(hours=settings.idempotency_hours),
    )
