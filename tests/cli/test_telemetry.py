"""Spans of commands, as a collector receives them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.cli.conftest import Command
from tests.deployment.test_lifecycle import two


class Collector:
    """A server that receives spans over OTLP and HTTP."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = ExportTraceServiceRequest.FromString(body)
                for resource in request.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def variables(self) -> dict[str, str]:
        return {
            "TERRACE_TELEMETRY": "1",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        }

    def named(self, name: str) -> Any:
        (found,) = [span for span in self.spans if span.name == name]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.server.shutdown()
    made.server.server_close()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_command_is_a_span_with_its_parts(terrace: Command, collector: Collector) -> None:
    terrace.small.stack(two())
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    variables = collector.variables | {"TRACEPARENT": f"00-{trace}-{parent}-01"}
    assert terrace.run("plan", "dev", **variables).returncode == 1
    whole = collector.named("terrace plan")
    assert attributes(whole) == {"process.exit.code": 1}
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (trace, parent)
    planned = collector.named("terraform plan")
    assert attributes(planned) == {"terrace.stack": "dev"}
    assert planned.parent_span_id == whole.span_id
    assert whole.start_time_unix_nano < planned.start_time_unix_nano < planned.end_time_unix_nano
    assert attributes(collector.named("synthesize")) == {"terrace.stacks": "dev"}


def test_a_failure_is_an_error_without_its_message(terrace: Command, collector: Collector) -> None:
    assert terrace.run("plan", "nope", **collector.variables).returncode == 2
    (span,) = collector.spans
    assert (span.status.code, span.status.message, list(span.events)) == (2, "", [])


def test_nothing_is_sent_by_default(terrace: Command, collector: Collector) -> None:
    variables = collector.variables | {"TERRACE_TELEMETRY": ""}
    assert terrace.run("env", "list", **variables).returncode == 0
    assert collector.spans == []


def test_a_collector_that_cannot_be_reached_changes_no_result(terrace: Command) -> None:
    variables = {
        "TERRACE_TELEMETRY": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
    }
    completed = terrace.run("env", "list", **variables)
    assert (completed.returncode, completed.stdout) == (0, terrace.run("env", "list").stdout)
