"""Measures what saving takes per customer, by size of the batches."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from benchmarks.client import Connection, send_all
from benchmarks.customers import RandomIdentifiers
from benchmarks.load_generator import SAVE, count_accepted, open_connections
from benchmarks.scaling.bodies import Pair, build_bodies, list_examples, renew_numbers
from benchmarks.scaling.cost_meter import Cost, CostMeter
from benchmarks.scaling.figures import BatchCost
from benchmarks.service import Service
from benchmarks.upper_bounds import time_decoding

ROUNDS: Final = 6
CLIENTS: Final = 2
_DECODED: Final = 30_000
# Customers in a round, by size of the batches: enough for half a second of CPU time, of which the clock counts 10 ms.
NEW_COUNTS: Final = {1: 600, 100: 10_000, 1_000: 20_000, 10_000: 40_000}
FULL_COUNTS: Final = {1: 600, 100: 4_000, 1_000: 6_000, 10_000: 10_000}


class BatchMeasurements:
    """Sends batches to one service and measures them."""

    def __init__(self, service: Service, meter: CostMeter, database: str, identifiers: RandomIdentifiers) -> None:
        self._service = service
        self._meter = meter
        self._database = database
        self._identifiers = identifiers

    def measure_new(self, job: str, counts: dict[int, int], rounds: int = ROUNDS) -> list[BatchCost]:
        """The round with the least CPU time of some, in which every size has its turn.

        On a shared machine, others evict a process's data from the caches: batches of one took up to four times as
        long as on a quiet one. The least disturbed round tells most about the code.
        """
        found: dict[int, list[BatchCost]] = {batch: [] for batch in counts}
        for _ in range(rounds):
            for batch, count in counts.items():
                found[batch].append(self.measure(job, batch, self._identifiers.take(count)))
        return [_take_least(costs) for costs in found.values()]

    def measure_updates(self, pairs: Sequence[Pair], batch: int) -> BatchCost:
        """A new version of customers that are stored."""
        return self.measure("update", batch, renew_numbers(pairs, self._identifiers))

    def measure(self, job: str, batch: int, pairs: Sequence[Pair], keys: bool = False) -> BatchCost:
        """Saves customers with these identifiers; `keys`: each batch under an idempotency key of its own."""
        bodies = build_bodies(list_examples(job), pairs, batch)
        requests = [
            self._build_request(body, f"key-{index}-{pairs[0][0]}" if keys else "") for index, body in enumerate(bodies)
        ]
        with open_connections(self._service, CLIENTS, spread=True) as connections:
            responses: list[bytes] = []
            cost = self._meter.measure(lambda: responses.extend(send_all(connections, requests)))
        accepted = sum(map(count_accepted, responses))
        if accepted != (0 if job == "rejected" else len(pairs)):
            raise RuntimeError(f"{job}: {accepted} of {len(pairs)} accepted: {responses[0][:300].decode()}")
        return self._to_batch_cost("keyed" if keys else job, batch, cost, len(pairs))

    def fill(self, customers: int, batch: int = 10_000) -> list[Pair]:
        """Saves customers without measuring; returns the last ones."""
        pairs: list[Pair] = []
        with open_connections(self._service, CLIENTS, spread=True) as connections:
            for start in range(0, customers, CLIENTS * batch):
                pairs = self._identifiers.take(min(CLIENTS * batch, customers - start))
                self._send(connections, build_bodies(list_examples("new"), pairs, batch))
        return pairs

    def _send(self, connections: Sequence[Connection], bodies: Sequence[bytes]) -> None:
        send_all(connections, [self._build_request(body) for body in bodies])

    def _build_request(self, body: bytes, key: str = "") -> bytes:
        request = self._service.address.build_request(SAVE, body)
        return request.replace(b"\r\n\r\n", f"\r\nIdempotency-Key: {key}\r\n\r\n".encode(), 1) if key else request

    def _to_batch_cost(self, job: str, batch: int, cost: Cost, customers: int) -> BatchCost:
        seconds = (cost.service, cost.server, cost.client)
        counts = (cost.wal_bytes, cost.page_images, cost.transactions, cost.page_accesses)
        values = (*(each * 1e6 / customers for each in seconds), *(each / customers for each in counts))
        return BatchCost(self._database, job, batch, *(round(value, 4) for value in values))


def measure_decoding(identifiers: RandomIdentifiers, rounds: int = 15) -> float:
    """µs of CPU time for a minimal customer, the median."""
    bodies = build_bodies(list_examples("new"), identifiers.take(_DECODED), 1_000)
    return round(median(time_decoding(bodies) for _ in range(rounds)) * 1e6 / _DECODED, 3)


def _take_least(costs: Sequence[BatchCost]) -> BatchCost:
    return min(costs, key=lambda cost: cost.service + cost.server)
