"""What every office that handles a leg does: takes a part in, then says step by step what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.documents import Document, DocumentKind, describe
from models.events import EventType
from models.facts import AgencyEvent, AgencyFact, Decided, PassedOn, Received, Refused, ResultDocument, Verification
from models.identity import Sex
from models.statuses import Status
from simulator.desk import Desk
from simulator.instructions import Instruction
from simulator.paper import paper
from simulator.records import Answer, Intake, Registration
from simulator.wire import Json, LegRequest, wire_document

_VERIFICATION = "Cơ quan cần xác minh nơi cư trú trước khi giải quyết."


class Step(StrEnum):
    """The steps of a part through an office."""

    RECEIVED = "received"
    PASSED_ON = "passed_on"
    VERIFICATION = "verification"
    REFUSED = "refused"
    DECIDED = "decided"
    RESULT_DOCUMENT = "result_document"


@dataclass(frozen=True)
class Procedure:
    """How an office works. `number` numbers a decision; `late_document`: the result paper follows the decision.

    `receipt_by_event`: the office states its receipt by event, else in its answer.
    """

    result: DocumentKind
    number: Callable[[Intake, int, datetime], str]
    receipt_by_event: bool = False
    passes_on: bool = False
    late_document: bool = False
    assigns_identity_number: bool = False
    statuses: Mapping[Step, Status] | None = None


class Office:
    """An office at work; its desk serves the wire."""

    def __init__(self, desk: Desk, procedure: Procedure) -> None:
        self._desk = desk
        self._book = desk.book
        self._procedure = procedure
        desk.answers.composer(desk.system, self._compose)

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
    ) -> Intake:
        """Take a part in and owe the events of its course."""
        instruction = self._desk.instruction(dossier_code)
        course = self._desk.answers.start(
            self._desk.system,
            dossier_code,
            f"{dossier_code}:{leg}",
            self._steps(instruction),
            self._desk.delay(instruction),
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
            tuple(describe(document.kind, document.file_name, document.content) for document in message.documents),
            message.registration_number,
            message.identity_number,
        )

    def _steps(self, instruction: Instruction) -> tuple[Step, ...]:
        procedure = self._procedure
        if instruction.silent:
            return ()
        taken = {
            Step.RECEIVED: procedure.receipt_by_event,
            Step.PASSED_ON: procedure.passes_on,
            Step.VERIFICATION: instruction.verification,
            Step.REFUSED: instruction.refuse is not None,
            Step.DECIDED: instruction.refuse is None,
            Step.RESULT_DOCUMENT: procedure.late_document
            and instruction.refuse is None
            and not instruction.no_certificate,
        }
        return tuple(step for step, happens in taken.items() if happens)

    def _compose(self, answer: Answer, at: datetime) -> tuple[EventType, Json]:
        intake = self._book.entry(Intake, self._desk.system, answer.course)
        if intake is None:
            raise LookupError(f"no intake for {answer.course}")
        step = Step(answer.step)
        fact, documents = self._fact(step, intake, at)
        statuses = self._procedure.statuses or {}
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

    def _fact(self, step: Step, intake: Intake, at: datetime) -> tuple[AgencyFact, list[Json]]:
        match step:
            case Step.RECEIVED:
                return Received(at=at, agency_code=intake.agency_code), []
            case Step.PASSED_ON:
                return PassedOn(at=at), []
            case Step.VERIFICATION:
                return Verification(at=at, text=_VERIFICATION), []
            case Step.REFUSED:
                refusal = intake.instruction.refuse
                return Refused.model_validate({"at": at, **(refusal.model_dump() if refusal else {})}), []
            case Step.DECIDED:
                return self._decide(intake, at)
            case Step.RESULT_DOCUMENT:
                return self._issue(intake, at)

    def _decide(self, intake: Intake, at: datetime) -> tuple[Decided, list[Json]]:
        serial = self._book.next_number(f"{self._desk.system}:registration")
        registration = Registration(
            system=self._desk.system,
            dossier_code=intake.dossier_code,
            key=intake.key,
            at=at,
            leg=intake.leg,
            number=self._procedure.number(intake, serial, at),
            identity_number=_identity_number(intake, serial) if self._procedure.assigns_identity_number else None,
        )
        self._book.add(registration)
        document, content = paper(self._procedure.result, registration.number)
        with_paper = not self._procedure.late_document
        fact = Decided(
            at=at,
            number=registration.number,
            identity_number=registration.identity_number,
            documents=(document,) if with_paper else (),
        )
        return fact, [wire_document(document, content)] if with_paper else []

    def _issue(self, intake: Intake, at: datetime) -> tuple[ResultDocument, list[Json]]:
        registration = self._book.entry(Registration, self._desk.system, str(intake.key))
        if registration is None:
            raise LookupError(f"no registration for {intake.key}")
        document, content = paper(self._procedure.result, registration.number)
        return ResultDocument(at=at, documents=(document,)), [wire_document(document, content)]


def _identity_number(intake: Intake, serial: int) -> str:
    """A fictitious number of the usual structure (STANDARDS §5): province, century and sex, year, six digits from 9."""
    born_on = intake.child_born_on
    century_and_sex = 2 * (born_on.year // 100 - 19) + (intake.child_sex is Sex.FEMALE)
    return f"0{intake.province_code}{century_and_sex}{born_on.year % 100:02d}{900_000 + serial % 100_000:06d}"
