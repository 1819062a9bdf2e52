"""What every dossier workflow is: its state, and the publications that tell of every change.

What happens within a moment is one publication; what was published is never taken back.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from temporalio import workflow

from models.acts import Act
from models.base import MAX_LONG_TEXT, MessageKey, legal_date
from models.clock import Clock, Due, Timeliness
from models.corrections import Revision
from models.declaration import Declaration
from models.details import attributes, details
from models.documents import Document, DocumentKind
from models.dossier import (
    CitizenLimit,
    DossierOutcome,
    DossierStage,
    DossierView,
    Fee,
    Leg,
    OwedDuty,
)
from models.facts import (
    FactRefusal,
    FactRefused,
)
from models.gate import Gate, fitting
from models.lateness import Apology
from models.messages import FieldChange, FollowUpKind, NoticeAnswer
from models.plan import Plan, RequiredDocument
from models.publication import FollowUpOrder, HeardFact, Notice, NoticeOrder, Publication, StatusEvent, news
from models.replacement import Replacement
from models.start import StartDossier
from models.statuses import PortalStatus, Status, StatusSystem
from models.stopping import Stop, StopCause
from models.systems import System
from models.trouble import Trouble
from workflows import ports
from workflows.calls import P, R, call_ledger, compute
from workflows.clock import LegalTime
from workflows.visibility import Display

_AT_REST = 8
"""Turns in which nothing has moved after which nothing will, until something comes from outside."""


class PublishedDossier:
    """The state of one dossier; all set up here, since handlers may run before `run`."""

    def __init__(self, start: StartDossier) -> None:
        self.code = start.code
        self.declaration = start.declaration
        self.submitted_on = legal_date(start.submitted_at)
        self.revision = 0
        self.supplied: tuple[Document, ...] = ()
        self.time = LegalTime(start.training_offset)
        self.stage = DossierStage.INTAKE
        self.outcome: DossierOutcome | None = None
        self.plan: Plan | None = None
        self.provincial_code: str | None = None
        self.fee = Fee()
        self.missing: tuple[RequiredDocument, ...] = ()
        self.limit: CitizenLimit | None = None
        self.legs: dict[str, Leg] = {}
        self.replacements: dict[int, Replacement] = {}
        self.clock: Clock | None = None
        self.due: Due | None = None
        self.expected: Due | None = None
        self.missed_due: datetime | None = None
        self.apologies: tuple[Apology, ...] = ()
        self.timeliness: Timeliness | None = None
        self.duties: tuple[OwedDuty, ...] = ()
        self.stop: Stop | None = None
        self.troubles: tuple[Trouble, ...] = ()
        self.warnings: tuple[str, ...] = ()
        self.acts: tuple[Act, ...] = ()
        self.asked_again: set[MessageKey] = set()
        self.calendar_news = 0
        self.gate: Gate | None = None
        self.notice_found: NoticeAnswer | None = None
        self._written_revision = 0
        self._refused_signals = 0
        self._journal = _Journal()
        self._sequence = 0
        self._moments = 0
        self._sending = 0
        self._moves = 0
        self._published: DossierView | None = None
        self._display = Display()

    @workflow.query(name="dossier_view")
    def view(self) -> DossierView:
        """The whole dossier as it stands."""
        return DossierView(
            code=self.code,
            province_code=self.declaration.recipients.province_code,
            stage=self.stage,
            outcome=self.outcome,
            plan=self.plan,
            provincial_code=self.provincial_code,
            clock=self.clock,
            due=self.due,
            expected=self.expected,
            missed_due=self.missed_due,
            apologies=self.apologies,
            timeliness=self.timeliness,
            fee=self.fee,
            missing_documents=self.missing,
            limit=self.limit,
            legs=tuple(self.legs.values()),
            replacements=tuple(self.replacements.values()),
            duties=self.duties,
            withdrawn_at=self._stopped_at(StopCause.WITHDRAWAL),
            cancelled_at=self._stopped_at(StopCause.CANCELLATION),
            troubles=self.troubles,
            warnings=self.warnings,
            acts=self.acts,
            refused_signals=self._refused_signals,
        )

    def _stopped_at(self, cause: StopCause) -> datetime | None:
        return self.stop.at if self.stop and self.stop.cause is cause else None

    # --- State -------------------------------------------------------------------------------------------------------

    @property
    def required_plan(self) -> Plan:
        """The plan, once intake has resolved it."""
        if self.plan is None:
            raise FactRefused(FactRefusal.OUT_OF_TURN, "Hồ sơ đang được tiếp nhận, chưa có thủ tục nào.")
        return self.plan

    @property
    def attached(self) -> frozenset[DocumentKind]:
        """What the dossier carries by now: declared with it, or added for it as a whole."""
        return frozenset(document.kind for document in self.declaration.attachments)

    @property
    def known_gate(self) -> Gate:
        """The return gate's rules, once the first demand has made them known."""
        assert self.gate is not None
        return self.gate

    def put(self, leg: Leg) -> None:
        """The leg is now this; the code the province gives the leg that goes with the intake is the dossier's."""
        self.legs[leg.key] = leg
        if leg.agency_code and self.required_plan.leg(leg.key).sent_with_intake:
            self.provincial_code = leg.agency_code
        self._journal.legs[leg.key] = None
        self._moves += 1

    def put_replacement(self, replacement: Replacement) -> None:
        """The replacement is now this."""
        self.replacements[replacement.number] = replacement
        self._journal.replacements[replacement.number] = None
        self._moves += 1

    def enter(self, stage: DossierStage, status: PortalStatus | None = None) -> None:
        """The dossier is now in this stage; the portal and the province hear of it as `status`."""
        self.stage = stage
        self._journal.changed = True
        self._moves += 1
        if status:
            self.note_status(Status(system=StatusSystem.PORTAL, code=status.value))

    def note_status(self, status: Status, *, leg: str | None = None, incoming: bool = False) -> None:
        """A status as a system numbers it, told to us or by us."""
        key = f"{self.code}:status:{self._journal.number()}"
        self._journal.statuses.append(
            StatusEvent(key=key, status=status, at=self.time.now(), leg=leg, incoming=incoming)
        )

    def tell(self, template: Notice, recipient: str | None = None, /, **values: str) -> None:
        """A notice to the citizen or, by personal number, to another person."""
        key = f"{self.code}:notice:{self._journal.number()}:{template}"
        order = NoticeOrder(key=key, template=template, recipient=recipient, values=values)
        self._journal.notices.append(order)

    def follow_up(
        self,
        leg: str,
        kind: FollowUpKind,
        text: str,
        documents: tuple[Document, ...] = (),
        changes: tuple[FieldChange, ...] = (),
        to: System | None = None,
        registration_number: str | None = None,
    ) -> None:
        """Something more for the agency that has the leg, or about it `to` another, by the outbox: nobody waits."""
        key = f"{self.code}:{leg}:{kind}:{self._journal.number()}"
        self._journal.follow_ups.append(
            FollowUpOrder(
                key=key,
                leg=leg,
                kind=kind,
                text=fitting(text, MAX_LONG_TEXT),
                to=to,
                agency_code=self.provincial_code if to is System.PROVINCIAL else self.legs[leg].agency_code,
                registration_number=registration_number or self.legs[leg].number,
                documents=documents,
                changes=changes,
            )
        )

    def attach(self, documents: tuple[Document, ...]) -> None:
        """The dossier as a whole carries these from now on; parts not sent yet go with what of them is theirs."""
        attachments = (*self.declaration.attachments, *documents)
        self.declaration = self.declaration.model_copy(update={"attachments": attachments})
        self.supplied += documents
        self._journal.attachments += documents

    def keep(self, *documents: Document) -> None:
        """What the citizen or an official has handed in goes to the ledger with the next publication."""
        self._journal.attachments += documents

    def keep_receipt(self) -> None:
        """The e-receipt, if it has come, goes to the ledger and from there to the citizen's store."""
        if self.fee.receipt:
            self._journal.attachments += (self.fee.receipt,)

    def warn(self, text: str) -> None:
        """Something operators should look at, said once."""
        text = fitting(text, MAX_LONG_TEXT)
        if text not in self.warnings:
            self.warnings = (*self.warnings, text)
            self.enter(self.stage)

    def record(self, act: Act) -> None:
        """An operator has done that; the papers it rests on go to the ledger."""
        self.acts = (*self.acts, act)
        self.keep(*act.evidence)
        self._journal.changed = True
        self._moves += 1

    def form_reads(self, declaration: Declaration, leg: str, paths: tuple[str, ...]) -> None:
        """The form says so from now on, with what is attached by now: corrected in `leg`, at these fields."""
        self.revision += 1
        self.declaration = declaration.model_copy(update={"attachments": self.declaration.attachments})
        self._journal.revisions.append(
            Revision(number=self.revision, at=self.time.now(), leg=leg, paths=paths, declaration=declaration)
        )

    def in_trouble(self, trouble: Trouble) -> None:
        """A system does not take a message; since when stays as it was."""
        earlier = next((known for known in self.troubles if known.key == trouble.key), None)
        trouble = trouble.model_copy(update={"since": earlier.since}) if earlier else trouble
        if trouble != earlier:
            self.troubles = (*(known for known in self.troubles if known is not earlier), trouble)
            self._journal.changed = True

    def out_of_trouble(self, key: MessageKey) -> None:
        """The message is taken, or nobody wants it taken any more."""
        others = tuple(trouble for trouble in self.troubles if trouble.key != key)
        if others != self.troubles:
            self.troubles = others
            self._journal.changed = True

    def plan_changed(self) -> None:
        """The plan was resolved anew and goes to the ledger with the next publication."""
        self._journal.plan = True
        self._journal.changed = True

    @contextmanager
    def in_a_moment(self) -> Iterator[None]:
        """What is awaited here comes in a moment, or fails within about a minute: changes wait until then, to be
        published with what follows from them, a receipt with its due date, a leg to send as sent.
        """
        self._moments += 1
        try:
            yield
        finally:
            self._moments -= 1

    @contextmanager
    def sending(self) -> Iterator[None]:
        """What is sent here is taken in a moment, or within about a minute the system is known to be in trouble."""
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1

    async def compute(self, port: Callable[[P], Awaitable[R]], query: P, summary: str) -> R:
        """Ask law and calendar, which takes milliseconds."""
        with self.in_a_moment():
            return await compute(port, query, summary)

    # --- Publications ------------------------------------------------------------------------------------------------

    async def publish_changes(self, finished: Callable[[], bool]) -> None:
        """Publish every change in order until the dossier has finished and nothing is left."""
        while True:
            await workflow.wait_condition(lambda: (self._journal.pending or finished()) and not self._held_back)
            await self._settled()
            if self._held_back:
                continue
            if not self._journal.pending:
                return
            await self._publish()

    @property
    def _held_back(self) -> bool:
        """Whether changes wait for what comes in a moment.

        A corrected form never does: what is awaited may need it itself. Nor does a leg that has ended wait for a system
        that may be away: its result goes out at once, whoever keeps another leg waiting.
        """
        if self._journal.revisions:
            return False
        return bool(self._moments) or (
            bool(self._sending) and not any(self.legs[key].ended for key in self._journal.legs)
        )

    async def _settled(self) -> None:
        """What follows at once from what has happened has happened too, however many parts of the dossier it takes.

        A condition that holds is passed once all that can run has run; parts that only wait for each other move nothing
        meanwhile, hence several times.
        """
        moves, quiet = self._moves, 0
        while quiet < _AT_REST:
            await workflow.wait_condition(lambda: True)
            moves, quiet = self._moves, quiet + 1 if self._moves == moves else 0

    async def _publish(self) -> None:
        journal, self._journal = self._journal, _Journal(self._journal.count)
        self._sequence += 1
        view = self.view()
        self._display.show(details(view), attributes(view))
        publication = Publication(
            **news(view, self._published),
            sequence=self._sequence,
            at=self.time.now(),
            plan=self.plan if journal.plan else None,
            legs=tuple(self.legs[key] for key in journal.legs),
            attachments=journal.attachments,
            statuses=tuple(journal.statuses),
            notices=tuple(journal.notices),
            follow_ups=tuple(journal.follow_ups),
            replacements=tuple(self.replacements[number] for number in journal.replacements),
            heard=(*journal.told, *journal.heard),
            revisions=tuple(journal.revisions),
        )
        self._published = view
        await call_ledger(ports.publish, publication, f"Ghi sổ và thông báo lần {self._sequence}: {self.stage.label}")
        self._written_revision = max([self._written_revision, *(revision.number for revision in journal.revisions)])


class _Journal:
    """What has changed since the last publication. `count` numbers notices and statuses for ever."""

    def __init__(self, count: int = 0) -> None:
        self.count = count
        self.changed = False
        self.plan = False
        self.legs: dict[str, None] = {}
        self.replacements: dict[int, None] = {}
        self.attachments: tuple[Document, ...] = ()
        self.statuses: list[StatusEvent] = []
        self.notices: list[NoticeOrder] = []
        self.follow_ups: list[FollowUpOrder] = []
        self.told: list[HeardFact] = []
        self.heard: list[HeardFact] = []
        self.revisions: list[Revision] = []

    @property
    def pending(self) -> bool:
        said = self.statuses or self.notices or self.follow_ups or self.heard or self.revisions
        refused = any(told.reason for told in self.told)
        return self.changed or refused or bool(self.legs or self.replacements or self.attachments or said)

    def number(self) -> int:
        self.count += 1
        return self.count
