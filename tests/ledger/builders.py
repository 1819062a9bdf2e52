"""Dossiers for the ledger's tests, made from the sample declarations."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.errors import DuplicateDossier
from ledger.store import Ledger
from models.base import LEGAL_ZONE
from models.birth import BirthDeclaration
from models.calendar import load_calendar
from models.clock import Clock, ClockEntry, ClockEntryKind, Due, due
from models.corrections import Revision
from models.death import DeathDeclaration
from models.declaration import Declaration
from models.documents import Document, DocumentKind, describe
from models.dossier import AgencyNote, DossierStage, Leg, LegStage, OwedDuty, RefusedDemand, Supplement
from models.facts import Answer, ConsentAnswer, FactRefusal
from models.gate import DemandKind, Fault
from models.groups import Group
from models.law import pack_in_force
from models.messages import Dispatch, DispatchKind, Head, NoticeState
from models.notice_checks import NoticeCheck
from models.plan import Plan, resolve_plan
from models.publication import Publication
from models.replacement import Replacement, Telling
from models.submission import NotDuplicate, SubjectKeys, Submission, subject_keys, submission
from models.systems import System
from tests.keys import MASTERS
from tests.ledger.processes import together

SAMPLES = Path(__file__).parents[2] / "samples" / "birth"
PREFIX = "G22.99.08"
OPENED_AT = datetime(2026, 11, 10, 9, 0, tzinfo=LEGAL_ZONE)
SECRET = SecretStr("tests only")
CALENDAR = load_calendar()


def declared(sample: str = "plain", **changes: Any) -> BirthDeclaration:
    """The declaration of a sample file without attachments, some fields of it changed."""
    data = json.loads((SAMPLES / f"{sample}.json").read_text("utf-8"))
    return BirthDeclaration.model_validate(data | {"attachments": ()} | changes)


def numbered(number: int) -> BirthDeclaration:
    """The declaration of another child for every number, all by the same declarant."""
    notice = {"number": f"{number:05d}.GCS.01901.26", "issued_on": "2026-11-10", "facility": "Bệnh viện Phụ sản Hà Nội"}
    plain = declared().model_dump(mode="json")
    mother = plain["mother"] | {"personal_id": f"0011940{number:05d}"}
    father = plain["father"] | {"personal_id": f"0010920{number:05d}"}
    return declared(submission_id=f"lan-nop-{number}", birth_notice=notice, mother=mother, father=father)


def died(sample: str = "householder", **changes: Any) -> DeathDeclaration:
    """The declaration of a sample of a death without attachments, some fields of it changed."""
    data = json.loads((SAMPLES.parent / "death" / f"{sample}.json").read_text("utf-8"))
    return DeathDeclaration.model_validate(data | {"attachments": ()} | changes)


def submitted(declaration: Declaration, at: datetime = OPENED_AT) -> Submission:
    """The submission of a declaration."""
    return submission(declaration, at, SECRET)


def opened(ledger: Ledger, declaration: Declaration | None = None) -> str:
    """The code of a dossier opened for a declaration."""
    form = declaration or declared()
    return ledger.open_dossier(submitted(form), PREFIX).code


def consent(code: str, message_id: str, **changes: Any) -> ConsentAnswer:
    """A fact about a dossier, as it comes in."""
    fact = ConsentAnswer(
        message_id=message_id,
        dossier_code=code,
        leg="residence_registration",
        personal_id="001090000999",
        answer=Answer.GRANTED,
        at=OPENED_AT,
    )
    return fact.model_copy(update=changes)


def reissued(**changes: Any) -> BirthDeclaration:
    """The declaration of the plain sample under another birth notice: a possible reissue."""
    again = {"number": "99999.GCS.01901.26", "issued_on": "2026-11-10", "facility": "Bệnh viện Phụ sản Hà Nội"}
    return declared(**{"submission_id": "lan-nop-cap-lai", "birth_notice": again} | changes)


def let_in(ledger: Ledger, declaration: Declaration | None = None) -> str:
    """The code of a dossier opened because an operator says that it is about somebody else."""
    decision = NotDuplicate(reason="Hai người trùng tên, đã đối chiếu với bệnh viện.")
    form = declaration or reissued()
    return ledger.open_dossier(submitted(form), PREFIX, decision).code


def duty() -> OwedDuty:
    """A duty that a dossier leaves behind."""
    return OwedDuty(
        key="residence",
        says="Đăng ký thường trú cho trẻ.",
        last_day=date(2027, 1, 11),
        explanation=("60 ngày kể từ ngày đăng ký khai sinh.",),
        basis="Nghị định 154/2024/NĐ-CP Điều 7(2)",
        fine=None,
    )


def plan_of(declaration: Declaration) -> Plan:
    """The plan of a declaration under the law of the day it was submitted."""
    return resolve_plan(pack_in_force(OPENED_AT.date()), declaration)


def published(code: str, sequence: int, **changes: Any) -> Publication:
    """A publication of a dossier in progress, some fields of it changed."""
    at = OPENED_AT + timedelta(minutes=sequence)
    return Publication(**{"code": code, "sequence": sequence, "at": at, "stage": DossierStage.IN_PROGRESS} | changes)


def keys_of(publication: Publication) -> Mapping[int, SubjectKeys]:
    """The keys of a publication's corrected forms."""
    return {revision.number: subject_keys(revision.declaration, SECRET) for revision in publication.revisions}


def demanded(code: str, sequence: int) -> Publication:
    """A change of the residence leg: a demand refused by the gate, a supplement given, a corrected form."""
    key = "residence_registration"
    grounds = {"reason_code": "document_missing", "legal_basis": "Luật Cư trú Điều 21", "text": "Thiếu giấy tờ."}
    refused = RefusedDemand(
        message_id="tin-9",
        at=OPENED_AT,
        kind=DemandKind.RETURN,
        refusal=FactRefusal.FORBIDDEN_DOCUMENT,
        faults=(Fault.FORBIDDEN_DOCUMENT,),
        text="Không được yêu cầu.",
    )
    leg = Leg(
        key=key,
        stage=LegStage.IN_PROGRESS,
        supplements=(Supplement(requested_at=OPENED_AT, asked_at=OPENED_AT, **grounds),),
        refused_demands=(refused,),
        notes=(AgencyNote(message_id="tin-10", at=OPENED_AT, text="Đã xem."),),
    )
    revision = Revision(number=1, at=OPENED_AT, leg=key, paths=("child.full_name",), declaration=declared())
    return published(code, sequence, legs=(leg,), revisions=(revision,))


def replaced(code: str, sequence: int) -> Publication:
    """A change of the birth leg: its certificate issued anew, of which one agency was told."""
    key, old, new = "birth_registration", certificate(), certificate("bản cấp lại")
    leg = Leg(key=key, stage=LegStage.ENDED, number="22/2026", documents=(new,), superseded=(old,))
    replacement = Replacement(
        number=1,
        leg=key,
        at=OPENED_AT,
        taken_at=OPENED_AT,
        documents=(new,),
        superseded=(old,),
        registration_number="22/2026",
        former_number="21/2026",
        because="Sai tên đệm.",
        tellings=(Telling(leg="residence_registration", sha256=new.sha256),),
        due=due_of(clock(ClockEntryKind.STARTED)),
    )
    return published(code, sequence, legs=(leg,), replacements=(replacement,))


def clock(*kinds: ClockEntryKind) -> Clock:
    """A clock of five working days with entries of these kinds, one hour apart."""
    limits = {ClockEntryKind.STARTED: 5, ClockEntryKind.EXTENDED: 8}
    entries = tuple(
        ClockEntry(
            kind=kind,
            at=OPENED_AT + timedelta(hours=hours),
            cause=f"Sự kiện thứ {hours + 1}",
            basis="Quyết định 296/QĐ-VPCP",
            working_days=limits.get(kind),
        )
        for hours, kind in enumerate(kinds)
    )
    return Clock(rule=pack_in_force(OPENED_AT.date()).policies.receipt.rule, entries=entries)


def due_of(running: Clock) -> Due:
    """When a clock's limit ends."""
    return due(running, CALENDAR)


def notice(code: str, number: int, channel: System = System.PORTAL) -> Dispatch:
    """A notice on one channel."""
    head = Head(
        key=f"{code}:notice:{number}:{channel.value}", dossier_code=code, procedure_code="2.002621", sent_at=OPENED_AT
    )
    return Dispatch(
        head=head, channel=channel, kind=DispatchKind.NOTICE, recipient="0912345678", text=f"Thông báo số {number}."
    )


def notice_check(
    code: str, state: NoticeState, number: int = 1, facility: str | None = "01901", at: datetime = OPENED_AT
) -> NoticeCheck:
    """What the n-th look-up of that outcome found."""
    key = f"{code}:notice:{number}:{state.value}"
    return NoticeCheck(key=key, dossier_code=code, group=Group.BIRTH, facility=facility, state=state, at=at)


def kept(store: DocumentStore, content: bytes, kind: DocumentKind, file_name: str = "giay.pdf") -> Document:
    """The document that a content is, in the store."""
    document = describe(kind, file_name, content)
    store.keep(content)
    return document


def certificate(text: str = "bản điện tử") -> Document:
    """An electronic birth certificate of that content."""
    return describe(DocumentKind.BIRTH_CERTIFICATE, "giay-khai-sinh.pdf", f"%PDF-1.7 {text}".encode())


def open_all(url: str, numbers: Sequence[int]) -> list[tuple[int, str, bool]]:
    """Opens numbered dossiers through an engine of its own, as another process would: (number, code, created)."""
    engine = open_engine(url)
    try:
        ledger = Ledger(engine, MASTERS)
        outcomes = [(n, ledger.open_dossier(submitted(numbered(n)), PREFIX)) for n in numbers]
        return [(number, outcome.code, outcome.created) for number, outcome in outcomes]
    finally:
        engine.dispose()


def claim_child(url: str, submission_id: str) -> str | None:
    """Declares the same child under another submission id: the code if it was the first, else None."""
    engine = open_engine(url)
    try:
        return opened(Ledger(engine, MASTERS), declared(submission_id=submission_id))
    except DuplicateDossier:
        return None
    finally:
        engine.dispose()


CHILDREN = 12
"""How many children, and how many pairs of twins, are declared in two ways at once."""


class Way(StrEnum):
    """How a child is declared."""

    WITH_NOTICE = "with_notice"
    WITHOUT = "without"


WAYS = tuple(Way)


def in_a_way(number: int, way: Way) -> BirthDeclaration:
    """A child of that number, its name and papers as the way has it; from `CHILDREN` on, each way's own twin."""
    form = numbered(number).model_dump(mode="json")
    twin = number >= CHILDREN
    name, hour = form["child"]["full_name"], form["child"]["born_at"]
    if way is Way.WITHOUT:
        name, hour = ("Trần Minh Em", "23:59") if twin else (name.upper(), hour)
        form["birth_notice"] = None
    form["child"] |= {"full_name": name, "born_at": hour}
    return BirthDeclaration.model_validate(form | {"submission_id": f"{way}-{number}"})


def declare_all(url: str, way: Way) -> list[str | None]:
    """Declares every child in a way, each at the moment another process does in its own: the codes, None if refused."""
    engine = open_engine(url)
    try:
        return [_declared_at_once(Ledger(engine, MASTERS), in_a_way(number, way)) for number in range(2 * CHILDREN)]
    finally:
        engine.dispose()


def _declared_at_once(ledger: Ledger, form: BirthDeclaration) -> str | None:
    together()
    try:
        return opened(ledger, form)
    except DuplicateDossier:
        return None
