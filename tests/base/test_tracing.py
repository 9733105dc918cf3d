"""Traces as a collector gets them: over HTTP, by OTLP, from the whole application."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from examhall.accounts.people import create_person
from examhall.accounts.tokens import Signer
from examhall.app import Hall, create_app
from examhall.base.statements import STATEMENTS
from examhall.exams.exam_file import read_exam_file
from examhall.exams.importing import import_exam
from examhall.settings import Settings

from ..doors.conftest import EXAM, FOLDER, SECRET

pytestmark = pytest.mark.anyio
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector(ThreadingHTTPServer):
    """Keeps what is sent to it, as OpenTelemetry's own would."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        serving = threading.Thread(target=collector.serve_forever)
        serving.start()
        yield collector
        collector.shutdown()
        serving.join()


def attributes(span: Span) -> dict[str, object]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value") or "") for each in span.attributes}


async def test_requests_statements_and_batches_of_saves_are_spans(
    dsn: str, tmp_path: Path, collector: Collector
) -> None:
    endpoint = f"http://127.0.0.1:{collector.server_address[1]}"
    settings = replace(Settings(data=tmp_path, given_secret=SECRET), database_url=dsn, otlp_endpoint=endpoint)
    hall = Hall(settings)
    async with hall.opened():
        async with hall.database.transaction() as conn:
            alice = await create_person(conn, username="alice", full_name="Alice", roles=["candidate"])
            exam_id = await import_exam(conn, read_exam_file(EXAM, folder=FOLDER), created_by=None)
        token = Signer(SECRET).access_token(alice, uuid4(), ["candidate"])
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(hall)), base_url="http://testserver",
            headers={"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"},
        ) as client:  # fmt: skip
            sitting = (await client.post(f"/api/v1/exams/{exam_id}/sessions")).json()
            saved = await client.post(
                f"/sessions/{sitting['session_id']}/answers/",
                json={"question_number": 1, "answer": "A", "revision": 1},
                headers={"x-request-id": "the-save"},
            )
            assert saved.status_code == 200
    # Closing the hall sent what was left.
    spans = {span.name: span for span in collector.spans}
    save = spans["POST /api/v1/sessions/{session_id}/answers/"]
    assert save.trace_id.hex() == TRACE
    assert attributes(save)["http.response.status_code"] == 200
    assert attributes(save)["examhall.request_id"] == "the-save"

    start = spans["POST /api/v1/exams/{exam_id}/sessions"]
    assert start.parent_span_id.hex() == "b7ad6b7169203331"
    within = {span.name for span in collector.spans if span.parent_span_id == start.span_id}
    assert any(name.startswith("start.") for name in within)

    batch = spans["save batch"]
    assert attributes(batch)["examhall.batch.size"] == 1
    assert spans["autosave.save_batch"].parent_span_id == batch.span_id
    # No path, no parameter, nobody's name.
    assert not any("alice" in str(span).lower() for span in collector.spans)
    assert STATEMENTS.trace is None


async def test_without_a_collector_asked_for_nothing_is_traced(dsn: str, tmp_path: Path) -> None:
    hall = Hall(replace(Settings(data=tmp_path, given_secret=SECRET), database_url=dsn))
    assert hall.tracing is None
    assert STATEMENTS.trace is None
    await hall.database.close()
