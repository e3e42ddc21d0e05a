"""CPU time, memory and connections of the processes of a service."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil


def read_cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, in seconds; the resolution is 10 ms."""
    times = [process.cpu_times() for process in _list_process_tree(pid)]
    return float(sum(each.user + each.system for each in times))


def find_connection_owner(pid: int, port: int) -> int | None:
    """The process of the tree that owns the connection from this client port; None if there is none."""
    for process in _list_process_tree(pid):
        if any(end.raddr and end.raddr.port == port for end in process.net_connections("tcp")):
            return int(process.pid)
    return None


def measure_memory_growth(pid: int, work: Callable[[], object]) -> int:
    """Bytes by which the peak resident memory of the process during `work` exceeds its memory before."""
    status = Path(f"/proc/{pid}/status")
    before = _read_resident_bytes(pid)
    if not status.exists():
        return _sample_peak_bytes(pid, work) - before
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # resets the high-water mark
    work()
    return _read_peak_bytes(pid) - before


def poll_peak_bytes(pid: int) -> int:
    """Bytes of peak resident memory of a child process that is about to end, since it began. Waits for its end.

    `ru_maxrss` of a child counts the memory of its parent, too.
    """
    peak = 0
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            peak = max(peak, _read_peak_bytes(pid))
            time.sleep(0.002)
    return peak


def _read_peak_bytes(pid: int) -> int:
    """0 for a process that has ended."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _sample_peak_bytes(pid: int, work: Callable[[], object]) -> int:
    done, samples = threading.Event(), [_read_resident_bytes(pid)]

    def sample() -> None:
        while not done.wait(0.005):
            samples.append(_read_resident_bytes(pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        work()
    finally:
        done.set()
        sampler.join()
    return max(samples)


def _read_resident_bytes(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def _list_process_tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]
