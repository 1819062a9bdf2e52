"""The simulated systems send back the trace context of the request they answer, restarted or not."""

from contextlib import aclosing
from pathlib import Path

from activities.adapters import Adapters
from models.systems import System
from processes.serving import serving
from telemetry import traces
from tests.activities.simulated import CODE, Gateway, Stage, leg_message, read, settings_for, simulator, stage


async def echoed(play: Stage) -> None:
    """Every event carries the context of the request that made the system owe it."""
    (request,) = [seen for seen in (await play.settled()).requests if seen.method == "POST"]
    assert request.traceparent is not None
    assert traces.trace_id(CODE) in request.traceparent
    assert {event.traceparent for event in play.gateway.events} == {request.traceparent}


async def test_events_echo_the_context_of_their_request() -> None:
    async with stage() as play:
        await play.adapters.agencies[System.RESIDENCE].submit(leg_message(System.RESIDENCE), read)
        await echoed(play)
        assert len(play.gateway.events) == 2


async def test_they_do_so_after_a_restart(tmp_path: Path) -> None:
    book, gateway = tmp_path / "book.db", Gateway()
    async with simulator("http://127.0.0.1:1", book) as url, Adapters(settings_for(url)) as adapters:
        await adapters.agencies[System.RESIDENCE].submit(leg_message(System.RESIDENCE), read)
    async with (
        serving(gateway.app) as gateway_url,
        simulator(gateway_url, book) as url,
        Adapters(settings_for(url)) as adapters,
        aclosing(Stage(url, gateway, adapters)) as play,
    ):
        await gateway.steps(2)
        await echoed(play)
