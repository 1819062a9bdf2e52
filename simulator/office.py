"""What every office that handles a leg does: takes a part in, then says step by step what becomes of it."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from models.base import legal
from models.documents import Document, DocumentKind
from models.events import EventType
from models.facts import (
    Acknowledged,
    AgencyEvent,
    AgencyFact,
    Corrected,
    Decided,
    PassedOn,
    Received,
    Refused,
    ResultDocument,
    Returned,
    SupplementRequested,
    Unclassified,
    Verification,
)
from models.identity import Sex
from models.messages import ConsentEvidence, FollowUpKind, Sent
from models.statuses import Status
from simulator.answers import After
from simulator.desk import Desk, Reply
from simulator.instructions import Grounds, Instruction, Step
from simulator.press import Press
from simulator.records import (
    Answer,
    DocumentReplaced,
    FollowUpTaken,
    Intake,
    PaperAgain,
    Registration,
    ResultReissued,
)
from simulator.wire import FollowUpRequest, Json, LegRequest, described, wire_document

_VERIFICATION = "Cơ quan cần xác minh nơi cư trú trước khi giải quyết."


Numbering = Callable[[Intake, int, datetime], str]
"""The number of a decision: of that part, with that serial number, on that day."""


def numbered(prefix: str) -> Numbering:
    """Decisions numbered through, with the year."""

    def number(_: Intake, serial: int, at: datetime) -> str:
        return f"{prefix}{serial}/{legal(at).year}"

    return number


@dataclass(frozen=True)
class Procedure:
    """How an office handles a leg. `number` numbers a decision; `late_document`: the result paper follows the decision.

    `receipt_by_event`: the office states its receipt by event, else in its answer.
    """

    result: DocumentKind
    number: Numbering
    receipt_by_event: bool = False
    passes_on: bool = False
    late_document: bool = False
    assigns_identity_number: bool = False
    statuses: Mapping[Step, Status] | None = None


class Office:
    """An office at work; its desk serves the wire. `procedures` by the legs it handles."""

    def __init__(self, desk: Desk, procedures: Mapping[str, Procedure]) -> None:
        self._desk = desk
        self._book = desk.book
        self._press = Press(desk.book, desk.authority)
        self._procedures = procedures
        desk.answers.composer(desk.system, self._compose, self._after)

    def procedure(self, leg: str) -> Procedure | None:
        """How it handles a leg; None when it does not."""
        return self._procedures.get(leg)

    def intakes(self, dossier_code: str, leg: str | None = None) -> tuple[Intake, ...]:
        """The parts of a dossier taken in so far."""
        every = self._book.entries(Intake, dossier_code, self._desk.system)
        return tuple(intake for intake in every if leg in (None, intake.leg))

    def take_in(
        self,
        dossier_code: str,
        provincial_code: str | None,
        leg: str,
        agency_code: str,
        understood: Json,
        files: tuple[Document, ...],
        registration_number: str | None = None,
        identity_number: str | None = None,
        consents: tuple[ConsentEvidence, ...] = (),
    ) -> Intake:
        """Take a part in and owe the events of its course. Raises KeyError for a leg that it does not handle."""
        instruction = self._desk.instruction(dossier_code).about(leg)
        course = self._desk.answers.start(
            self._desk.system,
            dossier_code,
            f"{dossier_code}:{leg}",
            () if instruction.silent else tuple(_steps(self._procedures[leg], instruction)),
            self._desk.delay(instruction),
            instruction.lose,
        )
        intake = Intake(
            system=self._desk.system,
            dossier_code=dossier_code,
            key=course,
            at=self._book.legal_now(dossier_code),
            leg=leg,
            agency_code=agency_code,
            provincial_code=provincial_code,
            understood=understood,
            registration_number=registration_number,
            identity_number=identity_number,
            files=files,
            consents=consents,
            instruction=instruction,
        )
        self._book.add(intake)
        return intake

    def take_message(self, message: LegRequest, agency_code: str) -> Intake:
        """Take in a part that came by our own contract."""
        return self.take_in(
            message.head.dossier_code,
            message.head.provincial_code,
            message.leg,
            agency_code,
            message.declaration.model_dump(mode="json"),
            described(message.documents),
            message.registration_number,
            message.identity_number,
            message.consents,
        )

    def take_follow_up(self, taken: FollowUpTaken) -> bool:
        """Take in something more, and do what it asks for; False when it had come before.

        About a part that another agency has, it is only noted. Raises LookupError when the dossier is not here.
        """
        if not self.intakes(taken.dossier_code):
            raise LookupError(f"no part of {taken.dossier_code}")
        if not self._book.add(taken):
            return False
        if own := self.intakes(taken.dossier_code, taken.leg):
            self._react(taken, own[-1])
        return True

    def answer_follow_up(self, message: FollowUpRequest) -> Reply:
        """Take in something more that came by our own contract; the answer to it."""
        taken = FollowUpTaken(
            system=self._desk.system,
            dossier_code=message.head.dossier_code,
            key=message.head.key,
            at=self._book.legal_now(message.head.dossier_code),
            leg=message.leg,
            kind=message.kind,
            text=message.text,
            agency_code=message.agency_code,
            registration_number=message.registration_number,
            files=described(message.documents),
            changes=message.changes,
            consents=message.consents,
        )
        try:
            self.take_follow_up(taken)
        except LookupError:
            return Reply({"type": "urn:lienthong:simulator:unknown-part", "title": "Không có hồ sơ này"}, 404)
        procedure = self.procedure(message.leg)
        by_event = procedure is not None and procedure.receipt_by_event
        receipt = taken.at if taken.kind is FollowUpKind.SUPPLEMENT and not by_event else None
        follows = taken.kind is FollowUpKind.SUPPLEMENT and by_event
        return Reply(Sent(receipt_at=receipt, receipt_follows=follows).model_dump(mode="json"), 202)

    def told(self, dossier_code: str, leg: str) -> Reply:
        """What has happened to a part so far, in our own contract."""
        intakes = self.intakes(dossier_code, leg)
        if not intakes:
            return Reply({"type": "urn:lienthong:simulator:unknown-part", "title": "Không có hồ sơ này"}, 404)
        return Reply({"events": [json.loads(event) for _, event in self._book.happened(str(intakes[-1].key))]})

    def happened(self, intake: Intake) -> frozenset[Step]:
        """The steps that a part has gone through so far."""
        return frozenset(Step(step) for step, _ in self._book.happened(str(intake.key)))

    def result(self, registration: Registration) -> tuple[str, str]:
        """The result paper of a decision: name of the file and content in base64."""
        document, content = self._paper(registration)
        return document.file_name, base64.b64encode(content).decode("ascii")

    def registration(self, intake: Intake) -> Registration | None:
        """The decision about a part, once there is one."""
        return self._book.entry(Registration, self._desk.system, str(intake.key))

    def asks_for_supplement(self, dossier_code: str) -> bool:
        """Whether a part of the dossier waits for something more from us."""
        return any(self._desk.answers.holds(str(intake.key)) for intake in self.intakes(dossier_code))

    def _react(self, taken: FollowUpTaken, intake: Intake) -> None:
        answers, course = self._desk.answers, str(intake.key)
        match taken.kind:
            case FollowUpKind.SUPPLEMENT:
                by_event = self._procedures[intake.leg].receipt_by_event
                answers.resume(course, Step.SUPPLEMENT_RECEIVED if by_event else None)
            case FollowUpKind.GROUNDS_DEMANDED:
                if intake.instruction.grounds:
                    answers.resume(course)
            case FollowUpKind.RESULT_ASKED:
                registration = self.registration(intake)
                if registration and registration.number == taken.registration_number:
                    answers.find(course)
                    self._issue_again(intake, registration)
            case FollowUpKind.WITHDRAWAL | FollowUpKind.CANCELLATION | FollowUpKind.NOT_SUPPLEMENTED:
                answers.drop(course)
            case FollowUpKind.REPLACEMENT:
                self._replace(taken, intake)

    def _issue_again(self, intake: Intake, registration: Registration) -> None:
        """Owe the paper once more, signed properly this time, if it was signed badly."""
        if intake.instruction.seal_fault is None:
            return
        name = f"{intake.dossier_code}:{intake.leg}:again"
        delay = self._desk.delay(intake.instruction)
        course = self._desk.answers.start(self._desk.system, intake.dossier_code, name, (Step.RESULT_DOCUMENT,), delay)
        at = self._book.legal_now(intake.dossier_code)
        self._book.add(
            PaperAgain(
                system=self._desk.system, dossier_code=intake.dossier_code, key=course, at=at, of=str(registration.key)
            )
        )

    def _replace(self, taken: FollowUpTaken, intake: Intake) -> None:
        """Put new documents in the place of old ones, and owe the acknowledgements."""
        instruction = self._desk.instruction(taken.dossier_code).about(taken.leg)
        for document in () if instruction.silent else taken.files:
            name = f"{taken.dossier_code}:{taken.leg}:{document.kind.value}"
            delay = self._desk.delay(instruction)
            course = self._desk.answers.start(
                self._desk.system, taken.dossier_code, name, (Step.ACKNOWLEDGED,), delay, instruction.lose
            )
            self._book.add(
                DocumentReplaced(
                    system=self._desk.system,
                    dossier_code=taken.dossier_code,
                    key=course,
                    at=taken.at,
                    leg=taken.leg,
                    sha256=document.sha256,
                )
            )

    def _after(self, answer: Answer) -> After:
        match Step(answer.step):
            case Step.SUPPLEMENT_REQUESTED | Step.RETURNED:
                return After.HOLD
            case Step.UNCLASSIFIED:
                return After.HOLD if self._intake(answer).instruction.insists else After.GO_ON
            case Step.REFUSED:
                return After.END
            case _:
                return After.GO_ON

    def _compose(self, answer: Answer, at: datetime) -> tuple[EventType, Json]:
        step = Step(answer.step)
        if step is Step.ACKNOWLEDGED:
            return self._acknowledge(answer, at)
        if step is Step.CORRECTED:
            return self._reissue(answer, at)
        intake = self._intake(answer)
        fact, documents = self._fact(step, intake, at)
        statuses = self._procedures[intake.leg].statuses or {}
        event = AgencyEvent(
            message_id=answer.message_id,
            source=self._desk.system,
            dossier_code=intake.dossier_code,
            provincial_code=intake.provincial_code,
            leg=intake.leg,
            status=statuses.get(step),
            fact=fact,
        ).model_dump(mode="json", exclude={"message_id", "dossier_code"})
        if documents:
            event["fact"]["documents"] = documents
        return EventType.AGENCY_EVENT, event

    def _intake(self, answer: Answer) -> Intake:
        again = self._book.entry(PaperAgain, self._desk.system, answer.course)
        intake = self._book.entry(Intake, self._desk.system, again.of if again else answer.course)
        if intake is None:
            raise LookupError(f"no intake for {answer.course}")
        return intake

    def _acknowledge(self, answer: Answer, at: datetime) -> tuple[EventType, Json]:
        replaced = self._book.entry(DocumentReplaced, self._desk.system, answer.course)
        if replaced is None:
            raise LookupError(f"nothing was replaced in {answer.course}")
        event = AgencyEvent(
            message_id=answer.message_id,
            source=self._desk.system,
            dossier_code=replaced.dossier_code,
            leg=replaced.leg,
            fact=Acknowledged(at=at, sha256=replaced.sha256),
        )
        return EventType.AGENCY_EVENT, event.model_dump(mode="json", exclude={"message_id", "dossier_code"})

    def _reissue(self, answer: Answer, at: datetime) -> tuple[EventType, Json]:
        """Issue the result of a part anew."""
        reissued = self._book.entry(ResultReissued, self._desk.system, answer.course)
        intake = self._book.entry(Intake, self._desk.system, reissued.of) if reissued else None
        if reissued is None or intake is None:
            raise LookupError(f"nothing to issue anew in {answer.course}")
        kind, fault = self._procedures[intake.leg].result, self._instruction(intake).seal_fault
        document, content = self._press.issue(
            self._desk.system, kind, reissued.number, reissued.at, reissued.version, fault
        )
        event = AgencyEvent(
            message_id=answer.message_id,
            source=self._desk.system,
            dossier_code=intake.dossier_code,
            provincial_code=intake.provincial_code,
            leg=intake.leg,
            fact=Corrected(at=at, documents=(document,), number=reissued.number, text=reissued.text),
        ).model_dump(mode="json", exclude={"message_id", "dossier_code"})
        event["fact"]["documents"] = [wire_document(document, content)]
        return EventType.AGENCY_EVENT, event

    def _fact(self, step: Step, intake: Intake, at: datetime) -> tuple[AgencyFact, list[Json]]:
        instruction = intake.instruction
        match step:
            case Step.RECEIVED | Step.SUPPLEMENT_RECEIVED:
                return Received(at=at, agency_code=intake.agency_code), []
            case Step.PASSED_ON:
                return PassedOn(at=at), []
            case Step.VERIFICATION:
                return Verification(at=at, text=_VERIFICATION), []
            case Step.UNCLASSIFIED:
                return Unclassified(at=at, text=instruction.unclassified or ""), []
            case Step.SUPPLEMENT_REQUESTED:
                return SupplementRequested(at=at, **_stated(instruction.supplement)), []
            case Step.RETURNED:
                return Returned(at=at, **_stated(instruction.returned)), []
            case Step.REFUSED:
                return Refused(at=at, **_stated(instruction.refuse)), []
            case Step.DECIDED:
                return self._decide(intake, at)
            case Step.RESULT_DOCUMENT:
                return self._issue(intake, at)
            case Step.ACKNOWLEDGED | Step.CORRECTED:
                raise ValueError("that is about a document, not about a part")

    def _decide(self, intake: Intake, at: datetime) -> tuple[Decided, list[Json]]:
        procedure = self._procedures[intake.leg]
        serial = self._book.next_number(f"{self._desk.system}:registration")
        registration = Registration(
            system=self._desk.system,
            dossier_code=intake.dossier_code,
            key=intake.key,
            at=at,
            leg=intake.leg,
            number=procedure.number(intake, serial, at),
            identity_number=_identity_number(intake, serial) if procedure.assigns_identity_number else None,
        )
        self._book.add(registration)
        papers = () if procedure.late_document else (self._paper(registration),)
        fact = Decided(
            at=at,
            number=registration.number,
            identity_number=registration.identity_number,
            documents=tuple(document for document, _ in papers),
        )
        return fact, [wire_document(document, content) for document, content in papers]

    def _issue(self, intake: Intake, at: datetime) -> tuple[ResultDocument, list[Json]]:
        registration = self.registration(intake)
        if registration is None:
            raise LookupError(f"no registration for {intake.key}")
        document, content = self._paper(registration)
        return ResultDocument(at=at, documents=(document,)), [wire_document(document, content)]

    def _paper(self, registration: Registration) -> tuple[Document, bytes]:
        """The result paper of a decision, signed when it was made: badly if told to, until it was asked for again."""
        again = any(
            one.of == registration.key
            for one in self._book.entries(PaperAgain, registration.dossier_code, self._desk.system)
        )
        intake = self._book.entry(Intake, self._desk.system, str(registration.key))
        fault = intake.instruction.seal_fault if intake and not again else None
        kind = self._procedures[registration.leg].result
        return self._press.issue(self._desk.system, kind, registration.number, registration.at, fault=fault)

    def _instruction(self, intake: Intake) -> Instruction:
        """What it is told to do with the part now."""
        return self._desk.instruction(intake.dossier_code).about(intake.leg)


def _steps(procedure: Procedure, instruction: Instruction) -> Iterator[Step]:
    """What becomes of a part, step by step."""
    demands = [Step.SUPPLEMENT_REQUESTED] * instruction.supplement_rounds if instruction.supplement else []
    demands += [Step.RETURNED] if instruction.returned else []
    if procedure.receipt_by_event:
        yield Step.RECEIVED
    if procedure.passes_on:
        yield Step.PASSED_ON
    if instruction.unclassified:
        yield Step.UNCLASSIFIED
    if not instruction.after_verification:
        yield from demands
    if instruction.verification:
        yield Step.VERIFICATION
    if instruction.after_verification:
        yield from demands
    if instruction.refuse:
        yield Step.REFUSED
    yield Step.DECIDED
    if procedure.late_document and not instruction.no_certificate:
        yield Step.RESULT_DOCUMENT


def _stated(grounds: Grounds | None) -> Json:
    return grounds.model_dump() if grounds else {}


def _identity_number(intake: Intake, serial: int) -> str:
    """A fictitious number of the usual structure (STANDARDS §5): province, century and sex, year, six digits from 9."""
    born_on = intake.child_born_on
    century_and_sex = 2 * (born_on.year // 100 - 19) + (intake.child_sex is Sex.FEMALE)
    return f"0{intake.province_code}{century_and_sex}{born_on.year % 100:02d}{900_000 + serial % 100_000:06d}"
