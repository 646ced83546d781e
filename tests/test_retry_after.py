"""The header Retry-After (RFC 9110, section 10.2.3), and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from activepieces_client import APIStatusError, RateLimitError
from activepieces_client.testing import StandIn

from .support.updates import ID, Update, sync_client

DATES = {
    "IMF-fixdate": "%a, %d %b %Y %H:%M:%S GMT",
    "RFC 850": "%A, %d-%b-%y %H:%M:%S GMT",
    "asctime": "%a %b %e %H:%M:%S %Y",
    "zone -0000": "%a, %d %b %Y %H:%M:%S -0000",
    "zone +0000": "%a, %d %b %Y %H:%M:%S +0000",
}


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def time_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the machine in some time zone, which is nothing to the server."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("time_zone")
@pytest.mark.parametrize("form", DATES.values(), ids=DATES.keys())
def test_retry_after_date_is_read_as_utc(service: StandIn, form: str) -> None:
    service.fail((429, {"retry-after": time.strftime(form, time.gmtime(time.time() + 3000))}))
    with pytest.raises(RateLimitError) as caught:
        update(service, max_retries=0)
    assert caught.value.retry_after == pytest.approx(3000, abs=60)


@pytest.mark.parametrize("form", DATES.values(), ids=DATES.keys())
def test_retry_after_date_in_the_past_is_now(service: StandIn, waits: list[float], form: str) -> None:
    service.fail((503, {"retry-after": time.strftime(form, time.gmtime(time.time() - 3000))}))
    update(service)
    assert waits == [0]


@pytest.mark.parametrize("status", [400, 429, 503])
@pytest.mark.parametrize(("value", "seconds"), [("0", 0), ("1.5", 1.5), (" 7 ", 7), ("061", 61), ("3600", 3600)])
def test_error_has_retry_after(service: StandIn, status: int, value: str, seconds: float) -> None:
    service.fail((status, {"retry-after": value}))
    with pytest.raises(APIStatusError) as caught:
        update(service, max_retries=0)
    assert caught.value.retry_after == seconds


def test_error_without_the_header_has_none(service: StandIn) -> None:
    service.fail(429, 503)
    for _ in range(2):
        with pytest.raises(APIStatusError) as caught:
            update(service, max_retries=0)
        assert caught.value.retry_after is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("value", ["61", "60.5", "3600", "9" * 30, "9" * 400, "date", "far date"])
def test_wait_beyond_a_minute_is_an_error_at_once(service: StandIn, update: Update, status: int, value: str) -> None:
    if value == "date":
        value = time.strftime(DATES["IMF-fixdate"], time.gmtime(time.time() + 3000))
    if value == "far date":
        value = "Fri, 31 Dec 9999 23:59:59 GMT"
    service.fail((status, {"retry-after": value}))
    with pytest.raises(APIStatusError) as caught:
        update(service, ID, {}, max_retries=5)
    assert caught.value.status_code == status
    assert caught.value.attempts == 1
    assert caught.value.retry_after is not None
    assert caught.value.retry_after > 60
    assert len(service.requests) == 1


def test_wait_beyond_a_minute_ends_the_retries_too(service: StandIn, waits: list[float]) -> None:
    service.fail((503, {"retry-after": "2"}), (503, {"retry-after": "61"}))
    with pytest.raises(APIStatusError) as caught:
        update(service, max_retries=5)
    assert (caught.value.attempts, caught.value.retry_after, waits) == (2, 61, [2])


@pytest.mark.parametrize(("value", "seconds"), [("1.5", 1.5), ("0.25", 0.25), ("60", 60), ("60.0", 60), ("0", 0)])
def test_retry_after_is_waited_for(service: StandIn, waits: list[float], value: str, seconds: float) -> None:
    service.fail((429, {"retry-after": value}))
    update(service)
    assert waits == [seconds]


MALFORMED = [
    "",
    "soon",
    "-5",
    "+5",
    "-0.5",
    "1,5",
    "1e1",
    "1_0",
    "0x10",
    "5 6",
    "5s",
    "nan",
    "inf",
    "-inf",
    "Infinity",
    "Tue, 24 Nov 2026",
    "Tue, 24 Nov 2026 25:61:61 GMT",
    "Tue, 24 Nov 99999 10:00:00 GMT",
    "Tue, 00 Nov 0000 10:00:00 GMT",
    "\u0663",
]


@pytest.mark.parametrize("value", MALFORMED)
def test_malformed_retry_after_is_ignored(service: StandIn, waits: list[float], value: str) -> None:
    header = httpx.Headers([(b"Retry-After", value.encode())])
    service.fail(*[httpx.Response(429, headers=header, json={}) for _ in range(2)])
    with pytest.raises(RateLimitError) as caught:
        update(service, max_retries=1)
    assert caught.value.retry_after is None
    assert len(waits) == 1
    assert 0 <= waits[0] <= 0.5  # the first backoff


def update(service: StandIn, max_retries: int = 2) -> None:
    """Make an update in this thread, so that `waits` records its waits."""
    sync_client(service).projects.update(ID, {}, max_retries=max_retries)
