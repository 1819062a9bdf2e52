"""The codec server over HTTP: who sees what, what strangers learn, and what stands on the trail afterwards."""

import base64
import json
from collections.abc import AsyncIterator, Collection, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from google.protobuf.json_format import MessageToDict, ParseDict
from sqlalchemy import update
from sqlmodel import Session, col
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.contrib.pydantic import PydanticPayloadConverter

from codec_server import COOKIE, MAX_BODY_BYTES, Desk, create_app
from ledger.engine import open_engine, upgrade
from ledger.errors import DatabaseFailed
from ledger.store import Ledger
from models.audit import Action, Entry, NumberedEntry
from models.operators import OperatorRole
from models.tables import DossierKeyRow
from processes.probes import Reason
from processes.serving import serving
from tests.keys import MASTERS
from tests.ledger.builders import declared, died, numbered, opened
from trust.callers import Proxies
from trust.codec import DOSSIER, seal
from trust.masking import COVER
from trust.operator_guard import OperatorGuard, Sessions
from trust.operators import Operators, RegisteredOperator, digest_of, new_token
from viewing import MAX_DOSSIERS

pytestmark = pytest.mark.asyncio(loop_scope="module")

UI = "https://temporal.example"
FORM = declared()
HERE, ELSEWHERE = FORM.recipients.province_code, "79"
LATER, BEFORE = datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) - timedelta(seconds=1)
TOKENS = {name: new_token() for name in ("officer", "elsewhere", "support", "auditor", "gone", "eager")}


def registered(name: str, role: OperatorRole, *provinces: str, until: datetime = LATER) -> RegisteredOperator:
    return RegisteredOperator(
        id=name,
        role=role,
        provinces=frozenset(provinces) or None,
        token_sha256=digest_of(TOKENS[name]),
        until=until,
    )


OPERATORS = Operators(
    (
        registered("officer", OperatorRole.CASE_OFFICER, HERE),
        registered("elsewhere", OperatorRole.CASE_OFFICER, ELSEWHERE),
        registered("support", OperatorRole.SUPPORT),
        registered("auditor", OperatorRole.AUDITOR),
        registered("gone", OperatorRole.CASE_OFFICER, HERE, until=BEFORE),
        registered("eager", OperatorRole.SUPPORT),
    )
)


class Well:
    """A process nobody has told to stop."""

    dead: Collection[Reason] = ()

    async def unready(self) -> Collection[Reason]:
        return ()


class Deaf(Ledger):
    """A ledger in which nothing can be written now."""

    def note(self, entry: Entry) -> None:
        raise DatabaseFailed("ledger", "đang bận", "busy")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('codec') / 'ledger.db'}")
    upgrade(engine)
    yield Ledger(engine, MASTERS)
    engine.dispose()


@pytest.fixture(scope="module")
def code(ledger: Ledger) -> str:
    return opened(ledger, FORM)


def desk(ledger: Ledger, *, a_minute: int = 1000) -> Desk:
    sessions = Sessions()
    guard = OperatorGuard(
        OPERATORS,
        sessions,
        Proxies(),
        operator_requests_per_minute=a_minute,
        stranger_requests_per_minute=a_minute,
    )
    return Desk(ledger, guard, sessions, (UI,))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http(ledger: Ledger) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(create_app(desk(ledger), Well())) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield client


def sealed(ledger: Ledger, code: str, value: Any) -> Payload:
    plain = PydanticPayloadConverter().to_payload(value)
    assert plain is not None
    return seal(ledger.keys.of(code), plain)


def bearing(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS[name]}"}


async def decode(http: httpx.AsyncClient, headers: dict[str, str], *payloads: Payload) -> httpx.Response:
    body = json.dumps(MessageToDict(Payloads(payloads=payloads)))
    headers = {"Content-Type": "application/json", "X-Namespace": "default", **headers}
    return await http.post("/decode?preserveStorageRefs=true", content=body, headers=headers)  # as the UI asks


def told(answer: httpx.Response) -> list[Any]:
    """What the payloads of an answer say."""
    assert answer.status_code == 200, answer.text
    return [json.loads(one.data) for one in ParseDict(answer.json(), Payloads()).payloads]


def trail(ledger: Ledger, who: str) -> list[NumberedEntry]:
    return list(ledger.entries(who=f"operator:{who}", limit=1000))


async def test_a_case_officer_sees_dossiers_of_their_province_and_it_is_on_the_trail(
    http: httpx.AsyncClient, ledger: Ledger, code: str
) -> None:
    answer = await decode(http, bearing("officer"), sealed(ledger, code, FORM), sealed(ledger, code, "tóm tắt"))
    assert told(answer) == [FORM.model_dump(mode="json"), "tóm tắt"]
    assert answer.headers["cache-control"] == "no-store"
    entry = trail(ledger, "officer")[-1]
    assert (entry.what, entry.code, entry.role) == (Action.DECODED, code, "case_officer")
    assert entry.detail == {"payloads": "2", "unread": "0", "sight": "clear"}


@pytest.mark.parametrize("claimed", ["the dossier", "one that is not there"])
async def test_a_case_officer_sees_no_dossier_of_another_province(
    http: httpx.AsyncClient, ledger: Ledger, code: str, claimed: str
) -> None:
    payload = sealed(ledger, code, FORM)
    if claimed != "the dossier":
        payload.metadata[DOSSIER] = code[:-6].encode() + b"999999"
    answer = await decode(http, bearing("elsewhere"), payload)
    assert (answer.status_code, answer.json()["title"]) == (403, "not_permitted")
    entry = trail(ledger, "elsewhere")[-1]
    there = code if claimed == "the dossier" else None  # what is no dossier's code may be anything somebody typed
    assert (entry.what, entry.code) == (Action.DECODE_REFUSED, there)
    assert entry.detail == {"refused": "province"}


async def test_nobody_fills_the_trail_with_dossiers_of_their_own_invention(
    http: httpx.AsyncClient, ledger: Ledger, code: str
) -> None:
    invented = [sealed(ledger, code, "x") for _ in range(MAX_DOSSIERS + 1)]
    for number, payload in enumerate(invented):
        payload.metadata[DOSSIER] = f"Nguyen.Van.{number}".encode()
    before = trail(ledger, "officer")[-1].number
    assert (await decode(http, bearing("officer"), *invented)).status_code == 413
    [entry] = [entry for entry in trail(ledger, "officer") if entry.number > before]
    assert (entry.code, entry.detail) == (None, {"refused": "too_many_dossiers"})


async def test_one_payload_of_another_province_keeps_all_of_a_request(
    http: httpx.AsyncClient, ledger: Ledger, code: str
) -> None:
    other = opened(ledger, died())
    answer = await decode(http, bearing("elsewhere"), sealed(ledger, other, "a"), sealed(ledger, code, "b"))
    assert answer.status_code == 403
    assert {entry.code for entry in trail(ledger, "elsewhere")[-2:]} == {other, code}


async def test_support_sees_masked_data(http: httpx.AsyncClient, ledger: Ledger, code: str) -> None:
    (shown,) = told(await decode(http, bearing("support"), sealed(ledger, code, FORM)))
    assert shown["child"]["full_name"] == COVER
    assert shown.keys() == FORM.model_dump(mode="json").keys()
    assert trail(ledger, "support")[-1].detail["sight"] == "masked"


async def test_an_auditor_reads_the_trail_and_no_payload(http: httpx.AsyncClient, ledger: Ledger, code: str) -> None:
    refused = await decode(http, bearing("auditor"), sealed(ledger, code, FORM))
    assert refused.status_code == 403
    assert FORM.child.full_name not in refused.text
    assert (await decode(http, bearing("auditor"))).status_code == 403
    answer = await http.get("/trail", params={"code": code, "what": "decode_refused"}, headers=bearing("auditor"))
    last = answer.json()[-1]
    assert (last["who"], last["code"], last["detail"]) == ("operator:auditor", code, {"refused": "role"})
    read = trail(ledger, "auditor")[-1]
    numbers = [str(entry["number"]) for entry in answer.json()]
    assert (read.what, read.code, read.detail["what"]) == (Action.TRAIL_READ, code, "decode_refused")
    assert (read.detail["first"], read.detail["last"]) == (numbers[0], numbers[-1])


async def test_what_somebody_invents_is_not_written_down_whoever_asks(
    http: httpx.AsyncClient, ledger: Ledger, code: str
) -> None:
    invented, named = "001194000013", "operator:001194000013"
    payload = sealed(ledger, code, FORM)
    payload.metadata[DOSSIER] = invented.encode()
    before = ledger.trail_head().number
    (shown,) = told(await decode(http, bearing("support"), payload))
    assert shown.startswith("Không xem được")
    for asked in ({"code": invented}, {"who": named}):
        assert (await http.get("/trail", params=asked, headers=bearing("auditor"))).json() == []
        assert (await http.get("/trail", params=asked, headers=bearing("support"))).status_code == 403
    new = [entry for entry in ledger.entries(limit=20) if entry.number > before]
    assert [entry.who for entry in new] == ["operator:support", *["operator:auditor", "operator:support"] * 2]
    assert invented not in "".join(entry.model_dump_json() for entry in new)


@pytest.mark.parametrize("name", ["officer", "support"])
async def test_the_trail_is_for_auditors_only(http: httpx.AsyncClient, ledger: Ledger, name: str) -> None:
    answer = await http.get("/trail", headers=bearing(name))
    assert answer.status_code == 403
    last = trail(ledger, name)[-1]
    assert (last.what, last.detail) == (Action.TRAIL_READ, {"refused": "role"})


async def test_a_wrong_question_about_the_trail_is_named(http: httpx.AsyncClient) -> None:
    params = {"limit": "0", "since": "2026-11-19T09:00:00", "nobody": "x"}
    answer = await http.get("/trail", params=params, headers=bearing("auditor"))
    assert answer.status_code == 400
    assert all(name in answer.json()["detail"] for name in params)


STRANGERS = {
    "no token": {},
    "another's": {"Authorization": f"Bearer {new_token()}"},
    "no bearer": {"Authorization": f"Basic {base64.b64encode(b'officer:x').decode()}"},
    "a digest": {"Authorization": f"Bearer {digest_of(TOKENS['officer'])}"},
    "an expired token": bearing("gone"),
    "a cookie nobody was given": {"Cookie": f"{COOKIE}=x", "Origin": UI},
}


@pytest.mark.parametrize("headers", STRANGERS.values(), ids=STRANGERS)
async def test_strangers_all_get_the_same_terse_answer(
    http: httpx.AsyncClient, ledger: Ledger, code: str, headers: dict[str, str]
) -> None:
    answers = [
        await decode(http, headers, sealed(ledger, code, FORM)),
        await http.post("/decode", content=b"{", headers=headers),
        await http.get("/trail", headers=headers),
    ]
    nobody = await http.post("/decode")
    assert all((one.status_code, one.content) == (401, nobody.content) for one in answers)
    assert all(one.headers["www-authenticate"] == "Bearer" for one in answers)


async def test_who_comes_with_an_expired_token_is_on_the_trail_and_strangers_are_not(
    http: httpx.AsyncClient, ledger: Ledger, code: str
) -> None:
    before = ledger.trail_head().number
    await decode(http, {}, sealed(ledger, code, FORM))
    await decode(http, STRANGERS["another's"], sealed(ledger, code, FORM))
    assert ledger.trail_head().number == before
    await decode(http, bearing("gone"), sealed(ledger, code, FORM))
    last = trail(ledger, "gone")[-1]
    assert (last.number, last.what, last.detail) == (before + 1, Action.DECODE_REFUSED, {"refused": "expired"})


async def test_a_browser_asks_first_and_the_user_interface_alone_may(http: httpx.AsyncClient) -> None:
    asking = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,authorization-extras,content-type,x-namespace",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = await http.options("/decode", headers={"Origin": UI, **asking})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert "POST" in answer.headers["access-control-allow-methods"]
    for other in ("https://evil.example", "http://temporal.example", "null"):
        refused = await http.options("/decode", headers={"Origin": other, **asking})
        assert refused.status_code == 400
        assert "access-control-allow-origin" not in refused.headers


async def test_the_user_interface_can_read_why_it_gets_nothing(http: httpx.AsyncClient) -> None:
    answer = await http.post("/decode", headers={"Origin": UI})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, UI)
    stranger = await http.post("/decode", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers


BODIES = {
    "no JSON": (b"{payloads", 400),
    "other JSON": (b'{"payloads": [1]}', 400),
    "no base64": (b'{"payloads": [{"data": 5}]}', 400),
    "no UTF-8": (b"\xff\xfe", 400),
    "a deep one": (b'{"payloads":' * 50_000, 400),
    "an oversize one": (b" " * (MAX_BODY_BYTES + 1), 413),
    "too many": (json.dumps({"payloads": [{}] * 1001}).encode(), 413),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES)
async def test_what_is_no_request_is_refused(http: httpx.AsyncClient, body: bytes, status: int) -> None:
    answer = await http.post("/decode", content=body, headers=bearing("officer"))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def bent(payload: Payload) -> Payload:
    return Payload(metadata=payload.metadata, data=payload.data[:-1] + bytes([payload.data[-1] ^ 1]))


async def test_a_payload_that_was_tampered_with_says_so_and_the_others_are_shown(
    http: httpx.AsyncClient, ledger: Ledger, code: str
) -> None:
    whole, elsewhere = (
        sealed(ledger, code, "nguyên vẹn"),
        sealed(ledger, opened(ledger, numbered(101)), "của hồ sơ khác"),
    )
    elsewhere.metadata[DOSSIER] = code.encode()
    keyless = Payload(metadata={name: value for name, value in whole.metadata.items() if name != DOSSIER}, data=b"x")
    answer = await decode(http, bearing("officer"), bent(whole), elsewhere, keyless, whole)
    *unread, read = told(answer)
    assert read == "nguyên vẹn"
    assert all(text.startswith("Không xem được") for text in unread)
    assert "của hồ sơ khác" not in answer.text
    by_code = {entry.code: entry for entry in trail(ledger, "officer")[-2:]}
    assert by_code[code].detail == {"payloads": "3", "unread": "2", "sight": "clear"}
    assert (by_code[None].what, by_code[None].detail["unread"]) == (Action.DECODE_REFUSED, "1")


async def test_an_erased_dossier_is_shown_to_nobody_from_that_moment_on(
    http: httpx.AsyncClient, ledger: Ledger, code: str
) -> None:
    erased = opened(ledger, numbered(102))
    payload = sealed(ledger, erased, FORM)
    assert told(await decode(http, bearing("officer"), payload)) == [FORM.model_dump(mode="json")]
    with Session(ledger._writer) as session, session.begin():
        row = update(DossierKeyRow).where(col(DossierKeyRow.dossier_code) == erased)
        session.exec(row.values(seed=None, erased_at=datetime.now(UTC)))
    (shown,) = told(await decode(http, bearing("officer"), payload))
    assert "đã bị hủy" in shown
    assert trail(ledger, "officer")[-1].what is Action.DECODE_REFUSED


async def test_nothing_is_shown_that_the_trail_cannot_tell(ledger: Ledger, code: str) -> None:
    deaf = Deaf(ledger._writer, MASTERS)
    async with serving(create_app(desk(deaf), Well())) as url, httpx.AsyncClient(base_url=url) as http:
        answer = await decode(http, bearing("officer"), sealed(ledger, code, FORM))
    assert answer.status_code == 503
    assert FORM.child.full_name not in answer.text


async def test_what_was_never_sealed_passes_and_nothing_is_ever_sealed(http: httpx.AsyncClient, ledger: Ledger) -> None:
    before = ledger.trail_head().number
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"cu"')
    assert told(await decode(http, bearing("support"), plain)) == ["cu"]
    assert ledger.trail_head().number == before
    body = json.dumps(MessageToDict(Payloads(payloads=[plain])))
    refused = await http.post("/encode", content=body, headers=bearing("officer"))
    assert (refused.status_code, refused.json()["title"]) == (404, "not_offered")
    assert (await http.post("/encode", content=b"{}", headers=bearing("officer"))).json() == {}
    assert (await http.post("/encode", content=b"{}")).status_code == 401


async def test_nobody_asks_too_often_and_strangers_keep_no_operator_out(ledger: Ledger, code: str) -> None:
    async with serving(create_app(desk(ledger, a_minute=3), Well())) as url, httpx.AsyncClient(base_url=url) as http:
        strangers = [(await decode(http, {})).status_code for _ in range(4)]
        operators = [await decode(http, bearing("eager"), sealed(ledger, code, "x")) for _ in range(4)]
        other = await decode(http, bearing("officer"))
    assert strangers == [401, 401, 401, 429]
    assert [one.status_code for one in operators] == [200, 200, 200, 429]
    assert int(operators[-1].headers["retry-after"]) >= 1
    assert other.status_code == 200


async def test_a_browser_logs_in_looks_and_logs_out(http: httpx.AsyncClient, ledger: Ledger, code: str) -> None:
    payload = sealed(ledger, code, FORM)
    assert "<form" in (await http.get("/login")).text
    page = await http.post("/login", data={"token": TOKENS["officer"]})
    assert page.status_code == 200
    assert TOKENS["officer"] not in page.text
    attributes = page.headers["set-cookie"].lower()
    assert all(part in attributes for part in ("httponly", "samesite=strict", "path=/decode", "secure"))
    cookie = {"Cookie": f"{COOKIE}={page.cookies[COOKIE]}"}
    assert TOKENS["officer"] not in cookie["Cookie"]
    seen = await decode(http, {**cookie, "Origin": UI}, payload)
    assert told(seen) == [FORM.model_dump(mode="json")]
    assert seen.headers["access-control-allow-credentials"] == "true"
    for page_of_others in ({}, {"Origin": "https://evil.example"}):
        assert (await decode(http, {**cookie, **page_of_others}, payload)).status_code == 401
    assert (await http.get("/trail", headers={**cookie, "Origin": UI})).status_code == 401
    assert (await http.post("/decode/logout", headers={**cookie, "Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await http.post("/decode/logout", headers=cookie)).status_code == 200
    http.cookies.clear()
    assert (await decode(http, {**cookie, "Origin": UI}, payload)).status_code == 401


async def test_who_cannot_log_in_gets_no_session(http: httpx.AsyncClient) -> None:
    for token, headers, status in (
        (new_token(), {}, 401),
        (TOKENS["gone"], {}, 401),
        (TOKENS["officer"], {"Sec-Fetch-Site": "same-site"}, 403),
        ("x" * 5000, {}, 413),
    ):
        page = await http.post("/login", data={"token": token}, headers=headers)
        assert (page.status_code, "set-cookie" in page.headers) == (status, False)
        assert token not in page.text


async def test_it_says_how_it_is_and_nothing_of_its_contract(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health")).status_code == (await http.get("/ready")).status_code == 200
    assert (await http.get("/openapi.json")).status_code == (await http.get("/docs")).status_code == 404
