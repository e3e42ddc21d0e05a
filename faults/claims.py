"""What responses have said of batches whose commits were cut, and its comparison with the database."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from benchmarks.databases import Database
from faults.ledger import SentRequest, StoredRecords


@dataclass
class Claims:
    """What the service has said of the batches, and what it must not have said."""

    saved: list[tuple[SentRequest, UUID]] = field(default_factory=list)
    not_saved: list[SentRequest] = field(default_factory=list)  # of requests without a key
    statuses: Counter[str] = field(default_factory=Counter)
    false_answers: list[str] = field(default_factory=list)

    def check(self, database: Database) -> None:
        """Compares the claims with the database."""
        stored = StoredRecords.read(database)
        for request, batch_id in self.saved:
            if any(stored.numbers.get(number) != batch_id for number, _ in request.accepted()):
                self.false_answers.append(f"{request.key} is not saved, and a response said that it is")
        for request in self.not_saved:
            if any(number in stored.numbers for number in request.numbers()):
                self.false_answers.append(f"{request.key} is saved, and a response said that it is not")
