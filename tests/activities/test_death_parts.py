"""The legs of a death on every agency's wire: what differs from those of a birth."""

import json
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from activities.field_map import laid_out
from activities.http import AgencyRejected, AgencyUnreadable
from activities.social_insurance import PARTS
from ledger.documents import DocumentStore
from models.corrections import changes
from models.documents import Document, DocumentKind, describe
from models.dossier import Attestation, Evidence
from models.facts import AgencyEvent, Corrected, Decided, ResultDocument
from models.form_facts import PersonRole
from models.groups import Group
from models.law import all_packs, pack
from models.messages import (
    ConsentEvidence,
    DispatchKind,
    FollowUp,
    FollowUpKind,
    LegQuery,
    NoticeQuery,
)
from models.systems import System
from tests.activities.death_forms import typed
from tests.activities.forms import HOME
from tests.activities.simulated import (
    CODE,
    DEATH_LEGS,
    PDF,
    PDF_SHA256,
    SENT_AT,
    Stage,
    attachment,
    consent_message,
    crooked,
    death_declared,
    death_message,
    dispatch,
    head,
    heard,
    read,
    stage,
)
from tests.keys import MASTERS

RESULTS = {
    "death_registration": DocumentKind.DEATH_EXTRACT,
    "residence_deregistration": DocumentKind.DEREGISTRATION_NOTICE,
    "insurance_funeral_benefit": DocumentKind.FUNERAL_DECISION,
    "insurance_survivor_benefit": DocumentKind.SURVIVOR_DECISION,
    "survivor_benefit_end": DocumentKind.BENEFIT_END_DECISION,
    "funeral_cost_support": DocumentKind.FUNERAL_DECISION,
    "merit_funeral_benefit": DocumentKind.FUNERAL_DECISION,
    "merit_survivor_benefit": DocumentKind.SURVIVOR_DECISION,
}
FUNERAL, SURVIVOR = "insurance_funeral_benefit", "insurance_survivor_benefit"
PROOFS = tuple(
    describe(kind, f"{kind.value}.pdf", PDF + kind.value.encode())
    for kind in (DocumentKind.REPRESENTATIVE_AGREEMENT, DocumentKind.CONSENT_ATTESTATION)
)
CONSENTS = (
    ConsentEvidence(personal_id="001162900303", roles=(PersonRole.RELATIVE,), granted_at=SENT_AT),
    ConsentEvidence(
        personal_id="001188900304",
        roles=(PersonRole.PAYEE, PersonRole.RELATIVE),
        granted_at=SENT_AT,
        evidence=Evidence.AGREEMENT,
        proof=PROOFS[0],
    ),
    ConsentEvidence(
        personal_id="001190900305",
        roles=(PersonRole.RELATIVE,),
        granted_at=SENT_AT,
        evidence=Evidence.DESK,
        proof=PROOFS[1],
        attested_by=Attestation(official="CB.0007", office="H26.00070"),
    ),
)
DEMAND = {
    "reason_code": "BS01",
    "documents": ["representative_agreement"],
    "legal_basis": "Quyết định 296/QĐ-VPCP",
    "text": "Bổ sung văn bản thống nhất cử người đại diện.",
}


async def proof(document: Document) -> bytes:
    """The store: each of the proofs as it is."""
    return PDF + document.kind.value.encode()


async def submit(play: Stage, *legs: str) -> None:
    """Send the parts of these legs, one after the other."""
    for leg in legs:
        await play.adapters.agencies[DEATH_LEGS[leg]].submit(death_message(leg), read)
        await play.settled()


def told(play: Stage, leg: str) -> list[str]:
    """What was told about a leg."""
    return [event.data["fact"]["kind"] for event in play.gateway.events if event.data["leg"] == leg]


# --- The law --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [law.id for law in all_packs()])
def test_every_leg_of_the_law_has_a_place_at_its_system_and_comes_to_its_result(law: str) -> None:
    for group in Group:
        for leg, rule in pack(law).group(group).legs.items():
            procedures = import_module(f"simulator.{rule.system.value}").PROCEDURES
            assert procedures[leg].result in rule.results, leg
            if rule.system is System.SOCIAL_INSURANCE:
                assert PARTS[leg].result in rule.results, leg


# --- Parts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leg", DEATH_LEGS)
async def test_a_part_arrives_whole(leg: str) -> None:
    registrar = leg == "death_registration"
    extract = attachment(kind=DocumentKind.DEATH_EXTRACT)
    message = death_message(
        leg,
        documents=(extract,),
        registration_number=None if registrar else "12/2026",
        head=head(f"{leg}:submit", provincial_code=None if registrar else "H26.11.02-261119-0001"),
    )
    async with stage() as play:
        sent = await play.adapters.agencies[message.system].submit(message, read)
        again = await play.adapters.agencies[message.system].submit(message, read)
        book = await play.settled()
    (intake,) = book.intakes
    assert (intake.leg, intake.files, intake.registration_number) == (leg, (extract,), message.registration_number)
    assert again.agency_code == intake.agency_code
    assert sent.receipt_follows == (message.system is not System.SOCIAL_INSURANCE)
    assert [registration.leg for registration in book.registrations] == [leg]
    assert all(registration.identity_number is None for registration in book.registrations)


@pytest.mark.rule("5.relatives-consent")
@pytest.mark.parametrize("leg", [FUNERAL, SURVIVOR, "merit_funeral_benefit", "merit_survivor_benefit"])
async def test_every_relatives_consent_arrives_with_its_evidence(leg: str) -> None:
    async with stage() as play:
        message = death_message(leg, consents=CONSENTS, documents=PROOFS)
        await play.adapters.agencies[message.system].submit(message, proof)
        (intake,) = (await play.book()).intakes
    assert intake.consents == CONSENTS


@pytest.mark.rule("5.relatives-consent")
@pytest.mark.parametrize("leg", ["death_registration", FUNERAL, "merit_survivor_benefit"])
async def test_consents_that_a_supplement_made_necessary_arrive_with_it(leg: str) -> None:
    system = DEATH_LEGS[leg]
    supplement = FollowUp(
        head=head(f"{leg}:supplement"),
        system=system,
        leg=leg,
        kind=FollowUpKind.SUPPLEMENT,
        text="Bổ sung một thân nhân.",
        documents=PROOFS,
        consents=CONSENTS,
    )
    async with stage() as play:
        await play.instruct(system, supplement=DEMAND)
        await submit(play, leg)
        await play.adapters.follow_up(supplement, proof)
        (taken,) = (await play.settled()).follow_ups
    assert (taken.consents, taken.files) == (CONSENTS, PROOFS)


CORRECTIONS = {
    "deceased.cause": "Bệnh chỉ một nơi được biết",
    "benefits.relatives.0.phone": "0912000399",
    "deceased.full_name": "Lê Thị Thọ Mẫu",
}


def correction(leg: str, corrections: Mapping[str, str]) -> FollowUp:
    """The letter about a corrected form to the agency of that leg."""
    return FollowUp(
        head=head(f"{leg}:correction"),
        system=DEATH_LEGS[leg],
        leg=leg,
        kind=FollowUpKind.CORRECTION,
        text="Công dân đính chính tờ khai.",
        changes=changes(corrections, Group.DEATH, DEATH_LEGS[leg]),
    )


@pytest.mark.rule("5.sensitive")
async def test_of_a_correction_an_agency_hears_what_it_was_told_before() -> None:
    heard: dict[str, list[str]] = {}
    async with stage() as play:
        for leg in DEATH_LEGS:
            await submit(play, leg)
            await play.adapters.follow_up(correction(leg, CORRECTIONS), read)
        for taken in (await play.settled()).follow_ups:
            heard[taken.leg] = [change.path for change in taken.changes]
    cause, phone, name = CORRECTIONS
    assert heard.pop("death_registration") == [cause, phone, name]
    assert heard.pop("residence_deregistration") == [name]
    assert heard.pop(SURVIVOR) == [phone, name]
    assert heard.pop(FUNERAL) == heard.pop("survivor_benefit_end") == [name]
    assert set(map(tuple, heard.values())) == {(phone, name)}


async def test_social_insurance_gets_no_letter_about_what_a_part_never_told() -> None:
    phone = {path: value for path, value in CORRECTIONS.items() if path.startswith("benefits")}
    async with stage() as play:
        for leg in (FUNERAL, SURVIVOR):
            await submit(play, leg)
            await play.adapters.follow_up(correction(leg, phone), read)
        follow_ups = (await play.settled()).follow_ups
    assert [taken.leg for taken in follow_ups] == [SURVIVOR]


@pytest.mark.parametrize("leg", [leg for leg, system in DEATH_LEGS.items() if system is System.SOCIAL_INSURANCE])
def test_social_insurance_gets_days_and_addresses_in_one_way(leg: str) -> None:
    said = json.dumps(laid_out(PARTS[leg].rows, death_declared("insurance-lump-sum")))
    assert not re.search(r"\d/\d{4}|maTinh|moRong", said)
    assert ("MATINH_CU_TRU" in said) is (leg != "survivor_benefit_end")


async def test_social_insurance_gets_what_it_asked_for_though_its_part_never_told_it() -> None:
    phone = changes({"benefits.relatives.0.phone": "0912000399"}, Group.DEATH, System.SOCIAL_INSURANCE)
    supplement = correction(FUNERAL, {}).model_copy(update={"kind": FollowUpKind.SUPPLEMENT, "changes": phone})
    async with stage() as play:
        await play.instruct(System.SOCIAL_INSURANCE, supplement=DEMAND)
        await submit(play, FUNERAL)
        await play.adapters.follow_up(supplement, read)
        (taken,) = (await play.settled()).follow_ups
    assert taken.changes == phone


async def test_two_legs_of_one_system_are_two_parts() -> None:
    async with stage() as play:
        await submit(play, FUNERAL, SURVIVOR)
        book = await play.settled()
    assert [intake.leg for intake in book.intakes] == [FUNERAL, SURVIVOR]
    assert len({intake.agency_code for intake in book.intakes}) == 2
    assert [registration.leg for registration in book.registrations] == [FUNERAL, SURVIVOR]


@pytest.mark.rule("5.80-plus")
async def test_the_decision_that_ends_a_monthly_benefit_travels_to_social_affairs(tmp_path: Path) -> None:
    async with stage() as play:
        await submit(play, "survivor_benefit_end")
        (decided,) = await found(play, "survivor_benefit_end", tmp_path)
        assert isinstance(decided.fact, Decided)
        (decision,) = decided.fact.documents

        async def stored(_: object) -> bytes:
            return DocumentStore(tmp_path, MASTERS).get(decision)

        support = death_message("funeral_cost_support", documents=(decision,))
        await play.adapters.agencies[System.SOCIAL_AFFAIRS].submit(support, stored)
        book = await play.settled()
    assert [intake.files for intake in book.intakes] == [(), (decision.model_copy(update={"seal": None}),)]
    assert decision.kind is DocumentKind.BENEFIT_END_DECISION


async def test_the_province_gets_a_death_under_its_own_module() -> None:
    form = typed(
        "aged-80",
        {"deceased.born": "1941", "deceased.died_on": "2026-11", "deceased.last_residence.address": HOME},
    )
    found = {"maKetQua": "01", "thongBao": "Hồ sơ không tồn tại"}
    taken = {"maKetQua": "00", "thongBao": "Tiếp nhận hồ sơ thành công"}
    async with crooked({CODE: found, "ho-so-lien-thong": taken, "trang-thai": taken}) as (system, adapters):
        province = adapters.agencies[System.PROVINCIAL]
        await province.submit(death_message("death_registration", declaration=form), read)
        extract = attachment(kind=DocumentKind.DEATH_EXTRACT)
        result = dispatch(System.PROVINCIAL, DispatchKind.RESULT, document=extract)
        await adapters.channels[System.PROVINCIAL].dispatch(result, read)
    body = system.bodies["provincial/ho-so-lien-thong"]
    record = json.loads(body["data"])["hoTich"]
    assert body["module"] == "LTKT"
    assert (record["nktNgaySinh"], record["nktNgayChet"], record["nktNoiCuTru"]["maXa"]) == ("1941", "11/2026", "00004")
    assert "" not in record.values()
    issued = json.loads(system.bodies["provincial/trang-thai"]["ketQuaXuLy"])
    assert issued["maGiayToKetQua"] == "KQ.G15.000034"


@pytest.mark.parametrize(
    ("leg", "office"), [("another_leg", {"code": "BHXH.01", "name": "Bảo hiểm xã hội"}), (FUNERAL, None)]
)
async def test_what_has_no_place_at_social_insurance_is_held_back(leg: str, office: Any) -> None:
    form = death_declared()
    recipients = form.recipients.model_copy(update={"social_insurance_office": office})
    message = death_message(FUNERAL, declaration=form.model_copy(update={"recipients": recipients}))
    async with stage() as play:
        with pytest.raises(AgencyRejected):
            await play.adapters.agencies[System.SOCIAL_INSURANCE].submit(message.model_copy(update={"leg": leg}), read)
        assert (await play.book()).intakes == ()


# --- Results ---------------------------------------------------------------------------------------------------------


async def found(play: Stage, leg: str, store: Path) -> list[AgencyEvent]:
    """What a look-up brings."""
    query = LegQuery(head=head("look_up"), group=Group.DEATH, system=DEATH_LEGS[leg], leg=leg)
    events = await play.adapters.agencies[query.system].look_up(query)
    facts = [heard(event, store) for event in events]
    return [fact for fact in facts if isinstance(fact, AgencyEvent)]


@pytest.mark.parametrize("leg", DEATH_LEGS)
async def test_a_look_up_finds_what_was_decided(tmp_path: Path, leg: str) -> None:
    async with stage() as play:
        await submit(play, leg)
        facts = await found(play, leg, tmp_path)
        (registration,) = (await play.book()).registrations
    decided = next(fact.fact for fact in facts if isinstance(fact.fact, Decided))
    assert (decided.number, decided.identity_number) == (registration.number, None)
    last = facts[-1].fact
    assert isinstance(last, Decided | ResultDocument)
    assert [document.kind for document in last.documents] == [RESULTS[leg]]


async def test_a_registered_death_that_says_nothing_is_unreadable() -> None:
    query = LegQuery(head=head("look_up"), group=Group.DEATH, system=System.PROVINCIAL, leg="death_registration")
    known = {"maHoSo": CODE, "ketQuaXuLy": {"ngayDangKy": "19/11/2026 09:30:00"}}
    async with crooked({CODE: {"maKetQua": "00", "thongBao": "thành công", "hoSo": known}}) as (_, adapters):
        with pytest.raises(AgencyUnreadable):
            await adapters.agencies[System.PROVINCIAL].look_up(query)


# --- Death notices ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "facility"),
    [("12345.GBT.01901.26", "01901"), ("11111.GBT.01901.26", "01901"), ("00000.GBT.01901.26", None)],
)
async def test_death_notices_are_looked_up(number: str, facility: str | None) -> None:
    async with stage() as play:
        found = await play.adapters.health.look_up(NoticeQuery(head=head("notice"), group=Group.DEATH, number=number))
        (asked,) = (await play.book()).notices_asked
    assert (found.facility if found else None, asked.number) == (facility, number)


# --- Relatives -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("5.relatives-consent")
async def test_of_three_relatives_one_stays_silent() -> None:
    numbers = ("001162900303", "001188900304", "001190900305")
    about = "cử người đại diện nhận trợ cấp tuất một lần"
    async with stage() as play:
        await play.instruct(System.VNEID, consents={numbers[1]: "silent"})
        for number in numbers:
            asked = consent_message(
                PersonRole.RELATIVE,
                number,
                head=head(f"{SURVIVOR}:consent:{number}"),
                leg=SURVIVOR,
                about=about,
                representative="Ksor Đại Diện Mẫu",
            )
            await play.adapters.vneid.ask(asked)
        book = await play.settled()
    answers = {event.data["personal_id"]: event.data["answer"] for event in play.gateway.events}
    assert answers == {numbers[0]: "granted", numbers[2]: "granted"}
    assert [asked.reply.value for asked in book.consents] == ["granted", "silent", "granted"]
    assert {(asked.about, asked.representative, asked.leg) for asked in book.consents} == {
        (about, "Ksor Đại Diện Mẫu", SURVIVOR)
    }


async def test_a_relative_may_agree_to_one_thing_and_not_to_another() -> None:
    async with stage() as play:
        await play.instruct(System.VNEID, consents={"relative": "declined"}, legs=[FUNERAL])
        for leg in (FUNERAL, SURVIVOR):
            asked = consent_message(PersonRole.RELATIVE, "001162900303", head=head(f"{leg}:consent"), leg=leg)
            await play.adapters.vneid.ask(asked)
        await play.settled()
    assert {(event.data["leg"], event.data["answer"]) for event in play.gateway.events} == {
        (FUNERAL, "declined"),
        (SURVIVOR, "granted"),
    }


# --- What is told about one of several legs --------------------------------------------------------------------------


async def test_a_demand_about_one_leg_leaves_the_other_alone() -> None:
    async with stage() as play:
        await play.instruct(System.SOCIAL_INSURANCE, supplement=DEMAND, legs=[SURVIVOR])
        await submit(play, FUNERAL, SURVIVOR)
        assert (told(play, FUNERAL), told(play, SURVIVOR)) == (["decided"], ["supplement_requested"])
        supplement = FollowUp(
            head=head(f"{SURVIVOR}:supplement"),
            system=System.SOCIAL_INSURANCE,
            leg=SURVIVOR,
            kind=FollowUpKind.SUPPLEMENT,
            text="Bổ sung theo yêu cầu.",
            documents=(attachment(kind=DocumentKind.REPRESENTATIVE_AGREEMENT),),
        )
        sent = await play.adapters.agencies[System.SOCIAL_INSURANCE].follow_up(supplement, read)
        book = await play.settled()
    assert sent.receipt_at is not None
    assert told(play, SURVIVOR) == ["supplement_requested", "decided"]
    assert len(book.registrations) == 2


@pytest.mark.parametrize(
    ("legs", "corrected"),
    [
        (("death_registration",), "death_registration"),
        (("residence_deregistration",), "residence_deregistration"),
        ((FUNERAL, SURVIVOR), FUNERAL),
        (("merit_funeral_benefit", "merit_survivor_benefit"), "merit_survivor_benefit"),
    ],
)
async def test_the_result_of_the_leg_named_is_issued_anew(
    tmp_path: Path, legs: tuple[str, ...], corrected: str
) -> None:
    system = DEATH_LEGS[corrected]
    async with stage() as play:
        await submit(play, *legs)
        order = {"leg": corrected, "text": "Ghi sai chữ đệm.", "new_number": True}
        reply = await play.http.post(f"/corrections/{CODE}/{system.value}", json=order)
        assert reply.status_code == 202, reply.text
        book = await play.settled()
        last = heard(play.gateway.events[-1], tmp_path)
    assert isinstance(last, AgencyEvent)
    assert isinstance(last.fact, Corrected)
    (document,) = last.fact.documents
    (registration,) = [one for one in book.registrations if one.leg == corrected]
    assert (last.leg, document.kind, last.fact.number) == (
        corrected,
        RESULTS[corrected],
        f"{registration.number}-2",
    )
    assert len(book.registrations) == len(legs)


@pytest.mark.parametrize("leg", [leg for leg in DEATH_LEGS if leg != "death_registration"])
async def test_who_has_the_old_extract_acknowledges_the_new_one(leg: str) -> None:
    system = DEATH_LEGS[leg]
    replacement = FollowUp(
        head=head(f"{leg}:replacement"),
        system=system,
        leg=leg,
        kind=FollowUpKind.REPLACEMENT,
        text="Trích lục khai tử được cấp lại.",
        documents=(attachment(kind=DocumentKind.DEATH_EXTRACT),),
    )
    async with stage() as play:
        await submit(play, leg)
        await play.adapters.agencies[system].follow_up(replacement, read)
        await play.settled()
    last = play.gateway.events[-1].data["fact"]
    assert (last["kind"], last["sha256"]) == ("acknowledged", PDF_SHA256)


async def test_the_registrar_may_have_to_verify_a_death() -> None:
    async with stage() as play:
        await play.instruct(System.PROVINCIAL, verification=True)
        await submit(play, "death_registration")
    assert told(play, "death_registration") == ["received", "passed_on", "verification", "decided", "result_document"]
