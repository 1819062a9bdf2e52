"""The gateway: HTTP in. CloudEvents from agencies, VNeID and the payment platform become facts for their dossier.

2xx only when the dossier has accepted the fact; 4xx with a problem document (RFC 9457) when it is wrong; 503 when
nobody could judge it yet. Run with `python gateway.py`, or by `lienthong dev`. SIGTERM and Ctrl-C stop it gracefully:
it takes no new requests and answers those it has.
"""

import asyncio
import hashlib
import logging
import sys
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from temporalio.runtime import Runtime, TelemetryConfig

from inbox import DirectInbox, Inbox, NotDelivered
from ledger.arrivals import fact_from, wrong_fields
from ledger.documents import DocumentStore
from ledger.engine import check_schema, open_engine
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.documents import MAX_DOCUMENT_BYTES
from models.events import EVENT_MEDIA_TYPE, SCHEMAS, CloudEvent, event_schemas
from models.facts import Accepted, FactRefusal, FactRefused, InboundFact
from processes.lifecycle import Stop, leave
from processes.probes import PROBLEM_MEDIA_TYPE, Problem, Reason, Surroundings, probes
from processes.serving import serving
from replacements import Replacements
from settings import BadSettings, Settings
from telemetry import logs, traces
from workflows.plugin import connect, core_logs

SERVICE = "lienthong-gateway"

MAX_EVENT_BYTES = 2 * MAX_DOCUMENT_BYTES
"""The largest event taken: the largest document in base64, and room around it."""

logger = logging.getLogger("lienthong.gateway")

UNREADABLE = 400
TOO_LARGE = 413
WRONG_MEDIA_TYPE = 415
TRY_AGAIN = 503

_STATUS = {
    FactRefusal.UNKNOWN_DOSSIER: 404,
    FactRefusal.UNKNOWN_LEG: 404,
    FactRefusal.WRONG_SENDER: 403,
    FactRefusal.WRONG_PERSON: 403,
    FactRefusal.WRONG_DOSSIER: 409,
    FactRefusal.ALREADY_ANSWERED: 409,
    FactRefusal.OUT_OF_TURN: 409,
    FactRefusal.ENDED: 409,
    FactRefusal.CONTRADICTS: 409,
    FactRefusal.NOTHING_OWED: 409,
    FactRefusal.ALREADY_PAID: 409,
    FactRefusal.MESSAGE_REUSED: 409,
}
_STATUS_OF_OTHERS = 422


class Answered(Exception):
    """The request ends here with this problem."""

    def __init__(self, status: int, type_: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(type=f"urn:lienthong:{type_}", title=type_, status=status, detail=detail)


class Doors:
    """What the gateway works with while it runs."""

    def __init__(self, inbox: Inbox, documents: DocumentStore) -> None:
        self.inbox = inbox
        self.documents = documents


class GatewayProcess:
    """The process as its supervisor sees it (`probes.Process`)."""

    def __init__(self, stop: Stop, surroundings: Surroundings) -> None:
        self._stop = stop
        self._surroundings = surroundings

    @property
    def dead(self) -> Collection[Reason]:
        """It has one part only: if it answers, it lives."""
        return ()

    async def unready(self) -> Collection[Reason]:
        """Stopping, or without what it needs."""
        return (Reason.STOPPING,) if self._stop.asked.is_set() else await self._surroundings.missing()


def create_app(doors: Doors, process: GatewayProcess) -> FastAPI:
    """The application with its doors open."""
    app = FastAPI(title="Liên thông – cổng nhận sự kiện", version="1", docs_url=None, redoc_url=None)
    app.state.doors = doors
    app.include_router(probes(process))

    @app.exception_handler(Answered)
    async def answered(request: Request, answer: Answered) -> JSONResponse:
        return JSONResponse(
            answer.problem.model_dump(), status_code=answer.problem.status, media_type=PROBLEM_MEDIA_TYPE
        )

    @app.exception_handler(DatabaseUnusable)
    async def ledger_away(request: Request, error: DatabaseUnusable) -> JSONResponse:
        logger.warning("sổ chưa dùng được: %s", error)
        return await answered(request, Answered(TRY_AGAIN, "not_delivered", "Sổ hồ sơ chưa dùng được; hãy gửi lại."))

    @app.post(
        "/events",
        responses={status: {"model": Problem} for status in (400, 403, 404, 409, 413, 415, 422, 503)},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {EVENT_MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(model="Event")}}},
            }
        },
    )
    async def take_event(request: Request, at: Annotated[Doors, Depends(_doors)]) -> Accepted:
        """Take one CloudEvent (structured JSON mode); documents inside it are stored by content."""
        _expect_media_type(request)
        body = await _body(request)
        try:
            event = await _event(body, at.inbox)
            with _traced(event, request):
                return await at.inbox.deliver(await _fact(event, body, at), sender_of(event))
        except FactRefused as refusal:
            status = _STATUS.get(refusal.reason, _STATUS_OF_OTHERS)
            raise Answered(status, refusal.reason.value, refusal.text) from None
        except NotDelivered as reason:
            raise Answered(TRY_AGAIN, "not_delivered", str(reason)) from None

    contract = app.openapi()
    contract["components"]["schemas"] |= event_schemas()
    return app


def sender_of(event: CloudEvent) -> str:
    """Who sends. The seam for sender authentication, a later issue: today, whom the event names as its source."""
    return event.source


def _traced(event: CloudEvent, request: Request) -> AbstractContextManager[object]:
    """Take the event as part of its dossier's trace: where its sender says it came from, the last hop first."""
    stated = (request.headers.get("traceparent"), event.traceparent)
    return traces.receiving(f"receive {event.type.fact_kind.value}", event.subject, stated)


def _doors(request: Request) -> Doors:
    doors: Doors = request.app.state.doors
    return doors


def _expect_media_type(request: Request) -> None:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != EVENT_MEDIA_TYPE:
        raise Answered(WRONG_MEDIA_TYPE, "wrong_media_type", f"Gửi sự kiện với Content-Type {EVENT_MEDIA_TYPE}.")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_EVENT_BYTES:
            raise Answered(TOO_LARGE, "too_large", f"Sự kiện lớn hơn {MAX_EVENT_BYTES // 2**20} MiB.")
    return bytes(body)


async def _event(body: bytes, inbox: Inbox) -> CloudEvent:
    """The envelope. One that cannot be read is recorded under its digest, since it has no id to go by."""
    try:
        return CloudEvent.model_validate_json(body)
    except ValidationError as error:
        text = f"Không phải CloudEvents đúng cấu trúc; sai ở: {wrong_fields(error)}."
        refusal = FactRefused(FactRefusal.MALFORMED, text)
        digest = hashlib.sha256(body).hexdigest()
        await inbox.refuse(f"unreadable:{digest}", digest, "unknown", None, "unknown", refusal)
        raise Answered(UNREADABLE, refusal.reason.value, refusal.text) from None


async def _fact(event: CloudEvent, body: bytes, at: Doors) -> InboundFact:
    """The fact in the envelope; a wrong one is recorded as refused."""
    try:
        return await asyncio.to_thread(fact_from, event, at.documents)
    except FactRefused as refusal:
        kind = event.type.fact_kind
        await at.inbox.refuse(
            event.id, hashlib.sha256(body).hexdigest(), kind.value, event.subject, sender_of(event), refusal
        )
        raise


async def serve(settings: Settings) -> None:
    """Serve until told to stop. Raises DatabaseUnusable, RuntimeError (Temporal), OSError (the port is taken)."""
    stop = Stop(settings.stop_grace)
    engine = open_engine(settings.ledger_url, settings.connections("gateway"))
    await asyncio.to_thread(check_schema, engine)
    client = await connect(settings.temporal_address, settings.temporal_namespace)
    ledger = Ledger(engine)
    doors = Doors(DirectInbox(client, ledger, Replacements.of(ledger, settings)), DocumentStore(settings.documents))
    app = create_app(doors, GatewayProcess(stop, Surroundings(engine, client)))
    async with serving(app, settings.gateway_host, settings.gateway_port, settings.stop_grace):
        logger.info("cổng nhận sự kiện sẵn sàng: http://%s:%d", settings.gateway_host, settings.gateway_port)
        await stop.asked.wait()
        logger.info("cổng nhận sự kiện đang dừng")


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 after a graceful stop, 1 when something it needs is missing, 2 for bad arguments or settings."""
    if arguments:
        sys.stderr.write("gateway.py không nhận tham số; cấu hình bằng biến môi trường. Xem: lienthong settings.\n")
        return 2
    try:
        settings = Settings()
    except BadSettings as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.configure(settings, SERVICE)
    traces.configure(SERVICE)
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=core_logs())))
    try:
        asyncio.run(serve(settings))
    except (DatabaseUnusable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except RuntimeError as error:
        sys.stderr.write(f"Temporal ({settings.temporal_address}): {error}\n")
        return 1
    finally:
        traces.close()
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
