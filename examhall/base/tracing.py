"""Traces by OpenTelemetry, where EXAMHALL_OTLP_ENDPOINT asks for them; without it nothing of this is loaded.

Three kinds of spans: a request by its route template, a statement by its name, and a batch of saves. Never a
path, a parameter or a person.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.util import find_spec
from typing import Any, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examhall.base.db import Connection
from examhall.base.hindrance import Hindrance
from examhall.base.requests import Requests
from examhall.base.statements import STATEMENTS

Entry = TypeVar("Entry")
Outcome = TypeVar("Outcome")

# From here on a reply is our fault.
SERVER_ERROR = 500
# A collector that is away must not hold up our stop.
EXPORT_LIMIT_S = 3


class NoTracing(Hindrance):
    """EXAMHALL_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install 'examhall[tracing]'."""


def require_tracing() -> None:
    """Say before anything is started that it cannot be had."""
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter.otlp.proto.http") is None:
        raise NoTracing(NoTracing.__doc__)


class Tracing:
    """One process's spans, on their way to the collector in the background."""

    def __init__(self, endpoint: str, *, process: str, version: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        resource = Resource.create(
            {"service.name": "examhall", "service.version": version, "service.instance.id": process}
        )
        # Which requests are traced is chosen as everywhere: by OTEL_TRACES_SAMPLER.
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=EXPORT_LIMIT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self.tracer = self._provider.get_tracer("examhall")
        STATEMENTS.trace = self._statement

    async def close(self) -> None:
        """Send what is not sent yet."""
        STATEMENTS.trace = None
        await asyncio.to_thread(self._provider.shutdown)

    def around(self, app: ASGIApp, requests: Requests) -> ASGIApp:
        """The application, with a span for each request: a part of its caller's trace, if it names one."""
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind, StatusCode

        async def traced(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            with self.tracer.start_as_current_span(
                scope["method"], extract(carrier), kind=SpanKind.SERVER
            ) as span:

                async def seen(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        route = requests.template_of(scope)
                        span.update_name(f"{scope['method']} {route}")
                        span.set_attributes(
                            {
                                "http.request.method": scope["method"],
                                "http.route": route,
                                "http.response.status_code": message["status"],
                                "examhall.request_id": scope["request_id"].decode("latin-1"),
                            }
                        )
                        if message["status"] >= SERVER_ERROR:
                            span.set_status(StatusCode.ERROR)
                    await send(message)

                await app(scope, receive, seen)

        return traced

    def batches(
        self, write: Callable[[Connection, Sequence[Entry]], Awaitable[Sequence[Outcome]]]
    ) -> Callable[[Connection, Sequence[Entry]], Awaitable[Sequence[Outcome]]]:
        """What writes a batch, with a span for each: a trace of its own, as it belongs to many requests."""

        async def traced(conn: Connection, batch: Sequence[Entry]) -> Sequence[Outcome]:
            with self.tracer.start_as_current_span(
                "save batch", attributes={"examhall.batch.size": len(batch)}
            ):
                return await write(conn, batch)

        return traced

    def _statement(self, name: str, began: float, ended: float, rows: int) -> None:
        from opentelemetry.trace import SpanKind

        now_ns, now = time.time_ns(), time.perf_counter()
        attributes: dict[str, Any] = {
            "db.system.name": "postgresql",
            "db.operation.name": name,
            "db.response.returned_rows": rows,
        }
        span = self.tracer.start_span(
            name,
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=now_ns - int((now - began) * 1e9),
        )
        span.end(now_ns - int((now - ended) * 1e9))
