"""What the API says about itself: spans by OTLP, one JSON line a request, numbers for Prometheus.

Nothing here is special to Sightline: it is the plain OpenTelemetry set-up of a FastAPI service.
Health and metrics paths are left out of spans and lines. No query string, body or personal data
is written anywhere.
"""
import json
import os
import re
import sys
import time
from datetime import datetime, timezone

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics

SERVICE = "shop-api"
VERSION = "0.1.0"
QUIET_PATHS = ("/health/live", "/health/ready", "/health/startup", "/metrics")
# Also the longest that a stop may wait for a collector that is away.
EXPORT_LIMIT_SECONDS = 2
REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")


def trace_requests(app):
    """A SERVER span for each request, continuing the caller's `traceparent`. Returns the provider to shut down.

    Sampling is the SDK's default, parent-based always-on. Without OTEL_EXPORTER_OTLP_ENDPOINT spans
    are made and logged by id, and sent nowhere. OTEL_BSP_SCHEDULE_DELAY (ms) sets the batch delay.
    """
    # The stable names (http.request.method, url.path): the older ones carry whole URLs.
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE, "service.version": VERSION}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=EXPORT_LIMIT_SECONDS)))
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        excluded_urls=",".join(f"{re.escape(path)}$" for path in QUIET_PATHS),
        exclude_spans=["receive", "send"],
    )
    return provider


class RequestLines:
    """ASGI middleware: one JSON line on stdout for each request, when its answer has been sent."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or scope["path"] in QUIET_PATHS:
            return await self._app(scope, receive, send)
        started = time.perf_counter()
        status = 500  # what the server answers when the application raises

        async def send_and_note_status(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note_status)
        finally:
            write_line(scope, status, time.perf_counter() - started)


def write_line(scope, status, seconds):
    route = scope.get("route")
    span = trace.get_current_span().get_span_context()
    request_id = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    line = {
        "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "error" if status >= 500 else "warn" if status >= 400 else "info",
        "service": SERVICE,
        "request_id": request_id if REQUEST_ID.fullmatch(request_id) else None,
        "trace_id": trace.format_trace_id(span.trace_id) if span.is_valid else None,
        "span_id": trace.format_span_id(span.span_id) if span.is_valid else None,
        "method": scope["method"],
        "route": route.path if route else None,
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
    }
    error = sys.exc_info()[0]
    if error is not None:
        line["error"] = error.__name__
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Numbers:
    """What `/metrics` shows: the connection pool, and whether the shop sells anything."""

    REASONS = ("declined", "out_of_stock", "empty_cart", "unknown_coupon", "error")

    def __init__(self, pool_numbers):
        disable_created_metrics()
        self.registry = CollectorRegistry()
        self.orders_placed = Counter("orders_placed", "Orders placed.", registry=self.registry)
        self.checkout_failures = Counter(
            "checkout_failures", "Checkouts that placed no order.", ["reason"], registry=self.registry
        )
        for reason in self.REASONS:
            self.checkout_failures.labels(reason)
        connections = Gauge(
            "db_client_connection_count", "Connections of the pool by state.", ["state"], registry=self.registry
        )
        connections.labels("used").set_function(lambda: pool_numbers()["used"])
        connections.labels("idle").set_function(lambda: pool_numbers()["idle"])
        Gauge("db_client_connection_max", "Connections the pool may have.", registry=self.registry).set_function(
            lambda: pool_numbers()["max"]
        )
        Gauge(
            "db_client_connection_pending_requests", "Requests that wait for a connection.", registry=self.registry
        ).set_function(lambda: pool_numbers()["waiting"])
