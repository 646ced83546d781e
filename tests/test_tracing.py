"""OpenTelemetry's instrumentation of httpx: a span for each attempt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from activepieces_client import Activepieces, APIConnectionError, sign_in
from activepieces_client.testing import StandIn

from .support.leaks import SECRETS
from .support.updates import ID, async_client, call


class Tracing:
    """Spans that are kept in memory."""

    def __init__(self) -> None:
        self.provider = TracerProvider(shutdown_on_exit=False)
        self._exporter = InMemorySpanExporter()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def check(self, service: StandIn, statuses: list[int | None]) -> None:
        """Assert one span an attempt, inside the caller's, with its context sent along."""
        *attempts, job = self._exporter.get_finished_spans()
        assert [status(span) for span in attempts] == statuses
        assert all(span.parent and job.context and span.parent.span_id == job.context.span_id for span in attempts)
        sent = [request.headers["traceparent"].split("-")[1:3] for request in service.requests]
        assert sent == [ids(span) for span in attempts]
        shown = "".join(span.to_json() for span in (*attempts, job))
        assert not any(secret in shown for secret in (*SECRETS, "Bearer"))


def ids(span: ReadableSpan) -> list[str]:
    """Write the ids of a span as a traceparent has them."""
    assert span.context
    return [f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"]


def status(span: ReadableSpan) -> object:
    """Return the response status of a span, under its old or its new name."""
    attributes = span.attributes or {}
    return attributes.get("http.response.status_code", attributes.get("http.status_code"))


@pytest.fixture
def service() -> Iterator[StandIn]:
    """A served stand-in: the instrumentation wraps httpx's own transports."""
    with StandIn().serve() as service:
        service.fail((503, {"retry-after": "0"}))
        yield service


@pytest.fixture
def tracing() -> Tracing:
    return Tracing()


@pytest.fixture
def instrumented(tracing: Tracing) -> Iterator[None]:
    """Instrument every httpx client of the process."""
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=tracing.provider)
    yield
    instrumentor.uninstrument()


def update(client: Activepieces, tracing: Tracing) -> None:
    with tracing.provider.get_tracer("test").start_as_current_span("job"):
        client.projects.update(ID, {"displayName": "Acme"})


def update_with(kind: str, service: StandIn, tracing: Tracing, **client: Any) -> None:
    with tracing.provider.get_tracer("test").start_as_current_span("job"):
        call(kind, service, "update", ID, {"displayName": "Acme"}, client=client)


@pytest.mark.usefixtures("instrumented")
def test_each_attempt_has_a_span(service: StandIn, tracing: Tracing, kind: str) -> None:
    update_with(kind, service, tracing)
    tracing.check(service, [503, 200])


@pytest.mark.usefixtures("instrumented")
def test_sign_in_has_a_span_without_the_password(service: StandIn, tracing: Tracing, kind: str) -> None:
    update_with(kind, service, tracing, api_key=sign_in(service.email, service.password))
    tracing.check(service, [503, 200, 200])


def test_client_that_is_instrumented_later_has_spans(service: StandIn, tracing: Tracing) -> None:
    with Activepieces(service.api_key, base_url=service.base_url) as client:
        client.projects.update(ID, {})
        service.requests.clear()
        HTTPXClientInstrumentor().instrument(tracer_provider=tracing.provider)
        try:
            update(client, tracing)
        finally:
            HTTPXClientInstrumentor().uninstrument()
    tracing.check(service, [200])


def test_instrumented_http_client_has_spans(service: StandIn, tracing: Tracing) -> None:
    with httpx.Client() as http_client:
        HTTPXClientInstrumentor.instrument_client(http_client, tracer_provider=tracing.provider)
        update_with("sync", service, tracing, http_client=http_client)
    tracing.check(service, [503, 200])


@pytest.mark.anyio
async def test_instrumented_async_http_client_has_spans(service: StandIn, tracing: Tracing) -> None:
    async with httpx.AsyncClient() as http_client:
        HTTPXClientInstrumentor.instrument_client(http_client, tracer_provider=tracing.provider)
        client = async_client(service, http_client=http_client)
        with tracing.provider.get_tracer("test").start_as_current_span("job"):
            await client.projects.update(ID, {"displayName": "Acme"})
    tracing.check(service, [503, 200])


@pytest.mark.usefixtures("instrumented")
def test_renewal_has_a_span_of_its_own(service: StandIn, tracing: Tracing) -> None:
    service.fail(401)
    keys = iter(["old", service.api_key])
    update_with("sync", service, tracing, api_key=lambda: next(keys))
    tracing.check(service, [503, 401, 200])


@pytest.mark.usefixtures("instrumented")
def test_span_of_a_failed_attempt_has_no_key(service: StandIn, tracing: Tracing) -> None:
    service.fail(httpx.ReadError)
    with pytest.raises(APIConnectionError):
        update_with("sync", service, tracing, max_retries=1)
    tracing.check(service, [503, None])
