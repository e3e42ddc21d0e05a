"""Loads by API: each with a file and options of its own, and what must have become of it."""

import json
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import UUID

from benchmarks.databases import Database
from faults.load_api import LoadsApi
from faults.load_files import CustomerFile, Differences, StoredCustomers
from faults.sql import run_sql, to_uuid

# Shares of the loads; the others are saved whatever is refused.
DRY_RUNS: Final = 0.15
ACCEPTED_SHARES: Final = 0.15  # with a share that is reached: the file is judged, then loaded
REFUSED_SHARES: Final = 0.1  # with a share that is not reached: nothing is saved
UPSERTS: Final = 0.3
WHOLE_FILES: Final = 0.4
CHUNK_ROWS: Final = (7, 20, 60)
MAX_PARTS: Final = 4


@dataclass
class ServiceLoad:
    """One load. `prefix` begins the identifiers of its customers, `sender` is the token of its user."""

    prefix: str
    sender: str
    ports: Sequence[int]
    stop: threading.Event
    load_id: UUID = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(self.prefix)
        kind = self._random.random()
        upserts = self._random.random() < UPSERTS
        self.file = CustomerFile(self.prefix, self._random, upserts=upserts)
        self._options: dict[str, Any] = {"batch": self._random.choice(CHUNK_ROWS)}
        if upserts:
            self._options["upsert"] = True
        self.is_dry_run = kind < DRY_RUNS
        self._is_refused = DRY_RUNS + ACCEPTED_SHARES < kind < DRY_RUNS + ACCEPTED_SHARES + REFUSED_SHARES
        if self.is_dry_run:
            self._options["dryRun"] = True
        elif kind < DRY_RUNS + ACCEPTED_SHARES:
            self._options["accept"] = 50
        elif self._is_refused:
            self._options["accept"] = "all"
            self._is_refused = bool(self.file.refused)
        self._answers: dict[str, Any] = {}

    @property
    def is_saved(self) -> bool:
        return not self.is_dry_run and not self._is_refused

    def run(self) -> None:
        """Uploads the file, and waits for the end of the load."""
        api = LoadsApi(self.ports, self.sender, self._random, self.stop)
        name, key = f"{self.prefix}.csv", f"key-{self.prefix}"
        if self._random.random() < WHOLE_FILES:
            query = {option: str(value).lower() for option, value in self._options.items()}
            load_id = api.upload_whole(name, self.file.content, query, key=key)
        else:
            parts = self._random.randint(1, MAX_PARTS)
            load_id = api.upload_parts(name, self.file.content, self._options, parts=parts, key=key)
        self.load_id = UUID(load_id)
        self._answers = {"load": api.wait(load_id)}
        for path in ("refused", "results"):
            self._answers[path] = api.request("GET", f"/{load_id}/{path}")

    def check(self, stored: "StoredLoads", customers: StoredCustomers, found: Differences) -> None:
        """Adds what is wrong in the answers and in the database."""
        problems = [*self._check_state(), *self._check_results(), *stored.check(self)]
        for problem in problems:
            found.add(self.prefix, problem)
        if self.file.refused:
            status, content = self._answers["refused"]
            if status == 200:
                found.compare_refused(self.prefix, self.file, content)
            else:
                found.wrong_refused += 1
                found.add(self.prefix, f"the refused rows are answered with {status}")
        elif self._answers["refused"].status != 404:
            found.wrong_refused += 1
            found.add(self.prefix, "there are refused rows")
        found.compare_saved(self.prefix, customers, self.file if self.is_saved else None, self.prefix)

    def _check_state(self) -> list[str]:
        load, file = self._answers["load"], self.file
        expected = {
            "state": "failed" if self._is_refused else "completed",
            "rows": len(file.rows),
            "accepted": 0 if self._is_refused else len(file.customers),
            "refused": len(file.refused),
            "size": len(file.content),
            "hasRefused": bool(file.refused),
        }
        wrong = [f"{name} is {load[name]}, not {value}" for name, value in expected.items() if load[name] != value]
        codes = [(count["code"], count["count"], count["firstRow"]) for count in load["codes"]]
        return [*wrong, f"codes are {codes}"] if codes != file.count_codes() else wrong

    def _check_results(self) -> list[str]:
        status, content = self._answers["results"]
        if self.is_dry_run:
            return [] if status == 404 else [f"results of a dry run are answered with {status}"]
        results = [json.loads(line)["resultType"] for line in content.splitlines()]
        numbers = range(2, len(self.file.rows) + 2) if self.is_saved else ()
        expected = ["REQUEST_REJECTED" if row in self.file.refused else "REQUEST_ACCEPTED" for row in numbers]
        return [] if results == expected else [f"{len(results)} results differ from the {len(expected)} expected ones"]


class StoredLoads:
    """What the database holds of the loads, beside their customers."""

    def __init__(self, database: Database) -> None:
        self._batches: dict[UUID, list[tuple[int, int, int, int]]] = {}
        query = "SELECT load_id, first_row, last_row, accepted, rejected FROM batches WHERE load_id IS NOT NULL"
        for load_id, *batch in run_sql(database, f"{query} ORDER BY first_row"):
            first_row, last_row, accepted, rejected = batch
            self._batches.setdefault(to_uuid(load_id), []).append((first_row, last_row, accepted, rejected))
        self._leases = {to_uuid(load_id) for (load_id,) in run_sql(database, _LEASED)}
        chunks = run_sql(database, "SELECT load_id FROM load_refused_rows")
        self._refused_chunks = Counter(to_uuid(load_id) for (load_id,) in chunks)

    def check(self, load: ServiceLoad) -> list[str]:
        """The batches of the load are its rows, without gaps, each row once; nothing else is left of it."""
        wrong = ["its lease is left"] if load.load_id in self._leases else []
        batches = self._batches.get(load.load_id, [])
        refused = load.file.refused
        row = 2
        for first, last, accepted, rejected in batches:
            if first != row or last < first:
                wrong.append(f"a batch has the rows {first} to {last}, and row {row} is the next one")
            expected = sum(number in refused for number in range(first, last + 1))
            if (accepted, rejected) != (last - first + 1 - expected, expected):
                wrong.append(f"the batch of the rows {first} to {last} has {accepted} accepted and {rejected} rejected")
            row = last + 1
        if row != (len(load.file.rows) + 2 if load.is_saved else 2):
            wrong.append(f"its batches end before row {row}")
        if bool(refused) != bool(self._refused_chunks[load.load_id]):
            wrong.append("its refused rows are not kept as they should be")
        return wrong


_LEASED: Final = "SELECT id FROM loads WHERE lease IS NOT NULL"
