"""The gateway: HTTP in. CloudEvents from agencies, VNeID and the payment platform become facts for their dossier.

Only from senders we know, signed by Standard Webhooks (`trust/senders.py`), each for what is its own
(`models/senders.py`); strangers learn nothing. 200 only when the dossier has accepted the fact; 4xx with a problem
document (RFC 9457) when it is wrong; 202 when nobody could judge it yet: then it is stored, delivered by a part of this
process, and the verdict shows at the address in `Location`; 503 when the sender has to keep it. Run with `python
gateway.py`, or by `lienthong dev`. SIGTERM and Ctrl-C stop it gracefully: it takes no new requests and answers those it
has.
"""

import asyncio
import hashlib
import logging
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from temporalio.common import MetricMeter
from temporalio.runtime import Runtime

from inbox import STATUS_PATH, Inbox, NotDelivered
from ledger.arrivals import Enclosed, Judge, fact_from, wrong_fields
from ledger.documents import DocumentStore
from ledger.engine import check_schema, open_engine
from ledger.errors import DatabaseUnusable, UnknownDossier
from ledger.store import Ledger
from models.contract import SIGNED, complete
from models.documents import MAX_DOCUMENT_BYTES, Sha256
from models.events import EVENT_MEDIA_TYPE, SCHEMAS, CloudEvent
from models.facts import Accepted, FactRefusal, FactRefused, InboundFact
from models.inbox import Standing, Stored
from models.senders import MESSAGE_ID, SIGNATURE, TIMESTAMP, Sender, Turned
from processes.answers import Answered, answered, read_body, say_problems
from processes.deliverer import Deliverer, delivering
from processes.lifecycle import Stop, leave
from processes.probes import NotReady, Problem, Reason, Surroundings, probes
from processes.serving import serving
from processes.temporal import connect_as_set
from replacements import Replacements
from settings import BadSettings, Settings
from telemetry import logs, traces
from telemetry.metrics import MetricsOff, TurnedAwayCount, metered_runtime
from trust.callers import Proxies
from trust.examiner import Papers
from trust.guard import Guard, TurnedAway
from trust.key_errors import MasterKeyMixedUp
from trust.keys import OF_OTHERS, master_keys
from trust.roots import TrustUnusable
from trust.senders import TOLERANCE, Senders, SendersUnusable

SERVICE = "lienthong-gateway"

MAX_EVENT_BYTES = 2 * MAX_DOCUMENT_BYTES
"""The largest event taken: the largest document in base64, and room around it."""

logger = logging.getLogger("lienthong.gateway")

MAX_EVENT_OF_OVERRUN = 64 * 1024
"""The largest event read from where strangers come too often: a sender may be there too."""

_REFUSED_MESSAGE = b"lienthong refused message"
_BODY_SECONDS = 60
"""How long a sender may take to send an event."""

_PAPERS_AT_ONCE = 2
"""Threads that judge papers, beside those that do all else: one paper may take seconds."""

UNREADABLE = 400
UNAUTHENTICATED = 401
TOO_MANY = 429
TOO_SLOW = 408
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

_MEDIA_TYPES = frozenset({EVENT_MEDIA_TYPE, f"{EVENT_MEDIA_TYPE};charset=utf-8"})

_HOW_TO_SIGN = (
    f"Không xác thực được bên gửi. Cần: thân UTF-8 có source là mã bên gửi đã đăng ký; {MESSAGE_ID}, {TIMESTAMP}, "
    f"{SIGNATURE} theo Standard Webhooks, ký bằng khóa đang có hiệu lực; chứng thư máy khách nếu đã đăng ký."
)
"""All a stranger is told, and a sender who cannot prove to be one."""

_NO_SENDERS = (
    "Cổng nhận sự kiện cần LIENTHONG_SENDERS: tệp các bên gửi và khóa của họ (docs/running.md). "
    "Tạo khóa: lienthong senders key; kiểm tra tệp: lienthong senders check."
)

_TOKEN = re.compile(r"[\w-]{1,80}", re.ASCII)


class Doors:
    """What the gateway works with while it runs."""

    def __init__(
        self,
        inbox: Inbox,
        ledger: Ledger,
        documents: DocumentStore,
        papers: Judge,
        guard: Guard,
        turned_away: TurnedAwayCount,
    ) -> None:
        self.inbox = inbox
        self.ledger = ledger
        self.documents = documents
        self.papers = papers
        self.guard = guard
        self.turned_away = turned_away
        self._judging = ThreadPoolExecutor(_PAPERS_AT_ONCE, "papers")

    async def read(self, event: CloudEvent) -> tuple[InboundFact, Mapping[Sha256, bytes]]:
        """The fact in an event and what it encloses. One with papers to judge waits for those before it, nobody else.

        Raises FactRefused, OSError, DatabaseUnusable.
        """
        fact = event.data.get("fact")
        threads = self._judging if isinstance(fact, Mapping) and "documents" in fact else None
        return await asyncio.get_running_loop().run_in_executor(threads, self._read, event)

    def _read(self, event: CloudEvent) -> tuple[InboundFact, Mapping[Sha256, bytes]]:
        enclosed = Enclosed(self.documents)
        fact = fact_from(event, enclosed, self.papers)
        return fact, enclosed.contents


class GatewayProcess:
    """The process as its supervisor sees it (`probes.Process`)."""

    def __init__(self, stop: Stop, surroundings: Surroundings, deliverer: Deliverer) -> None:
        self._stop = stop
        self._surroundings = surroundings
        self._deliverer = deliverer

    @property
    def dead(self) -> Collection[Reason]:
        """What answers lives; its deliverer may have died."""
        return self._deliverer.dead

    async def unready(self) -> Collection[Reason]:
        """Stopping, or without what it needs."""
        return (Reason.STOPPING,) if self._stop.asked.is_set() else await self._surroundings.missing()


def create_app(doors: Doors, process: GatewayProcess) -> FastAPI:
    """The application with its doors open."""
    app = FastAPI(title="Liên thông – cổng nhận sự kiện", version="1", docs_url=None, redoc_url=None)
    app.state.doors = doors
    app.include_router(probes(process))

    say_problems(app)

    @app.exception_handler(DatabaseUnusable)
    async def ledger_away(request: Request, error: DatabaseUnusable) -> JSONResponse:
        logger.warning("sổ chưa dùng được: %s", error)
        return await answered(request, Answered(TRY_AGAIN, "not_delivered", "Sổ hồ sơ chưa dùng được; hãy gửi lại."))

    @app.post(
        "/events",
        response_model=Accepted,
        responses={
            202: {"model": Stored, "headers": {"Location": {"schema": {"type": "string"}}}},
            **{status: {"model": Problem} for status in (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)},
        },
        openapi_extra={
            "security": SIGNED,
            "requestBody": {
                "required": True,
                "content": {EVENT_MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(model="Event")}}},
            },
        },
    )
    async def take_event(request: Request, at: Annotated[Doors, Depends(_doors)]) -> Accepted | Response:
        """Take one CloudEvent (structured JSON mode); documents inside it are stored by content."""
        _expect_media_type(request)
        sender, body = await _admitted(request, at)
        try:
            event = await _event(body, sender, at)
            await _expect_signed_id(event, request, body, sender, at)
            with _traced(event, request):
                fact, contents = await _fact(event, body, sender, at)
                outcome = await at.inbox.deliver(fact, sender.id, contents)
                return outcome if isinstance(outcome, Accepted) else _stored(outcome)
        except FactRefused as refusal:
            status = _STATUS.get(refusal.reason, _STATUS_OF_OTHERS)
            raise Answered(status, refusal.reason.value, refusal.text) from None
        except NotDelivered as reason:
            raise Answered(TRY_AGAIN, "not_delivered", str(reason)) from None
        except OSError as error:
            logger.warning("chưa lưu hoặc kiểm tra được giấy tờ kèm theo: %s", error)
            raise Answered(TRY_AGAIN, "not_delivered", "Chưa nhận được giấy tờ kèm theo; hãy gửi lại.") from None

    @app.get(STATUS_PATH, responses={404: {"model": Problem}}, response_model_exclude_none=True)
    async def standing(token: str, at: Annotated[Doors, Depends(_doors)]) -> Standing:
        """How far a message is that was stored (202); only its sender knows the address."""
        found = await asyncio.to_thread(at.ledger.standing_at, token) if _TOKEN.fullmatch(token) else None
        if found is None:
            raise Answered(404, "not_found", "Không có thông điệp nào chờ ở địa chỉ này.")
        return found

    complete(app.openapi(), (Problem.__name__, NotReady.__name__))
    return app


def _stored(stored: Stored) -> Response:
    return JSONResponse(stored.model_dump(), status_code=202, headers={"Location": stored.status_path})


def _traced(event: CloudEvent, request: Request) -> AbstractContextManager[object]:
    """Take the event as part of its dossier's trace: where its sender says it came from, the last hop first."""
    stated = (request.headers.get("traceparent"), event.traceparent)
    return traces.receiving(f"receive {event.type.fact_kind.value}", event.subject, stated)


def _doors(request: Request) -> Doors:
    doors: Doors = request.app.state.doors
    return doors


def _expect_media_type(request: Request) -> None:
    media_type = "".join(request.headers.get("content-type", "").lower().replace('"', "").split())
    if media_type not in _MEDIA_TYPES or request.headers.get("content-encoding", "identity").lower() != "identity":
        text = f"Gửi sự kiện với Content-Type {EVENT_MEDIA_TYPE} (UTF-8), không nén."
        raise Answered(WRONG_MEDIA_TYPE, "wrong_media_type", text)


async def _admitted(request: Request, at: Doors) -> tuple[Sender, bytes]:
    """Who sends, and what: nothing is recorded of strangers, or they could use up the ids of rightful messages."""
    caller = at.guard.caller(request.client.host if request.client else "", request.headers.items())
    try:
        body = await _body(request, at.guard.overrun(caller))
        return await asyncio.to_thread(at.guard.admit, caller, request.headers, body), body
    except TurnedAway as turned:
        at.turned_away.add(turned.why)
        if turned.why is not Turned.STRANGER_TOO_OFTEN:  # a flood is counted, not written down
            logger.info("không cho vào: %s %s", turned.why.value, turned.sender.id if turned.sender else "")
        raise _ANSWERS[turned.why](turned) from None


async def _body(request: Request, overrun: TurnedAway | None) -> bytes:
    """The body as it came; a short one only from where strangers come too often."""

    def expect_size(size: int) -> None:
        if overrun and size > MAX_EVENT_OF_OVERRUN:
            raise overrun
        if size > MAX_EVENT_BYTES:
            raise Answered(TOO_LARGE, "too_large", f"Sự kiện lớn hơn {MAX_EVENT_BYTES // 2**20} MiB.")

    try:
        return await read_body(request, _BODY_SECONDS, expect_size)
    except TimeoutError:
        raise Answered(TOO_SLOW, "too_slow", f"Chưa nhận hết sự kiện sau {_BODY_SECONDS} giây; hãy gửi lại.") from None


def _stranger(_: TurnedAway) -> Answered:
    return Answered(UNAUTHENTICATED, "unauthenticated", _HOW_TO_SIGN, {"WWW-Authenticate": "StandardWebhooks"})


def _stale(_: TurnedAway) -> Answered:
    minutes = TOLERANCE // timedelta(minutes=1)
    text = f"{TIMESTAMP} lệch quá {minutes} phút so với giờ của cổng; hãy xem lại đồng hồ, ký lại và gửi lại."
    return Answered(UNAUTHENTICATED, "stale_timestamp", text, {"WWW-Authenticate": "StandardWebhooks"})


def _too_often(turned: TurnedAway) -> Answered:
    text = f"Gửi quá nhiều trong một phút; hãy gửi lại sau {turned.wait} giây."
    return Answered(TOO_MANY, "too_many_requests", text, {"Retry-After": str(turned.wait)})


_ANSWERS: Mapping[Turned, Callable[[TurnedAway], Answered]] = {
    Turned.STRANGER: _stranger,
    Turned.STALE: _stale,
    Turned.STRANGER_TOO_OFTEN: _too_often,
    Turned.SENDER_TOO_OFTEN: _too_often,
}


async def _event(body: bytes, sender: Sender, at: Doors) -> CloudEvent:
    """The envelope. One that cannot be read is recorded under its digest, since it has no id to go by."""
    try:
        return CloudEvent.model_validate_json(body)
    except ValidationError as error:
        text = f"Không phải CloudEvents đúng cấu trúc; sai ở: {wrong_fields(error)}."
        refusal = FactRefused(FactRefusal.MALFORMED, text)
        digest = await _digest(body, at.ledger)
        await at.inbox.refuse(f"unreadable:{digest}", digest, "unknown", None, sender.id, refusal)
        raise Answered(UNREADABLE, refusal.reason.value, refusal.text) from None


async def _digest(body: bytes, ledger: Ledger) -> str:
    """A keyed one: from a plain digest, what a short message says can be guessed."""
    masters, content = ledger.keys.masters, hashlib.sha256(body).digest()
    return (await asyncio.to_thread(masters.derive, masters.current, _REFUSED_MESSAGE, content)).hex()


async def _expect_signed_id(event: CloudEvent, request: Request, body: bytes, sender: Sender, at: Doors) -> None:
    if request.headers.get(MESSAGE_ID) != event.id:
        text = f"{MESSAGE_ID} phải là id của sự kiện."
        await _refuse_wrongful(event, body, sender, FactRefused(FactRefusal.MALFORMED, text), at)
        raise Answered(UNREADABLE, "wrong_message_id", text)


async def _fact(
    event: CloudEvent, body: bytes, sender: Sender, at: Doors
) -> tuple[InboundFact, Mapping[Sha256, bytes]]:
    """The fact in the envelope, and what it encloses; a wrong one is recorded as refused."""
    try:
        sender.expect_may_send(event.type)
        await _expect_own_province(sender, event.subject, at.ledger)
        fact, contents = await at.read(event)
        sender.expect_speaks_for_itself(fact)
    except FactRefused as refusal:
        await _refuse_wrongful(event, body, sender, refusal, at)
        raise
    return fact, contents


async def _refuse_wrongful(event: CloudEvent, body: bytes, sender: Sender, refusal: FactRefused, at: Doors) -> None:
    """Record it under its digest: the id stays free for the message put right, or for another's."""
    digest = await _digest(body, at.ledger)
    code = traces.as_dossier_code(event.subject)  # anything else may be a name or a number of a person
    await at.inbox.refuse(f"wrongful:{digest}", digest, event.type.fact_kind.value, code, sender.id, refusal)


async def _expect_own_province(sender: Sender, code: str, ledger: Ledger) -> None:
    """Raises FactRefused when the dossier is unknown, or of a province that is not this sender's."""
    try:
        province = await asyncio.to_thread(ledger.province_of, code)
    except UnknownDossier:
        raise FactRefused(FactRefusal.UNKNOWN_DOSSIER, "Không có hồ sơ này.") from None
    sender.expect_serves(province)


def _guard(settings: Settings) -> Guard:
    """Raises SendersUnusable."""
    if settings.senders is None:
        raise SendersUnusable(_NO_SENDERS)
    senders = Senders.load(settings.senders)
    if settings.senders.stat().st_mode & OF_OTHERS:
        raise SendersUnusable(f"Người khác đọc được các khóa trong {settings.senders}: chmod 600.")
    if not settings.client_certificate_header and (named := [one.id for one in senders if one.certificates]):
        raise SendersUnusable(f"{', '.join(named)}: có certificates, nhưng LIENTHONG_CLIENT_CERTIFICATE_HEADER trống.")
    return Guard(
        senders,
        Proxies(settings.trusted_proxies, settings.client_certificate_header),
        sender_events_per_minute=settings.sender_events_per_minute,
        stranger_requests_per_minute=settings.stranger_requests_per_minute,
    )


async def serve(settings: Settings, meter: MetricMeter) -> None:
    """Serve until told to stop.

    Raises BadSettings, DatabaseUnusable, SendersUnusable, TrustUnusable, RuntimeError (Temporal), OSError (the port is
    taken).
    """
    stop = Stop(settings.stop_grace)
    engine = open_engine(settings.ledger_url, settings.connections("gateway"))
    await asyncio.to_thread(check_schema, engine)
    guard = _guard(settings)
    papers = Papers.of(settings)
    ledger = Ledger(engine, master_keys(settings))
    await asyncio.to_thread(ledger.keys.masters.expect_right)
    client = await connect_as_set(settings, ledger.keys, lazy=True)
    patience = timedelta(seconds=settings.inbox_patience)
    documents = DocumentStore(settings.documents, ledger.keys.masters)
    inbox = Inbox(client, ledger, documents, Replacements.of(ledger, settings), patience)
    doors = Doors(inbox, ledger, documents, papers, guard, TurnedAwayCount(meter))
    with closing(papers):
        async with delivering(client, ledger, inbox, patience) as deliverer:
            app = create_app(doors, GatewayProcess(stop, Surroundings(engine), deliverer))
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
    try:
        runtime = metered_runtime(settings.model_copy(update={"metrics_port": settings.gateway_metrics_port}))
        Runtime.set_default(runtime)
        asyncio.run(serve(settings, runtime.metric_meter))
    except (BadSettings, MasterKeyMixedUp, SendersUnusable, TrustUnusable) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (DatabaseUnusable, MetricsOff, OSError) as error:
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
