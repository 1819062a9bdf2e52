"""HTTP towards agencies: one client per system, headers of every call, failures as a few kinds of error.

Error messages name the system, the HTTP status, the problem type and the dossier code, never a body or a person.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Annotated, ClassVar, Self, TypeVar

import httpx
from opentelemetry.trace import SpanKind
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from models.messages import Head
from models.systems import System
from models.trouble import AgencyErrorKind
from settings import BadSettings
from telemetry import traces
from telemetry.traces import Fact, Facts

MAX_ANSWER_BYTES = 64 * 1024
"""How much of an answer is read unless the caller expects more; a longer one is cut and cannot be understood."""

SLOW_RETRY = timedelta(hours=1)
"""Pause after a rejection: nothing may be lost, so a person gets time to mend the cause, then the call goes on."""

LONG_PAUSE = timedelta(minutes=1)
"""A longer pause is not for the activity to wait: the workflow hears of it, says so and waits itself."""

MAX_RETRY_AFTER = timedelta(days=1)
"""The longest pause an agency may ask for; a larger Retry-After is taken as this."""

_TRY_AGAIN = frozenset({408, 425, 429})

M = TypeVar("M", bound=BaseModel)


def _uri(text: str) -> str:
    """Problem types are shown to operators, so what does not look like one is not kept."""
    return text if re.fullmatch(r"[A-Za-z0-9:/._~#?&=%+-]{1,200}", text) else "about:blank"


class Problem(BaseModel):
    """A problem document (RFC 9457). Title and detail may name people: only `type` may be logged."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: Annotated[str, AfterValidator(_uri)] = "about:blank"
    title: str | None = None
    detail: str | None = None


class AgencyError(Exception):
    """A call that brought no usable answer. `reason` is our own Vietnamese wording, free of personal data."""

    kind: ClassVar[AgencyErrorKind]
    category: ClassVar[ApplicationErrorCategory] = ApplicationErrorCategory.UNSPECIFIED

    def __init__(
        self,
        reason: str,
        *,
        dossier_code: str,
        status: int | None = None,
        problem: Problem | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.dossier_code = dossier_code
        self.status = status
        self.problem = problem

    @property
    def retry_delay(self) -> timedelta | None:
        """How long to wait before the next attempt; None leaves it to the retry policy."""
        return None


class AgencyUnavailable(AgencyError):
    """The system cannot serve now: network, time-out, 408, 425, 429, 5xx, or a sentence that says so."""

    kind = AgencyErrorKind.UNAVAILABLE

    def __init__(
        self,
        reason: str,
        *,
        dossier_code: str,
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(reason, dossier_code=dossier_code, status=status)
        self.retry_after = retry_after

    @property
    def retry_delay(self) -> timedelta | None:
        return self.retry_after


class AgencyNotReady(AgencyError):
    """The system is well but has not come to this dossier yet: expected, hence benign."""

    kind = AgencyErrorKind.NOT_READY
    category = ApplicationErrorCategory.BENIGN


class AgencyUnreadable(AgencyError):
    """The answer is none of the contract: an HTML page, no JSON, other JSON, a time that does not parse."""

    kind = AgencyErrorKind.UNREADABLE


class AgencyRejected(AgencyError):
    """The system refuses our message (4xx, or an error code in a 200); it is tried again slowly, never dropped."""

    kind = AgencyErrorKind.REJECTED

    @property
    def retry_delay(self) -> timedelta | None:
        return SLOW_RETRY


def as_application_error(error: AgencyError, system: System, pause: timedelta | None = None) -> ApplicationError:
    """The error as Temporal retries it: type, pause and category by its kind; the message carries nothing personal.

    `pause` is ours, where the error asks for none. What the error asks to wait for long is not retried: the caller
    finds the pause in the error.
    """
    facts = [f"HTTP {error.status}"] if error.status else []
    if error.problem:
        facts.append(error.problem.type)
    where = f" ({', '.join(facts)})" if facts else ""
    return ApplicationError(
        f"{system.label}, hồ sơ {error.dossier_code}: {error.reason}{where}",
        type=error.kind.value,
        non_retryable=error.retry_delay is not None and error.retry_delay > LONG_PAUSE,
        next_retry_delay=pause if error.retry_delay is None else error.retry_delay,
        category=error.category,
    )


@dataclass(frozen=True)
class AgencyReply:
    """A 2xx answer, cut where it was too long."""

    status: int
    media_type: str
    body: bytes
    cut: bool
    dossier_code: str

    def read(self, model: type[M]) -> M:
        """The answer as that contract, strictly: a number is no time. Raises AgencyUnreadable for anything else."""
        if self.cut:
            raise self._unreadable("câu trả lời quá dài")
        if not _is_json(self.media_type):
            raise self._unreadable("câu trả lời không phải JSON")
        try:
            return model.model_validate_json(self.body, strict=True)
        except ValidationError:
            raise self._unreadable("câu trả lời không đúng cấu trúc đã thống nhất") from None

    def _unreadable(self, reason: str) -> AgencyUnreadable:
        return AgencyUnreadable(reason, dossier_code=self.dossier_code, status=self.status)


class AgencyClient:
    """The HTTP client of one system; `timeout` is the seconds one whole call may take, `unit` our unit code there.

    A call waits for one of the `connections` within its timeout, so there must be one for each call at once. It goes
    to the host of the base URL only: past proxies of the environment, after no redirect, to no address of an answer.
    """

    def __init__(
        self,
        system: System,
        base_url: str,
        timeout: float,
        unit: str = "",
        connections: int = 20,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.system = system
        self.unit = unit
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout,
            limits=httpx.Limits(max_connections=connections),
            headers={"Accept": "application/json, application/problem+json", "Accept-Encoding": "identity"},
            verify=tls or tls_context(),
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post(
        self,
        path: str,
        body: Mapping[str, object],
        head: Head,
        headers: Mapping[str, str] | None = None,
        most: int = MAX_ANSWER_BYTES,
    ) -> AgencyReply:
        """Send JSON under the message's idempotency key. Raises an AgencyError unless the answer is 2xx."""
        own = {"Idempotency-Key": head.key, **(headers or {})}
        return await self._call("POST", path, head, headers=own, json=body, most=most)

    async def get(
        self,
        path: str,
        head: Head,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        most: int = MAX_ANSWER_BYTES,
    ) -> AgencyReply:
        """Look something up; at most that many bytes are read. Raises an AgencyError unless the answer is 2xx."""
        return await self._call("GET", path, head, headers=dict(headers or {}), params=params, most=most)

    async def _call(
        self,
        method: str,
        path: str,
        head: Head,
        *,
        headers: dict[str, str],
        json: Mapping[str, object] | None = None,
        params: Mapping[str, str] | None = None,
        most: int = MAX_ANSWER_BYTES,
    ) -> AgencyReply:
        code = head.dossier_code
        facts: Facts = {Fact.SYSTEM: self.system.value, Fact.STEP: head.key.removeprefix(f"{code}:")}
        with traces.span(f"{method} {self.system.value}", code, facts, kind=SpanKind.CLIENT) as call:
            request = self._http.build_request(
                method, path, headers={**headers, **_context_headers(head)}, json=json, params=params
            )
            if not _same_host(request.url, self._http.base_url):
                raise AgencyUnreadable("địa chỉ dẫn sang máy chủ khác", dossier_code=code)
            try:
                async with asyncio.timeout(self._timeout):
                    response = await self._http.send(request, stream=True)
                    try:
                        body, cut = await _read(response, most)
                    finally:
                        await response.aclose()
            except (httpx.TransportError, TimeoutError) as error:
                raise AgencyUnavailable(_why_not(error), dossier_code=code) from error
            except httpx.DecodingError as error:
                raise AgencyUnreadable("câu trả lời không giải mã được", dossier_code=code) from error
            call.note(Fact.STATUS, response.status_code)
            media_type = _media_type(response)
            _check_status(response, media_type, body, code)
        return AgencyReply(response.status_code, media_type, body, cut, code)


@cache
def tls_context(authorities: Path | None = None) -> ssl.SSLContext:
    """Servers are verified by the machine's trusted authorities and those of that file (PEM); loaded once for all.

    Raises BadSettings for a file without certificates.
    """
    context = ssl.create_default_context()
    if authorities:
        try:
            context.load_verify_locations(authorities)
        except OSError as error:  # ssl.SSLError is one
            raise BadSettings(f"LIENTHONG_SYSTEM_CA: không đọc được chứng thư ({type(error).__name__}).") from None
    return context


def _same_host(one: httpx.URL, other: httpx.URL) -> bool:
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def _why_not(error: Exception) -> str:
    """Who mends it must know whether the way is cut or its end is not trusted."""
    cause: BaseException | None = error
    while cause and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    return "chứng thư TLS của hệ thống không được tin cậy" if cause else "không kết nối được"


def _context_headers(head: Head) -> dict[str, str]:
    headers = {
        "traceparent": traces.traceparent(head.dossier_code, head.key),
        "X-Dossier-Code": head.dossier_code,
    }
    if head.provincial_code:
        headers["X-Provincial-Code"] = head.provincial_code
    return headers


async def _read(response: httpx.Response, most: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            return bytes(body[:most]), True
    return bytes(body), False


def _media_type(response: httpx.Response) -> str:
    header = Message()
    header["Content-Type"] = response.headers.get("Content-Type", "application/octet-stream")
    return header.get_content_type()


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _check_status(response: httpx.Response, media_type: str, body: bytes, dossier_code: str) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    if status in _TRY_AGAIN or status >= 500:
        raise AgencyUnavailable(
            "hệ thống tạm thời không phục vụ",
            dossier_code=dossier_code,
            status=status,
            retry_after=_retry_after(response),
        )
    if 400 <= status < 500 and media_type != "text/html":
        raise AgencyRejected(
            "hệ thống không nhận thông điệp",
            dossier_code=dossier_code,
            status=status,
            problem=_problem(media_type, body),
        )
    raise AgencyUnreadable("câu trả lời không phải của hệ thống", dossier_code=dossier_code, status=status)


def _problem(media_type: str, body: bytes) -> Problem | None:
    if not _is_json(media_type):
        return None
    try:
        return Problem.model_validate_json(body)
    except ValidationError:
        return None


def _retry_after(response: httpx.Response) -> timedelta | None:
    """Retry-After in seconds or as an HTTP date (RFC 9110 §10.2.3), against the sender's own clock if it states one."""
    stated = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,12}", stated):
        return timedelta(seconds=min(int(stated), int(MAX_RETRY_AFTER.total_seconds())))
    until = _http_date(stated)
    if until is None:
        return None
    now = _http_date(response.headers.get("Date", "")) or datetime.now(UTC)
    return min(max(until - now, timedelta(0)), MAX_RETRY_AFTER)


def _http_date(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
