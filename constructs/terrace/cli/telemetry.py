"""Spans of a command for OpenTelemetry, sent to a collector if TERRACE_TELEMETRY is set.

A span has the command's name, its exit code and the names of stacks, no arguments and no values. The endpoint and its
headers are those of the OpenTelemetry specification, such as OTEL_EXPORTER_OTLP_ENDPOINT. A collector that cannot be
reached never changes what a command does.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from terrace import __version__, spans
from terrace.distribution import require
from terrace.variables import TELEMETRY

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer


@contextmanager
def recording(command: str) -> Iterator[Callable[[int], None]]:
    """Record the block as the span of a command; the function that it gets sets the exit code.

    TRACEPARENT, in the format of W3C Trace Context, names the span of the job that runs the command.
    Raises MissingExtra if OpenTelemetry is not installed.
    """
    if not TELEMETRY.read():
        yield lambda code: None
        return
    require("telemetry", TELEMETRY.name)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.trace import Status, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    resource = Resource.create({"service.name": "terrace", "service.version": __version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("terrace")
    parent = TraceContextTextMapPropagator().extract({"traceparent": os.environ.get("TRACEPARENT", "")})
    try:
        with tracer.start_as_current_span(f"terrace {command}", context=parent) as whole:

            def ended(code: int) -> None:
                whole.set_attribute("process.exit.code", code)
                whole.set_status(Status(StatusCode.ERROR if code > 1 else StatusCode.OK))

            spans.record_with(lambda name, attributes: _part(tracer, name, attributes))
            yield ended
    finally:
        spans.record_with(None)
        provider.shutdown()


@contextmanager
def _part(tracer: "Tracer", name: str, attributes: dict[str, str]) -> Iterator[None]:
    # an error's message may name values
    with tracer.start_as_current_span(name, attributes=attributes, record_exception=False):
        yield
