"""The drivers of operations: they move bytes, wait, and call functions, and decide nothing."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Event
from typing import Final, TypeVar

import httpx

from muster_client.steps import BlockingCall, ConnectionFailure, HttpRequest, HttpResponse, Operation, Pause

T = TypeVar("T")

# Errors before anything of the request was sent.
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# Errors of the program or its settings, which another attempt does not mend.
_PERMANENT: Final = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


class AbandonedError(Exception):
    """The stream that an operation belongs to was closed while it paused."""


class SyncDriver:
    """Runs operations on an `httpx.Client`. Usable from several threads at once."""

    def __init__(self, http: httpx.Client, sleep: Callable[[float], object]) -> None:
        self.http = http
        self._sleep = sleep

    def run(self, operation: Operation[T], abandoned: Event | None = None) -> T:
        """The value that the operation returns. Raises `AbandonedError` at a pause after `abandoned` was set."""
        answer: object = None
        failed: Exception | None = None
        try:
            while True:
                step = operation.send(answer) if failed is None else operation.throw(failed)
                answer, failed = None, None
                match step:
                    case HttpRequest():
                        answer = self._send(step)
                    case Pause():
                        self._pause(step.seconds, abandoned)
                    case BlockingCall():
                        try:
                            answer = step.function()
                        except Exception as error:
                            failed = error
        except StopIteration as ended:
            value: T = ended.value
            return value

    def _pause(self, seconds: float, abandoned: Event | None) -> None:
        if abandoned is None or self._sleep is not time.sleep:
            self._sleep(seconds)
        else:
            abandoned.wait(seconds)
        if abandoned is not None and abandoned.is_set():
            raise AbandonedError

    def _send(self, request: HttpRequest) -> HttpResponse | ConnectionFailure:
        failure = None
        try:
            with self.http.stream(
                request.method,
                request.target,
                content=request.content,
                headers=dict(request.headers),
                timeout=request.timeout,
            ) as response:
                if request.sink is None or response.status_code != httpx.codes.OK:
                    return _to_response(response, response.read())
                request.sink.restart()
                for chunk in response.iter_bytes():
                    request.sink.write(chunk)
                return _to_response(response, b"")
        except httpx.RequestError as error:
            failure = _to_failure(error)
        return failure


class AsyncDriver:
    """Runs operations on an `httpx.AsyncClient`."""

    def __init__(self, http: httpx.AsyncClient, sleep: Callable[[float], Awaitable[object]]) -> None:
        self.http = http
        self._sleep = sleep

    async def run(self, operation: Operation[T], abandoned: asyncio.Event | None = None) -> T:
        """As `SyncDriver.run`. Functions are called in a thread, so that the event loop never waits for a file."""
        answer: object = None
        failed: Exception | None = None
        try:
            while True:
                step = operation.send(answer) if failed is None else operation.throw(failed)
                answer, failed = None, None
                match step:
                    case HttpRequest():
                        answer = await self._send(step)
                    case Pause():
                        await self._pause(step.seconds, abandoned)
                    case BlockingCall():
                        try:
                            answer = await asyncio.to_thread(step.function)
                        except Exception as error:
                            failed = error
        except StopIteration as ended:
            value: T = ended.value
            return value

    async def _pause(self, seconds: float, abandoned: asyncio.Event | None) -> None:
        if abandoned is None or self._sleep is not asyncio.sleep:
            await self._sleep(seconds)
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(abandoned.wait(), seconds)
        if abandoned is not None and abandoned.is_set():
            raise AbandonedError

    async def _send(self, request: HttpRequest) -> HttpResponse | ConnectionFailure:
        failure = None
        try:
            async with self.http.stream(
                request.method,
                request.target,
                content=request.content,
                headers=dict(request.headers),
                timeout=request.timeout,
            ) as response:
                if request.sink is None or response.status_code != httpx.codes.OK:
                    return _to_response(response, await response.aread())
                request.sink.restart()
                async for chunk in response.aiter_bytes():
                    await asyncio.to_thread(request.sink.write, chunk)
                return _to_response(response, b"")
        except httpx.RequestError as error:
            failure = _to_failure(error)
        return failure


def _to_response(response: httpx.Response, content: bytes) -> HttpResponse:
    return HttpResponse(response.status_code, response.headers, content)


def _to_failure(error: httpx.RequestError) -> ConnectionFailure:
    """What went wrong, without the text of the error: it may have the URL, which holds identifiers of customers."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            description = f"the certificate of the service is not accepted: {cause.verify_message}"
            return ConnectionFailure(description, was_sent=False, is_retryable=False)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        description = "the service did not answer in time"
    elif isinstance(error, _UNSENT):
        description = "the service can't be reached"
    elif isinstance(error, _PERMANENT):
        description = "the request can't be sent"
    else:
        description = "the connection was cut before the response was complete"
    return ConnectionFailure(
        f"{description} ({type(error).__name__})",
        was_sent=not isinstance(error, _UNSENT + _PERMANENT),
        is_retryable=not isinstance(error, _PERMANENT),
    )
