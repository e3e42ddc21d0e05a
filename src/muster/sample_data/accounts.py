"""The users, tokens and codes of the sample. Every name and title says that it belongs to the demo."""

import secrets
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from muster.audit.events import Action, AuditEvent
from muster.auth.passwords import hash_password
from muster.auth.tokens import generate_token
from muster.auth.users import Role, Token, User
from muster.classifiers.entries import ClassifierEntry
from muster.sample_data.customers import BENEFICIAL_OWNER
from muster.sample_data.service import OPERATOR, SampleService

HEAD_OFFICE: Final = "MAIN"  # every installation has it
BRANCH: Final = "LATVIA"
BUSINESS_UNITS: Final = (HEAD_OFFICE, BRANCH)

CORE_BANKING: Final = "core-banking"
CARDS: Final = "cards"
ONBOARDING: Final = "onboarding-app"
RIGA_BRANCH: Final = "riga-branch"
# The users who send batches, and what they call themselves in `requester`.
REQUESTERS: Final = {
    CORE_BANKING: "Core banking (sample data)",
    CARDS: "Cards (sample data)",
    ONBOARDING: "Onboarding app (sample data)",
    RIGA_BRANCH: "Riga branch (sample data)",
}

# A code that cards send before the installation has it.
DEBIT_CARD: Final = ClassifierEntry("serviceType", "DEBIT_CARD", "Debit card (sample data)")
SAMPLE_CODES: Final = (
    ClassifierEntry("businessUnit", HEAD_OFFICE, "Head office (sample data)"),
    ClassifierEntry("businessUnit", BRANCH, "Latvian branch (sample data)"),
    ClassifierEntry("relationType", BENEFICIAL_OWNER, "Ultimate beneficial owner (sample data)"),
)
_TOKEN_LIFETIME: Final = timedelta(days=365)
_PASSWORD_BYTES: Final = 9


@dataclass(frozen=True, slots=True)
class SampleUsers:
    """The names of the users who can sign in, by what they may do, and the password that all of them have.

    `compliance` has the roles read and audit, `operator` submit and read; `reader` sees the Latvian branch only.
    """

    password: str
    admin: str = "demo-admin"
    compliance: str = "demo-compliance"
    operator: str = "demo-operator"
    reader: str = "demo-reader"
    auditor: str = "demo-auditor"
    metrics: str = "demo-metrics"
    former: str = "demo-former-colleague"  # disabled on the way


def make_sample_users(password: str | None = None) -> SampleUsers:
    """With a random password where none is given."""
    return SampleUsers(password or secrets.token_urlsafe(_PASSWORD_BYTES))


def add_accounts(service: SampleService, users: SampleUsers) -> None:
    """Adds what there is on the first day: codes, users with their passwords, and tokens of the senders."""
    add_codes(service, OPERATOR, *SAMPLE_CODES)
    people = (
        User(users.admin, Role.ADMIN),
        User(users.compliance, Role.READ | Role.AUDIT, BUSINESS_UNITS),
        User(users.operator, Role.SUBMIT | Role.READ, BUSINESS_UNITS),
        User(users.reader, Role.READ, BUSINESS_UNITS),
        User(users.auditor, Role.AUDIT),
        User(users.metrics, Role.WATCH),
        User(users.former, Role.READ, (HEAD_OFFICE,)),
    )
    # One hash for all of them: each takes 32 ms, and the password is the same.
    password_hash = hash_password(users.password)
    for user in people:
        service.administer().add_user(replace(user, password_hash=password_hash))
    for sender in REQUESTERS:
        unit = BRANCH if sender == RIGA_BRANCH else HEAD_OFFICE
        service.administer(users.admin).add_user(User(sender, Role.SUBMIT, (unit,)))
        add_token(service, users.admin, sender)
    add_token(service, users.admin, users.metrics)


def add_codes(service: SampleService, actor: str, *entries: ClassifierEntry) -> None:
    """Adds codes, as the command and the console do."""
    counts = Counter(entry.classifier for entry in entries)
    event = AuditEvent(actor, Action.CLASSIFIERS_IMPORTED, ",".join(sorted(counts)), {**counts, "replace": False})
    service.store.classifiers.write(entries, replace=False, event=event)


def add_token(service: SampleService, actor: str, user: str) -> None:
    """Adds a token that nobody knows."""
    made, now = generate_token(), service.clock()
    service.administer(actor).add_token(Token(made.id, user, made.sha256, now, now + _TOKEN_LIFETIME))
