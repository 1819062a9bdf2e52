"""How answers and failures of an agency become replies and errors."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import respx
from pydantic import BaseModel
from temporalio.exceptions import ApplicationErrorCategory

from activities.http import (
    MAX_ANSWER_BYTES,
    MAX_RETRY_AFTER,
    SLOW_RETRY,
    AgencyClient,
    AgencyError,
    AgencyNotReady,
    AgencyRejected,
    AgencyReply,
    AgencyUnavailable,
    AgencyUnreadable,
    as_application_error,
)
from models.systems import System
from models.trouble import AgencyErrorKind
from tests.activities.simulated import CODE, head

BASE = "http://agency.test/residence"
PERSONAL = "Trần Văn Mẫu 001092000001"


class Taken(BaseModel):
    """A contract to read."""

    number: int


@pytest.fixture
async def client() -> AsyncIterator[AgencyClient]:
    async with AgencyClient(System.RESIDENCE, BASE, timeout=0.5) as opened:
        yield opened


async def told(client: AgencyClient, **answer: object) -> AgencyReply:
    """The reply to a message answered in that way."""
    with respx.mock:
        respx.post(f"{BASE}/dossiers").respond(**answer)  # type: ignore[arg-type]
        return await client.post("/dossiers", {"a": 1}, head())


async def failed(client: AgencyClient, **answer: object) -> AgencyError:
    """The error of a message answered in that way."""
    with pytest.raises(AgencyError) as caught:
        (await told(client, **answer)).read(Taken)
    return caught.value


@respx.mock
async def test_a_message_carries_key_trace_and_both_codes(client: AgencyClient) -> None:
    route = respx.post(f"{BASE}/dossiers").respond(json={"number": 1})
    message = head(provincial_code="H26.11.02-261119-0001")
    for _ in range(2):
        await client.post("/dossiers", {"tên": "Đặng"}, message)
    first, second = (call.request for call in route.calls)
    assert first.headers["Idempotency-Key"] == message.key
    assert first.headers["X-Dossier-Code"] == CODE
    assert first.headers["X-Provincial-Code"] == "H26.11.02-261119-0001"
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", first.headers["traceparent"])
    assert first.headers["traceparent"] == second.headers["traceparent"]
    assert first.content.decode() == '{"tên":"Đặng"}'


@respx.mock
async def test_one_trace_per_dossier_one_span_per_message(client: AgencyClient) -> None:
    route = respx.get(f"{BASE}/x").respond(json={})
    for message in (head("a"), head("b"), head("a", code="G22.99.08-261119-000002")):
        await client.get("/x", message)
    traces = [call.request.headers["traceparent"].split("-") for call in route.calls]
    assert traces[0][1] == traces[1][1] != traces[2][1]
    assert traces[0][2] != traces[1][2]
    assert "Idempotency-Key" not in route.calls[0].request.headers


async def test_an_answer_is_read_as_its_contract(client: AgencyClient) -> None:
    reply = await told(client, status_code=201, json={"number": 7, "other": "ignored"})
    assert (reply.status, reply.read(Taken)) == (201, Taken(number=7))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_system_that_cannot_serve_is_unavailable(client: AgencyClient, status: int) -> None:
    error = await failed(client, status_code=status, html="<h1>oops</h1>")
    assert isinstance(error, AgencyUnavailable)
    assert (error.status, error.retry_delay) == (status, None)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422])
async def test_other_client_errors_are_rejections_tried_slowly(client: AgencyClient, status: int) -> None:
    error = await failed(client, status_code=status, text="no")
    assert isinstance(error, AgencyRejected)
    assert (error.status, error.retry_delay, error.problem) == (status, SLOW_RETRY, None)


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 302, "headers": {"Location": "https://login.test"}},
        {"status_code": 403, "html": "<h1>Chặn bởi tường lửa</h1>"},
        {"status_code": 200, "html": "<h1>Bảo trì</h1>"},
        {"status_code": 200, "text": '{"number": 1}'},
        {"status_code": 200, "content": b'{"number": 1}'},
        {"status_code": 200, "content": b"{", "content_type": "application/json"},
        {"status_code": 200, "content": b'{"number": "\xff"}', "content_type": "application/json"},
        {"status_code": 200, "json": {"ma": 1}},
        {"status_code": 200, "json": [1]},
        {"status_code": 204},
        {"status_code": 200, "content": b"[" * 5000, "content_type": "application/json"},
        {"status_code": 200, "content": b" " * MAX_ANSWER_BYTES + b'{"number": 1}', "content_type": "application/json"},
        {"status_code": 200, "stream": httpx.ByteStream(b"not gzip"), "headers": {"Content-Encoding": "gzip"}},
    ],
    ids=lambda answer: str(answer)[:60],
)
async def test_what_is_not_the_contract_is_unreadable(client: AgencyClient, answer: dict[str, object]) -> None:
    error = await failed(client, **answer)
    assert isinstance(error, AgencyUnreadable)
    assert error.retry_delay is None


async def test_an_answer_of_the_largest_size_is_read(client: AgencyClient) -> None:
    body = b'{"number": 1}'.ljust(MAX_ANSWER_BYTES)
    assert (await told(client, content=body, content_type="application/json; charset=utf-8")).read(Taken).number == 1


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "120"}, timedelta(seconds=120)),
        ({"Retry-After": "0"}, timedelta(0)),
        (
            {"Retry-After": "Thu, 19 Nov 2026 02:31:30 GMT", "Date": "Thu, 19 Nov 2026 02:30:00 GMT"},
            timedelta(seconds=90),
        ),
        ({"Retry-After": "Thu, 19 Nov 2020 02:30:00 GMT"}, timedelta(0)),
        ({"Retry-After": "Thu, 19 Nov 2099 02:30:00 GMT"}, MAX_RETRY_AFTER),
        ({"Retry-After": "999999999999"}, MAX_RETRY_AFTER),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "9" * 5000}, None),
        ({"Retry-After": "Thu, 19 Nov 99999999999999 02:30:00 GMT"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_honoured_in_both_forms(
    client: AgencyClient, status: int, headers: dict[str, str], expected: timedelta | None
) -> None:
    error = await failed(client, status_code=status, headers=headers)
    assert error.retry_delay == expected
    assert as_application_error(error, System.RESIDENCE).next_retry_delay == expected


async def test_a_problem_document_is_kept_but_only_its_type_is_shown(client: AgencyClient) -> None:
    body = {"type": "https://cutru.test/thieu-truong", "title": PERSONAL, "detail": PERSONAL, "status": 422, "x": 1}
    error = await failed(client, status_code=422, json=body, content_type="application/problem+json")
    assert isinstance(error, AgencyRejected)
    assert error.problem is not None
    assert (error.problem.type, error.problem.title) == ("https://cutru.test/thieu-truong", PERSONAL)
    shown = as_application_error(error, System.RESIDENCE)
    assert "https://cutru.test/thieu-truong" in shown.message
    assert "Mẫu" not in shown.message
    assert "001092000001" not in shown.message


@pytest.mark.parametrize("body", [{"type": f"về {PERSONAL}"}, {"type": "a" * 300}, {"title": "?"}])
async def test_a_problem_type_that_is_no_uri_is_not_shown(client: AgencyClient, body: dict[str, str]) -> None:
    error = await failed(client, status_code=400, json=body, content_type="application/problem+json")
    assert error.problem is not None
    assert error.problem.type == "about:blank"


@pytest.mark.parametrize("body", [{"type": 1}, [PERSONAL], "x"])
async def test_a_broken_problem_document_is_still_a_rejection(client: AgencyClient, body: object) -> None:
    error = await failed(client, status_code=400, json=body, content_type="application/problem+json")
    assert isinstance(error, AgencyRejected)
    assert error.problem is None


@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut off")]
)
@respx.mock
async def test_network_failures_are_unavailable(client: AgencyClient, failure: Exception) -> None:
    respx.post(f"{BASE}/dossiers").mock(side_effect=failure)
    with pytest.raises(AgencyUnavailable):
        await client.post("/dossiers", {}, head())


async def test_a_system_that_drips_its_answer_runs_into_the_time_of_the_whole_call() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with server, AgencyClient(System.RESIDENCE, f"http://{host}:{port}", timeout=0.2) as client:
        with pytest.raises(AgencyUnavailable):
            await client.get("/x", head())


async def test_an_unreadable_answer_does_not_travel_with_the_error(client: AgencyClient) -> None:
    error = await failed(client, json={"number": PERSONAL})
    shown = as_application_error(error, System.RESIDENCE)
    assert error.__cause__ is None
    assert error.__suppress_context__
    assert "Mẫu" not in shown.message
    assert shown.details == ()


@pytest.mark.parametrize(
    ("error", "kind", "delay", "category"),
    [
        (AgencyUnavailable("x", dossier_code=CODE), AgencyErrorKind.UNAVAILABLE, None, "UNSPECIFIED"),
        (
            AgencyUnavailable("x", dossier_code=CODE, retry_after=timedelta(hours=3)),
            AgencyErrorKind.UNAVAILABLE,
            timedelta(hours=3),
            "UNSPECIFIED",
        ),
        (
            AgencyUnavailable("x", dossier_code=CODE, retry_after=timedelta(seconds=3)),
            AgencyErrorKind.UNAVAILABLE,
            timedelta(seconds=3),
            "UNSPECIFIED",
        ),
        (AgencyNotReady("x", dossier_code=CODE), AgencyErrorKind.NOT_READY, None, "BENIGN"),
        (AgencyUnreadable("x", dossier_code=CODE), AgencyErrorKind.UNREADABLE, None, "UNSPECIFIED"),
        (AgencyRejected("x", dossier_code=CODE, status=409), AgencyErrorKind.REJECTED, SLOW_RETRY, "UNSPECIFIED"),
    ],
)
def test_an_error_says_to_temporal_what_it_is(
    error: AgencyError, kind: AgencyErrorKind, delay: timedelta | None, category: str
) -> None:
    shown = as_application_error(error, System.SOCIAL_INSURANCE)
    assert shown.type == kind.value
    assert shown.next_retry_delay == delay
    assert shown.category is ApplicationErrorCategory[category]
    assert shown.non_retryable == (delay is not None and delay > timedelta(minutes=1))
    assert shown.message.startswith(f"{System.SOCIAL_INSURANCE.label}, hồ sơ {CODE}: ")


def test_a_pause_of_ours_gives_way_to_one_that_is_asked_for() -> None:
    ours, asked = timedelta(minutes=15), timedelta(seconds=3)
    away = AgencyUnavailable("x", dossier_code=CODE)
    told = AgencyUnavailable("x", dossier_code=CODE, retry_after=asked)
    errors = [as_application_error(error, System.RESIDENCE, ours) for error in (away, told)]
    assert [error.next_retry_delay for error in errors] == [ours, asked]
    assert not any(error.non_retryable for error in errors)
