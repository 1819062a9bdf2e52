"""Everything wrong that can come in at the gateway: a clear answer, recorded as refused, the dossier untouched."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from models.dossier import LegStage
from models.events import EVENT_MEDIA_TYPE
from models.facts import FactRefusal
from tests.integration.system import System
from tests.models.cases import born

PDF = base64.b64encode(b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n").decode()
LEG = "residence_registration"
STRANGER = "001090000999"


@pytest.fixture(scope="module")
def waiting(system: System) -> str:
    """A dossier that waits for two consents, its other agencies silent."""
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.instruct(code, "social_insurance", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].stage is LegStage.WAITING_CONSENTS, "waiting for consents")
    system.see(code, lambda d: d.legs[2].stage is LegStage.IN_PROGRESS, "health card in progress")
    return code


def householder(system: System, code: str) -> str:
    return born(system.ledger.declaration(code)).residence_registration.householder.personal_id


def consent(system: System, code: str, person: str, **changes: Any) -> dict[str, Any]:
    return {"leg": LEG, "personal_id": person, "answer": "granted", "at": system.now().isoformat(), **changes}


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["detail"]
    return body


def expect_refused(
    system: System, code: str, answer: httpx.Response, status: int, reason: FactRefusal, before: int
) -> None:
    """Refused with that problem, recorded as refused, and the dossier as it was."""
    body = problem(answer)
    assert (answer.status_code, body["type"]) == (status, f"urn:lienthong:{reason.value}"), body
    facts = system.dossier(code).refused_facts
    assert len(facts) == before + 1
    assert facts[-1].reason is reason
    assert system.dossier(code).legs[1].stage is LegStage.WAITING_CONSENTS


WRONG: dict[str, tuple[Callable[[System, str], dict[str, Any]], int, FactRefusal]] = {
    "stranger": (lambda s, c: consent(s, c, STRANGER), 403, FactRefusal.WRONG_PERSON),
    "unknown leg": (lambda s, c: consent(s, c, householder(s, c), leg="bridge"), 404, FactRefusal.UNKNOWN_LEG),
    "future": (
        lambda s, c: consent(s, c, householder(s, c), at=(s.now() + timedelta(hours=1)).isoformat()),
        422,
        FactRefusal.IN_FUTURE,
    ),
    "naive time": (
        lambda s, c: consent(s, c, householder(s, c), at="2026-11-19T09:00:00"),
        422,
        FactRefusal.MALFORMED,
    ),
    "wrong type": (lambda s, c: consent(s, c, householder(s, c), answer=7), 422, FactRefusal.MALFORMED),
    "missing field": (lambda s, c: {"leg": LEG}, 422, FactRefusal.MALFORMED),
    "unknown field": (lambda s, c: consent(s, c, householder(s, c), extra=1), 422, FactRefusal.MALFORMED),
    "not asked about": (
        lambda s, c: consent(s, c, householder(s, c), leg="birth_registration"),
        403,
        FactRefusal.WRONG_PERSON,
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_consent_is_refused_and_moves_nothing(system: System, waiting: str, case: str) -> None:
    data, status, reason = WRONG[case]
    before = len(system.dossier(waiting).refused_facts)
    answer = system.event(waiting, "vneid_consent", data(system, waiting))
    expect_refused(system, waiting, answer, status, reason, before)


def agency(system: System, **changes: Any) -> dict[str, Any]:
    fact = {"kind": "decided", "at": system.now().isoformat(), "number": "1", "documents": []}
    return {"source": "social_insurance", "leg": "health_insurance_card", "fact": fact, **changes}


def test_an_agency_speaks_only_for_its_own_leg(system: System, waiting: str) -> None:
    before = len(system.dossier(waiting).refused_facts)
    answer = system.event(waiting, "agency_event", agency(system, source="residence"))
    expect_refused(system, waiting, answer, 403, FactRefusal.WRONG_SENDER, before)


def test_an_agency_that_has_nothing_yet_is_out_of_turn(system: System, waiting: str) -> None:
    before = len(system.dossier(waiting).refused_facts)
    answer = system.event(waiting, "agency_event", agency(system, source="residence", leg=LEG))
    expect_refused(system, waiting, answer, 409, FactRefusal.OUT_OF_TURN, before)


def test_another_dossiers_provincial_code_is_refused(system: System, waiting: str) -> None:
    before = len(system.dossier(waiting).refused_facts)
    answer = system.event(waiting, "agency_event", agency(system, provincial_code="H26.11.02-260101-9999"))
    expect_refused(system, waiting, answer, 409, FactRefusal.WRONG_DOSSIER, before)


def test_a_result_of_the_wrong_kind_is_refused(system: System, waiting: str) -> None:
    before = len(system.dossier(waiting).refused_facts)
    content = b"%PDF-1.4 that nobody awaits"
    document = {
        "kind": "identity_card",
        "file_name": "a.pdf",
        "media_type": "application/pdf",
        "content": base64.b64encode(content).decode(),
    }
    fact = {"kind": "decided", "at": system.now().isoformat(), "number": "1", "documents": [document]}
    answer = system.event(waiting, "agency_event", agency(system, fact=fact))
    expect_refused(system, waiting, answer, 422, FactRefusal.NOT_AWAITED, before)
    assert not list(system.settings.documents.rglob(hashlib.sha256(content).hexdigest())), "nobody needs it"


def test_a_document_that_is_none_is_refused(system: System, waiting: str) -> None:
    before = len(system.dossier(waiting).refused_facts)
    document = {
        "kind": "health_insurance_card",
        "file_name": "a.pdf",
        "media_type": "application/pdf",
        "content": base64.b64encode(b"MZ not a pdf").decode(),
    }
    fact = {"kind": "decided", "at": system.now().isoformat(), "number": "1", "documents": [document]}
    answer = system.event(waiting, "agency_event", agency(system, fact=fact))
    expect_refused(system, waiting, answer, 422, FactRefusal.MALFORMED, before)


def test_a_document_without_its_content_is_refused(system: System, waiting: str) -> None:
    """Nobody has the bytes of a mere digest, so whoever needs them would wait for ever."""
    before = len(system.dossier(waiting).refused_facts)
    document = {
        "kind": "health_insurance_card",
        "sha256": "0" * 64,
        "size": 9,
        "media_type": "application/pdf",
        "file_name": "a.pdf",
    }
    fact = {"kind": "decided", "at": system.now().isoformat(), "number": "1", "documents": [document]}
    answer = system.event(waiting, "agency_event", agency(system, fact=fact))
    expect_refused(system, waiting, answer, 422, FactRefusal.MALFORMED, before)


def test_the_same_event_twice_is_one_and_its_id_serves_nothing_else(system: System) -> None:
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].consents, "consents asked")
    data = consent(system, code, householder(system, code))
    first = system.event(code, "vneid_consent", data, id="same-1")
    again = system.event(code, "vneid_consent", data, id="same-1")
    other = system.event(code, "vneid_consent", {**data, "answer": "declined"}, id="same-1")
    second_answer = system.event(code, "vneid_consent", data, id="same-2")
    assert (first.status_code, first.json()["repeated"]) == (200, False)
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert (other.status_code, problem(other)["type"]) == (409, "urn:lienthong:message_reused")
    assert (second_answer.status_code, problem(second_answer)["type"]) == (409, "urn:lienthong:already_answered")
    system.see(
        code, lambda d: [c.state.value for c in d.legs[1].consents] == ["granted", "asked"], "one consent granted"
    )


def test_an_unknown_dossier_is_not_found(system: System) -> None:
    answer = system.event("G22.99.08-261119-999999", "agency_event", agency(system))
    assert (answer.status_code, problem(answer)["type"]) == (404, "urn:lienthong:unknown_dossier")


def test_a_fact_for_a_dossier_that_has_yet_to_start_is_to_be_sent_again(system: System) -> None:
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    data = consent(system, code, householder(system, code))
    early = system.event(code, "vneid_consent", data, id="early-1")
    assert (early.status_code, problem(early)["type"]) == (503, "urn:lienthong:not_delivered")
    system.start(code)
    system.see(code, lambda d: d.legs and len(d.legs[1].consents) == 2, "consents asked")
    assert system.event(code, "vneid_consent", data, id="early-1").status_code == 200


def test_a_fact_for_a_dossier_that_temporal_has_lost_is_kept_by_its_sender(system: System) -> None:
    """The ledger says it has not ended: refusing the fact for good would lose it."""
    code = system.open("grandparents-home")
    system.instruct(code, "vneid", silent=True)
    system.start(code)
    system.see(code, lambda d: d.legs and d.legs[1].consents, "consents asked")
    system.terminate(code)
    lost = system.event(code, "vneid_consent", consent(system, code, householder(system, code)))
    assert (lost.status_code, problem(lost)["type"]) == (503, "urn:lienthong:not_delivered")


def test_a_concluded_dossier_takes_nothing_more(system: System) -> None:
    code = system.open("plain")
    system.start(code)
    system.concluded(code)
    answer = system.event(code, "agency_event", agency(system))
    assert (answer.status_code, problem(answer)["type"]) == (409, "urn:lienthong:ended")


UNREADABLE = {
    "not json": b"{",
    "a list": b"[]",
    "empty": b"",
    "no envelope": json.dumps({"hello": 1}).encode(),
    "unknown type": json.dumps(
        {"specversion": "1.0", "id": "1", "source": "vneid", "type": "vn.other", "subject": "G22", "data": {}}
    ).encode(),
    "other version": json.dumps(
        {
            "specversion": "0.3",
            "id": "1",
            "source": "payment",
            "type": "vn.lienthong.payment.v1",
            "subject": "G22",
            "data": {},
        }
    ).encode(),
    "deep": b"[" * 5_000,
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_a_clear_400_for_who_signed_it(system: System, case: str) -> None:
    body = UNREADABLE[case]
    answer = system.post(body, headers=system.signed(body, "payment" if b"payment" in body else "vneid", "1"))
    assert (answer.status_code, problem(answer)["type"]) == (400, "urn:lienthong:malformed")


@pytest.mark.parametrize("media_type", ["application/json", "", f"{EVENT_MEDIA_TYPE}; charset=utf-16", "text/plain"])
def test_another_media_type_is_415(system: System, media_type: str) -> None:
    answer = system.post(b"{}", media_type)
    assert (answer.status_code, problem(answer)["type"]) == (415, "urn:lienthong:wrong_media_type")


def test_a_compressed_event_is_415(system: System) -> None:
    assert system.post(gzip.compress(b"{}"), headers={"content-encoding": "gzip"}).status_code == 415


def test_an_oversized_event_is_413(system: System) -> None:
    answer = system.post(b" " * (20 * 1024 * 1024 + 1))
    assert (answer.status_code, problem(answer)["type"]) == (413, "urn:lienthong:too_large")


def test_the_contract_is_published(system: System) -> None:
    contract = system.http.get(f"{system.gateway}/openapi.json").json()
    body = contract["paths"]["/events"]["post"]["requestBody"]["content"]["application/cloudevents+json"]["schema"]
    schemas = contract["components"]["schemas"]
    assert body["$ref"].rsplit("/", 1)[1] in schemas
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(contract)))
    assert {"agency_event", "vneid_consent", "payment", "documents", "Refused", "WireDocument"} <= named
    assert named <= set(schemas)
