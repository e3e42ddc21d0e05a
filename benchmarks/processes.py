"""What processes of a service have used: processor time and memory. And which of them holds a connection."""

import threading
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it has none


def processor_seconds(pid: int) -> float:
    """User and system time of a process and of all that it has started, in seconds; a tick is 10 ms."""
    used = [process.cpu_times() for process in _family(pid)]
    return float(sum(times.user + times.system for times in used))


def holder(pid: int, port: int) -> int | None:
    """Which process of the family holds the connection to this port of a client."""
    for process in _family(pid):
        if any(end.raddr and end.raddr.port == port for end in process.net_connections("tcp")):
            return int(process.pid)
    return None


def growth(pid: int, work: Callable[[], object]) -> int:
    """Bytes by which the process grew above what it had, at the highest, while the work was done."""
    status = Path(f"/proc/{pid}/status")
    before = _resident(pid)
    if not status.exists():
        return _sampled(pid, work) - before
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # resets the high-water mark
    work()
    [kibibytes] = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(kibibytes) * 1024 - before


def _sampled(pid: int, work: Callable[[], object]) -> int:
    done, seen = threading.Event(), [_resident(pid)]

    def look() -> None:
        while not done.wait(0.005):
            seen.append(_resident(pid))

    looker = threading.Thread(target=look)
    looker.start()
    try:
        work()
    finally:
        done.set()
        looker.join()
    return max(seen)


def _resident(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
