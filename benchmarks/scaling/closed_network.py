"""A simulation of clients that send a batch, wait for the response, and send the next one.

All processes share the cores of one machine, as in the benchmark: load generator, service and PostgreSQL take turns on
them in small quanta. A flush to disk takes no core, and flushes overlap, because PostgreSQL commits in groups.
"""

import heapq
from collections import deque
from dataclasses import dataclass
from random import Random
from typing import Final

QUANTUM: Final = 0.001  # seconds that a process has a core for, when others wait
_SEED: Final = 20_261_126


@dataclass(frozen=True, slots=True)
class BatchTimes:
    """Seconds of a batch: of CPU time in each process, and without one."""

    client: float
    service: float
    database: float
    waiting: float  # flushes and round trips


@dataclass(slots=True)
class _Process:
    """What one client waits for: the phases of its batch that are left, in seconds of CPU time."""

    phases: deque[float]
    waiting: float


def simulate_rate(times: BatchTimes, clients: int, cores: int, batches: int = 200) -> float:
    """Batches per second. The CPU time of a batch varies by a fifth, as that of real ones does."""
    random = Random(_SEED)
    ready: deque[_Process] = deque(_start(times, random) for _ in range(clients))
    events: list[tuple[float, int, _Process]] = []  # ends of quanta and of waits
    now, done, busy, sequence = 0.0, 0, 0, 0
    while done < batches:
        while ready and busy < cores:
            process = ready.popleft()
            quantum = min(QUANTUM, process.phases[0])
            process.phases[0] -= quantum
            busy, sequence = busy + 1, sequence + 1
            heapq.heappush(events, (now + quantum, sequence, process))
        now, _, process = heapq.heappop(events)
        if not process.phases:
            done += 1
            ready.append(_start(times, random))
            continue
        busy -= 1
        if process.phases[0] <= 0:
            process.phases.popleft()
        if process.phases:
            ready.append(process)
        else:
            sequence += 1
            heapq.heappush(events, (now + process.waiting, sequence, process))
    return done / now


def _start(times: BatchTimes, random: Random) -> _Process:
    phases = (times.client, times.service, times.database)
    return _Process(deque(phase * random.uniform(0.8, 1.2) for phase in phases), times.waiting)
