"""The codec server: shows operators what Temporal stores sealed, in its Web UI and by its command line.

`POST /decode` is Temporal's remote codec protocol. Who asks bears a token (`Authorization: Bearer …`) or has logged in
by a browser at `/login`; what they see follows from their role (`models/operators.py`). Every decode asked for is on
the audit trail before anything is shown; `GET /trail` is for auditors. Nothing is sealed here: facts come by the
gateway and by `lienthong`. Run with `python codec_server.py`, or by `lienthong dev`.
"""

import asyncio
import logging
import sys
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, TypedDict
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from pydantic import ValidationError
from starlette.middleware.cors import CORSMiddleware
from temporalio.api.common.v1 import Payload, Payloads

from ledger.engine import check_schema, open_engine
from ledger.errors import DatabaseUnusable
from ledger.store import Ledger
from models.audit import NumberedEntry
from models.operators import NotPermitted
from processes.answers import Answered, answered, read_body, say_problems
from processes.lifecycle import Stop, leave
from processes.probes import Process, Reason, Surroundings, probes
from processes.serving import serving
from settings import BadSettings, Settings
from telemetry import logs
from trust.callers import Proxies
from trust.key_errors import MasterKeyMixedUp
from trust.keys import master_keys
from trust.login_page import CONTENT_POLICY, logged_in, logged_out, login_form
from trust.operator_guard import KeptOut, NotLetIn, OperatorGuard, Sessions
from trust.operators import Identified, OperatorsUnusable, operators_of
from viewing import MAX_DOSSIERS, MAX_ENTRIES, PartOfTrail, TooManyDossiers, Viewing

SERVICE = "lienthong-codec"
COOKIE = "lienthong-session"

MAX_BODY_BYTES = 8 * 1024 * 1024
"""The largest request taken: Temporal's largest payload is 2 MB, in base64, and the UI sends a few at once."""
MAX_PAYLOADS = 1000
_MAX_LOGIN_BYTES = 4096
_BODY_SECONDS = 20
_DECODE = "/decode"
"""The browser sends the cookie to what is under this path only: other ports of this host get it nowhere else."""

logger = logging.getLogger("lienthong.codec")

_NOT_KEPT = {"Cache-Control": "no-store"}
"""Nobody between the operator and us keeps what is shown, nor does the browser."""

_HOW_TO_LOG_IN = "Cần Authorization: Bearer và token còn hạn của người vận hành; bằng trình duyệt: đăng nhập ở /login."
_NO_ENCODING = (
    "Máy chủ này không niêm phong: dữ kiện đi qua cổng nhận sự kiện hoặc lệnh lienthong, không qua giao diện Temporal."
)


class CookieTerms(TypedDict):
    """To whom a browser shows the cookie of a session, and by what."""

    path: str
    secure: bool
    httponly: bool
    samesite: Literal["strict"]


class Desk:
    """What the codec server works with while it runs; `origins` are those of Temporal's Web UI."""

    def __init__(self, ledger: Ledger, guard: OperatorGuard, sessions: Sessions, origins: Collection[str]) -> None:
        self.viewing = Viewing(ledger)
        self.guard = guard
        self.sessions = sessions
        self.origins = origins

    @property
    def cookie(self) -> CookieTerms:
        """By TLS only, unless the Web UI runs on this very machine, in the clear."""
        clear = self.origins and all(origin.startswith("http:") for origin in self.origins)
        return CookieTerms(path=_DECODE, secure=not clear, httponly=True, samesite="strict")


class CodecProcess:
    """The process as its supervisor sees it (`probes.Process`)."""

    dead: Collection[Reason] = ()

    def __init__(self, stop: Stop, surroundings: Surroundings) -> None:
        self._stop = stop
        self._surroundings = surroundings

    async def unready(self) -> Collection[Reason]:
        """Stopping, or without what it needs."""
        return (Reason.STOPPING,) if self._stop.asked.is_set() else await self._surroundings.missing()


def create_app(desk: Desk, process: Process) -> FastAPI:
    """The application."""
    app = FastAPI(title="Liên thông – máy chủ giải mã", version="1", openapi_url=None)
    app.state.desk = desk
    app.add_middleware(
        CORSMiddleware,
        allow_origins=tuple(desk.origins),
        allow_methods=("POST",),
        allow_headers=("authorization", "authorization-extras", "content-type", "x-namespace"),
        allow_credentials=True,
        allow_private_network=True,
    )
    for routes in (probes(process), _looking(), _logging_in()):
        app.include_router(routes)
    _say_other_problems(app)
    return app


def _say_other_problems(app: FastAPI) -> None:
    """What is raised below the server is a problem document too."""

    say_problems(app)

    @app.exception_handler(NotPermitted)
    async def not_permitted(request: Request, refusal: NotPermitted) -> JSONResponse:
        return await answered(request, Answered(403, "not_permitted", refusal.text))

    @app.exception_handler(TooManyDossiers)
    async def too_many(request: Request, refusal: TooManyDossiers) -> JSONResponse:
        return await answered(request, Answered(413, "too_large", f"Nhiều hơn {MAX_DOSSIERS} hồ sơ trong một yêu cầu."))

    @app.exception_handler(DatabaseUnusable)
    async def ledger_away(request: Request, error: DatabaseUnusable) -> JSONResponse:
        logger.warning("sổ chưa dùng được: %s", error)
        return await answered(request, Answered(503, "unavailable", "Sổ hồ sơ chưa dùng được; hãy thử lại."))


def _looking() -> APIRouter:
    """Temporal's remote codec protocol, and the audit trail."""
    routes = APIRouter()

    @routes.post(_DECODE)
    async def decode(request: Request, at: Annotated[Desk, Depends(_desk)]) -> Response:
        """Payloads as the operator may see them."""
        operator = (await _admitted(request, at, cookie=_cookie(request, at))).operator
        asked = _payloads(await _body(request, MAX_BODY_BYTES))
        shown = await asyncio.to_thread(at.viewing.shown, operator, asked)
        return JSONResponse(MessageToDict(Payloads(payloads=shown)), headers=_NOT_KEPT)

    @routes.post("/encode")
    async def encode(request: Request, at: Annotated[Desk, Depends(_desk)]) -> Response:
        """Nothing is sealed here; but Temporal's command line has no payloads encoded before it asks a query."""
        await _admitted(request, at)
        if _payloads(await _body(request, MAX_BODY_BYTES)):
            raise Answered(404, "not_offered", _NO_ENCODING)
        return JSONResponse({})

    @routes.get("/trail")
    async def trail(
        request: Request, response: Response, at: Annotated[Desk, Depends(_desk)]
    ) -> Sequence[NumberedEntry]:
        """The newest entries of the audit trail, oldest of them first; for auditors. Each reading is on it too."""
        operator = (await _admitted(request, at)).operator
        response.headers.update(_NOT_KEPT)
        return await asyncio.to_thread(at.viewing.trail, operator, _part_of_trail(request))

    return routes


def _logging_in() -> APIRouter:
    """For browsers, because nobody can type a token in Temporal's Web UI."""
    routes = APIRouter()

    @routes.get("/login")
    async def ask_who() -> Response:
        """The log-in page."""
        return _page(login_form())

    @routes.post("/login")
    async def log_in(request: Request, at: Annotated[Desk, Depends(_desk)]) -> Response:
        """A session for the token in the form."""
        _expect_own_page(request)
        token = await _token_in_form(request)
        try:
            identified = await _admitted(request, at, authorization=f"Bearer {token}")
        except Answered as refused:
            return _page(login_form(refused.problem.detail), refused.problem.status)
        cookie, session = at.sessions.begin(identified, datetime.now(UTC))
        page = _page(logged_in(session.operator, session.until))
        page.set_cookie(COOKIE, cookie, expires=session.until.astimezone(UTC), **at.cookie)
        return page

    @routes.post(f"{_DECODE}/logout")
    async def log_out(request: Request, at: Annotated[Desk, Depends(_desk)]) -> Response:
        """End the session of this browser."""
        _expect_own_page(request)
        at.sessions.end(request.cookies.get(COOKIE, ""))
        page = _page(logged_out())
        page.delete_cookie(COOKIE, **at.cookie)
        return page

    return routes


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _admitted(
    request: Request, at: Desk, *, authorization: str | None = None, cookie: str | None = None
) -> Identified:
    """Who asks. A known operator whose token has ended is on the trail as well; strangers are only counted."""
    peer = request.client.host if request.client else ""
    stated = authorization or request.headers.get("authorization")
    try:
        return await asyncio.to_thread(at.guard.admit, peer, request.headers.items(), stated, cookie)
    except KeptOut as kept_out:
        if kept_out.operator:  # strangers are not written down: any browser that has not logged in is one
            logger.info("không cho vào: %s %s", kept_out.why.value, kept_out.operator.id)
        if kept_out.why is NotLetIn.EXPIRED and kept_out.operator:
            await asyncio.to_thread(at.viewing.refuse, kept_out.operator, kept_out.why.value)
        raise _kept_out(kept_out) from None


def _kept_out(kept_out: KeptOut) -> Answered:
    if kept_out.wait is None:
        return Answered(401, "unauthenticated", _HOW_TO_LOG_IN, {"WWW-Authenticate": "Bearer"})
    text = f"Hỏi quá nhiều trong một phút; hãy thử lại sau {kept_out.wait} giây."
    return Answered(429, "too_many_requests", text, {"Retry-After": str(kept_out.wait)})


def _cookie(request: Request, at: Desk) -> str | None:
    """The cookie of a session, if the Web UI sends it: other pages cannot use somebody's session."""
    return request.cookies.get(COOKIE) if request.headers.get("origin") in at.origins else None


def _expect_own_page(request: Request) -> None:
    """Forms of other sites' pages are refused (Fetch Metadata); what is no browser says nothing of it."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Answered(403, "not_permitted", "Trang khác không được đăng nhập hay đăng xuất thay.")


async def _body(request: Request, largest: int) -> bytes:
    def expect_size(size: int) -> None:
        if size > largest:
            raise Answered(413, "too_large", f"Yêu cầu lớn hơn {largest // 1024} KiB.")

    try:
        return await read_body(request, _BODY_SECONDS, expect_size)
    except TimeoutError:
        raise Answered(408, "too_slow", f"Chưa nhận hết yêu cầu sau {_BODY_SECONDS} giây.") from None


def _payloads(body: bytes) -> Sequence[Payload]:
    """What Temporal's protocol sends: `Payloads` as protobuf's JSON."""
    try:
        payloads = Parse(body, Payloads(), ignore_unknown_fields=True).payloads
    except (ParseError, UnicodeDecodeError, RecursionError):
        raise Answered(400, "malformed", "Thân yêu cầu phải là Payloads của Temporal dạng JSON.") from None
    if len(payloads) > MAX_PAYLOADS:
        raise Answered(413, "too_large", f"Nhiều hơn {MAX_PAYLOADS} payload trong một yêu cầu.")
    return payloads


def _part_of_trail(request: Request) -> PartOfTrail:
    try:
        return PartOfTrail.model_validate(dict(request.query_params))
    except ValidationError as error:
        places = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
        text = f"Tham số sai: {places}. Có: code, who, what, since, until (kèm múi giờ), limit (1–{MAX_ENTRIES})."
        raise Answered(400, "malformed", text) from None


async def _token_in_form(request: Request) -> str:
    form = (await _body(request, _MAX_LOGIN_BYTES)).decode("utf-8", "replace")
    return parse_qs(form).get("token", [""])[0].strip()


def _page(html: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status, {**_NOT_KEPT, "Content-Security-Policy": CONTENT_POLICY})


def _guard(settings: Settings, sessions: Sessions) -> OperatorGuard:
    """Raises BadSettings, OperatorsUnusable."""
    return OperatorGuard(
        operators_of(settings),
        sessions,
        Proxies(settings.trusted_proxies),
        operator_requests_per_minute=settings.operator_requests_per_minute,
        stranger_requests_per_minute=settings.stranger_requests_per_minute,
    )


async def serve(settings: Settings) -> None:
    """Serve until told to stop.

    Raises BadSettings, DatabaseUnusable, OperatorsUnusable, OSError (the port is taken), RuntimeError (does not start).
    """
    stop = Stop(settings.stop_grace)
    sessions = Sessions()
    guard = _guard(settings, sessions)
    engine = open_engine(settings.ledger_url, settings.connections("codec"))
    await asyncio.to_thread(check_schema, engine)
    ledger = Ledger(engine, master_keys(settings))
    await asyncio.to_thread(ledger.keys.masters.expect_right)
    desk = Desk(ledger, guard, sessions, settings.codec_ui_origins)
    app = create_app(desk, CodecProcess(stop, Surroundings(engine)))
    async with serving(app, settings.codec_host, settings.codec_port, settings.stop_grace):
        logger.info("máy chủ giải mã sẵn sàng: http://%s:%d", settings.codec_host, settings.codec_port)
        await stop.asked.wait()
        logger.info("máy chủ giải mã đang dừng")


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 after a graceful stop, 1 when something it needs is missing, 2 for bad arguments or settings."""
    if arguments:
        sys.stderr.write("codec_server.py không nhận tham số; cấu hình: lienthong settings.\n")
        return 2
    try:
        settings = Settings()
        logs.configure(settings, SERVICE)
        asyncio.run(serve(settings))
    except (BadSettings, MasterKeyMixedUp, OperatorsUnusable) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (DatabaseUnusable, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
