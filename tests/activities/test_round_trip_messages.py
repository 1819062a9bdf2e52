"""What is said of a dossier beside its parts: look-ups, consents, payment, notices, statuses, results, paper orders.

Texts and codes arrive unchanged and in order, and no system hears a field of the form that `form_map` keeps from it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr

from activities.adapters import Adapters
from activities.outbox import OutboxRelay
from ledger.documents import DocumentStore
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.birth import BirthDeclaration
from models.declaration import Declaration
from models.delivery import dispatches, templates
from models.documents import DocumentKind
from models.dossier import DossierStage, Fee, FeeLine, Leg, LegOutcome, LegStage
from models.form_facts import PersonRole
from models.groups import Group
from models.law import pack
from models.messages import (
    ConsentMessage,
    Dispatch,
    DispatchKind,
    NoticeQuery,
    PaymentMessage,
    PeopleQuery,
)
from models.plan import AskedPerson, resolve_plan
from models.publication import Notice, NoticeOrder, Publication, StatusEvent
from models.statuses import PortalStatus, Status, StatusSystem
from models.submission import submission
from models.systems import Role, System
from simulator.records import Delivery, DossierBook, StatusTaken
from tests.activities import death_forms, death_map, form_map
from tests.activities.form_map import at
from tests.activities.forms import HOME, OLD_ORIGIN, content_of, file, typed
from tests.activities.simulated import CODE, SENT_AT, Stage, head, leg_message, read, settings_for, stage
from tests.keys import MASTERS
from tests.models.cases import NEWEST, owned

PROVINCIAL_CODE = "H26.11.02-261119-0001"
BIRTH = owned(
    typed(
        "grandparent-declares",
        {
            "applicant.full_name": "Bà Ngoại T’rin",
            "applicant.relation": "maternal_grandmother",
            "applicant.phone": "0987654321",
            "child.full_name": "Y H'Leo Niê M’gar",
            "mother.full_name": "H’Bla Kbuôr",
            "father.full_name": "Y BLa Đăk Đắk",
            "residence_registration.householder": {"full_name": "Ksor Chủ Hộ", "personal_id": "000000000012"},
            "results.residence_notice_paper": {"place": "post", "address": HOME},
            "results.health_card_paper": {"place": "post", "address": OLD_ORIGIN},
            "identity_card.requested": True,
            "vneid_integration": True,
        },
    )
)
DEATH = death_forms.typed(
    "insurance-lump-sum",
    {
        "applicant.full_name": "Bà Khai T’rin",
        "applicant.personal_id": "000000000050",
        "applicant.phone": "0987654321",
        "deceased.full_name": "Y H'Leo Niê M’gar",
        "deceased.cause": "Điều chỉ nơi đăng ký được biết",
        "death_notice.number": "00777.GBT.01901.26",
        "benefits.funeral_recipient.person": death_forms.receiver("H’Bla Kbuôr", "000000000051"),
        "benefits.representative": death_forms.receiver("Ksor Đại Diện", "000000000052"),
        "results.deregistration_notice_paper": {"place": "post", "address": HOME},
        "results.benefit_decision_paper": {"place": "post", "address": OLD_ORIGIN},
    },
)
"""Forms whose people are all different ones."""

TELLING = ("full_name", "personal_id", "passport", "phone", "email", "detail", "number", "commune_name", "facility")
"""Fields whose values tell who or where; a code or a date may recur by chance."""

RESULTS = {
    "birth_registration": DocumentKind.BIRTH_CERTIFICATE,
    "residence_registration": DocumentKind.RESIDENCE_NOTICE,
    "health_insurance_card": DocumentKind.HEALTH_INSURANCE_CARD,
    "identity_card": DocumentKind.IDENTITY_CARD,
    "death_registration": DocumentKind.DEATH_EXTRACT,
    "residence_deregistration": DocumentKind.DEREGISTRATION_NOTICE,
    "insurance_funeral_benefit": DocumentKind.FUNERAL_DECISION,
    "insurance_survivor_benefit": DocumentKind.SURVIVOR_DECISION,
}


class Told(NamedTuple):
    """A form of which everything was said, who may hear of which field, and what the systems know."""

    form: Declaration
    carried: Mapping[str, frozenset[str]]
    book: DossierBook


CARRIED: Mapping[Group, Mapping[str, frozenset[str]]] = {Group.BIRTH: form_map.CARRIED, Group.DEATH: death_map.CARRIED}


def _filled(notice: Notice) -> dict[str, str]:
    template = templates()[notice]
    names = {name for words in (template.text, template.sms) for _, name, _, _ in Formatter().parse(words or "")}
    return {name: f"‹{name}: Hải Châu II, M’gar, 17:00›" for name in names if name and name != "code"}


def everything(form: Declaration) -> tuple[Dispatch, ...]:
    """Whatever can go out for a dossier: every notice, every status, every result, every paper order."""
    plan = resolve_plan(pack(NEWEST), form)
    change = Publication(
        code=CODE,
        sequence=1,
        at=SENT_AT,
        stage=DossierStage.IN_PROGRESS,
        provincial_code=PROVINCIAL_CODE,
        notices=tuple(
            NoticeOrder(key=f"{CODE}:notice:{notice.value}", template=notice, values=_filled(notice))
            for notice in Notice
        ),
        statuses=tuple(
            StatusEvent(key=f"{CODE}:status:{code.value}", status=_portal(code), at=SENT_AT)
            for code in reversed(PortalStatus)
        ),
        legs=tuple(
            Leg(
                key=key,
                stage=LegStage.ENDED,
                outcome=LegOutcome.COMPLETED,
                ended_at=SENT_AT,
                documents=(file(kind, f"{kind.label}.pdf", f"%PDF-1.7 {kind.label}".encode()),),
            )
            for key, kind in RESULTS.items()
            if key in {leg.key for leg in plan.legs}
        ),
    )
    return dispatches(change, plan, form)


def _portal(code: PortalStatus) -> Status:
    return Status(system=StatusSystem.PORTAL, code=code.value)


async def tell_everybody(play: Stage, form: Declaration) -> None:
    """Every message that is no dossier part, as the workflow makes them."""
    adapters = play.adapters
    people = form.people_to_validate()
    await adapters.population.check(PeopleQuery(head=head("people"), people=people))
    assert form.notice_number
    await adapters.health.look_up(NoticeQuery(head=head("notice"), group=form.group, number=form.notice_number))
    for number, person in enumerate(person for person in people if person.role is not PersonRole.DECEASED):
        asked = AskedPerson(
            key=f"p{number}",
            full_name=person.full_name,
            personal_id=person.personal_id,
            roles=(PersonRole.LEGAL_REPRESENTATIVE, person.role),
        )
        message = ConsentMessage(
            head=head(f"consent:{number}"),
            leg="residence_registration",
            leg_name="Đăng ký thường trú",
            subject_name=form.subject_name,
            person=asked,
            answer_by=SENT_AT + timedelta(days=7),
        )
        await adapters.vneid.ask(message)
    fee = Fee(lines=(FeeLine(item="copy", name="Bản sao", amount_vnd=8000, basis="Nghị quyết mẫu"),))
    payment = PaymentMessage(
        head=head("payment"), fee=fee, payer_personal_id=form.applicant.personal_id, pay_by=SENT_AT
    )
    await adapters.payment.request(payment)
    registration = leg_message(System.PROVINCIAL, leg=f"{form.group.value}_registration", declaration=form)
    await adapters.agencies[System.PROVINCIAL].submit(registration, read)
    for dispatch in everything(form):
        await adapters.channels[dispatch.channel].dispatch(dispatch, content_of)


async def _told(form: Declaration) -> DossierBook:
    async with stage() as play:
        for system in System:
            if system.awaited:
                await play.instruct(system, silent=True)
        await tell_everybody(play, form)
        return await play.book()


@pytest.fixture(scope="module", params=[BIRTH, DEATH], ids=lambda form: form.group.value)
def told(request: pytest.FixtureRequest) -> Told:
    """A form of either group, once everything was said of it."""
    form: Declaration = request.param
    with asyncio.Runner() as runner:
        return Told(form, CARRIED[form.group], runner.run(_told(form)))


def heard(book: DossierBook, system: System) -> list[str]:
    """Every text and code a system has in its entries, its own keys and times left out."""
    entries = (
        *book.people,
        *book.notices_asked,
        *book.consents,
        *book.payment_requests,
        *book.notices,
        *book.results,
        *book.paper_orders,
        *book.statuses,
    )
    kept = [entry.model_dump(mode="json", exclude={"key", "at"}) for entry in entries if entry.system is system]
    return list(_texts(kept))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(part)


@pytest.mark.parametrize("system", [system for system in System if Role.HANDLES_LEGS not in system.roles])
def test_a_system_hears_what_it_is_told_and_nothing_else(told: Told, system: System) -> None:
    form, carried = told.form.model_dump(mode="json"), told.carried
    texts = heard(told.book, system)
    assert texts
    expected = {value for path, systems in carried.items() if system in systems for value in at(form, path)}
    assert expected
    assert expected <= set(texts)
    for path, systems in carried.items():
        if system not in systems and path.rpartition(".")[2] in TELLING:
            for value in at(form, path):
                assert value in expected or not any(value in text for text in texts), path


def test_people_are_validated_by_the_name_that_stands_with_their_number(told: Told) -> None:
    (asked,) = told.book.people
    assert [(person.full_name, person.personal_id) for person in asked.people] == list(_named(told.form))


def _named(form: Declaration) -> Iterator[tuple[str, str]]:
    """Everybody with a number, in the order of the form."""
    for person in _people(form):
        if person and person.personal_id:
            yield person.full_name, person.personal_id


def _people(form: Declaration) -> tuple[Any, ...]:
    if isinstance(form, BirthDeclaration):
        at_home = form.residence_registration
        return form.applicant, form.mother, form.father, at_home.householder, *at_home.dwelling_owners
    benefits = form.benefits
    assert benefits
    assert benefits.funeral_recipient
    receivers = benefits.funeral_recipient.person, benefits.representative
    return form.applicant, form.deceased, *benefits.relatives, *benefits.payees, *receivers


@pytest.mark.parametrize("channel", [system for system in System if Role.CHANNEL in system.roles])
def test_what_goes_out_arrives_word_for_word_and_in_order(told: Told, channel: System) -> None:
    book = told.book
    sent = [dispatch for dispatch in everything(told.form) if dispatch.channel is channel]
    assert sent
    for kind, taken in (
        (DispatchKind.NOTICE, book.notices),
        (DispatchKind.STATUS, book.statuses),
        (DispatchKind.RESULT, book.results),
        (DispatchKind.PAPER_ORDER, book.paper_orders),
    ):
        came = [_said(entry) for entry in taken if entry.system is channel]
        assert came == [_meant(dispatch) for dispatch in sent if dispatch.kind is kind]


def _said(entry: Delivery | StatusTaken) -> tuple[object, ...]:
    if isinstance(entry, StatusTaken):
        return entry.status, entry.text
    return entry.text, entry.address, entry.document_kind, entry.sha256


def _meant(dispatch: Dispatch) -> tuple[object, ...]:
    if dispatch.kind is DispatchKind.STATUS:
        return dispatch.status, dispatch.text
    return dispatch.text, dispatch.address, dispatch.document_kind, dispatch.document and dispatch.document.sha256


async def test_the_province_gets_sent_on_before_refused_even_when_the_first_fails(tmp_path: Path) -> None:
    """7, then 6, as they were published: one real adapter sends what is queued second first (STANDARDS §3.2)."""
    engine = open_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    upgrade(engine)
    ledger = Ledger(engine, MASTERS)
    code = ledger.open_dossier(submission(BIRTH, SENT_AT, SecretStr("tests only")), "G22.99.08").code
    statuses = [Status(system=StatusSystem.LINKING, code=number) for number in ("7", "6")]
    change = Publication(code=code, sequence=1, at=SENT_AT, stage=DossierStage.IN_PROGRESS)
    ledger.publish(
        change,
        tuple(
            Dispatch(
                head=head(f"status:{status.code}", code),
                channel=System.PROVINCIAL,
                kind=DispatchKind.STATUS,
                recipient=BIRTH.applicant.personal_id,
                status=status,
            )
            for status in statuses
        ),
    )
    async with stage() as play:
        await play.instruct(System.PROVINCIAL, code, silent=True)
        await play.adapters.agencies[System.PROVINCIAL].submit(leg_message(System.PROVINCIAL, code), read)
        await play.instruct(System.PROVINCIAL, code, fail_times=1, fail_with=429, retry_after="1")
        async with Adapters(settings_for(play.url)) as adapters, asyncio.timeout(10):
            relay = OutboxRelay(
                adapters,
                ledger,
                DocumentStore(tmp_path, MASTERS),
                settings_for(play.url),
                channels=(System.PROVINCIAL,),
            )
            running = asyncio.create_task(relay.run())
            while ledger.outbox_open(code):
                await asyncio.sleep(0.05)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        book = await play.book(code)
    engine.dispose()
    assert [taken.status for taken in book.statuses] == statuses
    assert [seen.status for seen in book.requests if seen.path.endswith("trang-thai")] == [429, 200, 200]
