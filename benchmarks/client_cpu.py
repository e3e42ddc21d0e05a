"""The processor time that the Python client takes for a customer: `python -m benchmarks.client_cpu`.

The service is replaced by a transport that gives a prepared response, so that only the client is measured: encoding the
customers, building the request, decoding the results, and joining them. The figures in brackets add what the network
takes, with a server that reads the request and sends the response in another process.
"""

import argparse
import json
import multiprocessing
import socket
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from benchmarks.customers import SequentialIdentifiers, build_bodies
from muster_client import Client, CustomerStream

SHAPES: Final = ("minimal", "full")
BATCH: Final = 1_000
ROUNDS: Final = 5


class PreparedTransport(httpx.BaseTransport):
    """Answers every request with the same response."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=self._content)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.client_cpu", description=__doc__)
    parser.add_argument("--batches", type=int, default=50, help="requests in each of the 5 rounds")
    batches = parser.parse_args().batches
    for shape in SHAPES:
        customers = build_customers(shape)
        response = build_response(customers)
        own = measure(lambda: connect(PreparedTransport(response)), customers, batches)  # noqa: B023 - called at once
        with_network = measure_with_network(response, customers, batches)
        print(f"{shape}, {BATCH:,} a batch: {own:.1f} us of processor time for a customer ({with_network:.1f})")


def build_customers(shape: str) -> list[dict[str, Any]]:
    [body] = build_bodies(shape, BATCH, 1, SequentialIdentifiers(1))
    customers: list[dict[str, Any]] = json.loads(body)["customers"]
    return customers


def build_response(customers: list[dict[str, Any]]) -> bytes:
    results = [
        {
            "resultType": "REQUEST_ACCEPTED",
            "communicationNumber": customer["communicationNumber"],
            "customerExtId": customer["customerExtId"],
            "businessUnit": "MAIN",
            "timeElapsedMs": 0,
        }
        for customer in customers
    ]
    return json.dumps({"resultType": "REQUEST_ACCEPTED", "results": results, "timeElapsedMs": 9}).encode()


def connect(transport: httpx.BaseTransport) -> Client:
    return Client("http://127.0.0.1", token="t", transport=transport)


def measure(make_client: Callable[[], Client], customers: list[dict[str, Any]], batches: int) -> float:
    """Microseconds of processor time for a customer of `load()`, the median of some rounds."""
    times = []
    with make_client() as client:
        for _ in range(ROUNDS):
            started = time.process_time()
            count = consume(client.load(repeat(customers, batches), batch=BATCH))
            times.append((time.process_time() - started) / count)
    return statistics.median(times) * 1e6


def repeat(customers: list[dict[str, Any]], batches: int) -> Any:
    for _ in range(batches):
        yield from customers


def consume(stream: CustomerStream[Any]) -> int:
    accepted = 0
    for _, _, result in stream:
        accepted += result.is_accepted
    return accepted


def measure_with_network(response: bytes, customers: list[dict[str, Any]], batches: int) -> float:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        process = multiprocessing.get_context("fork").Process(target=serve, args=(listener, response), daemon=True)
        process.start()
    try:
        return measure(lambda: Client(f"http://127.0.0.1:{port}", token="t", verify=False), customers, batches)
    finally:
        process.kill()
        process.join()


def serve(listener: socket.socket, content: bytes) -> None:
    """Answers the requests of each connection, in a thread for each."""
    header = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection, header + content), daemon=True).start()


def answer(connection: socket.socket, response: bytes) -> None:
    received = b""
    while chunk := connection.recv(262_144):
        received += chunk
        head, separator, body = received.partition(b"\r\n\r\n")
        if separator and len(body) >= int(get_header(head, b"content-length")):
            connection.sendall(response)
            received = b""


def get_header(head: bytes, name: bytes) -> bytes:
    return next(line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(name))


if __name__ == "__main__":
    main()
