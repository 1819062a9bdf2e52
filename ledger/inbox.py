"""The inbox: every fact that came in, whole, until its dossier has judged it, in order per dossier.

A message is leased before it is put to its dossier, so that two processes seldom do it at the same time; should they,
Temporal takes one update of one id once. Who crashed loses the lease by time. A message that cannot be delivered holds
back the younger ones of its dossier, and nobody else.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from ledger.errors import NotSetAside, UnknownMessage
from ledger.keys import seals_of
from ledger.messages import VERDICT_CLOSED, arrive, verdict_of
from ledger.papers import hold, holder_of, leave, papers_in
from ledger.trail import tell
from ledger.transactions import Transactions
from ledger.values import Arrival, Delivery, Verdict
from models.audit import Action, Entry, operator
from models.base import Code
from models.facts import FactKind, FactRefusal, InboundFact, kind_of
from models.inbox import Hindrance, Progress, SetAside, Standing, WaitingMessage
from models.tables import MessageInRow, WaitingMessageRow
from trust.key_errors import MasterKeyUnknown
from trust.vault import NO_DOSSIER, Unreadable

_SEALED = defer(WaitingMessageRow.fact)  # type: ignore[arg-type]
"""The content stays closed until it is wanted, so that one that cannot be opened holds up no other message."""


class Inbox(Transactions):
    """The messages that wait for their dossier."""

    def store(self, fact: InboundFact, digest: str, source: str, at: datetime, lease: timedelta) -> Arrival:
        """Records a fact that came in, whole, unless its verdict is final; leased at once if it is its dossier's turn.

        The papers it brings are the dossier's, unless it has refused them for good. A message that its dossier refused
        as out of turn is to be judged anew, behind those that wait. Raises MessageReused when the id came before with
        another digest.
        """
        with self._writing(fact.dossier_code) as session:
            message = arrive(session, fact.message_id, digest, kind_of(fact).value, fact.dossier_code, source, at)
            token, verdict = message.status_token, verdict_of(message)
            if verdict is None or not verdict.final or verdict.keeps_papers:
                hold(session, holder_of(fact.message_id), fact.dossier_code, papers_in(fact), at)
            if verdict and verdict.final:
                return Arrival(status_token=token, verdict=verdict)
            row = _waiting(session, fact.message_id)
            if row is None:
                row = WaitingMessageRow(
                    message_id=fact.message_id,
                    dossier_code=fact.dossier_code,
                    fact=fact.model_dump(mode="json"),
                    update_id=f"{fact.message_id}:{uuid4()}" if verdict else fact.message_id,
                    since=at,
                )
                session.add(row)
                session.flush()
            its_turn = session.exec(_oldest_of(fact.dossier_code)).one() == row.id
            if its_turn and (row.leased_until is None or row.leased_until <= at):
                return Arrival(status_token=token, delivery=_leased(session, row, at + lease))
            return Arrival(status_token=token)

    def claim_message(self, code: Code, now: datetime, lease: timedelta) -> Delivery | None:
        """Leases the oldest message of a dossier, whenever it is to be tried next; None while somebody else has it."""
        with self._writing() as session:
            row = session.exec(_free(now, _oldest_of(code))).first()
            return _leased(session, row, now + lease) if row else None

    def claim_messages(self, now: datetime, lease: timedelta, limit: int) -> tuple[Delivery, ...]:
        """Leases at most `limit` messages until `now` + `lease`, of each dossier the oldest, not before its next
        attempt is due. Those longest due come first."""
        with self._writing() as session:
            due = _free(now, _oldest_of_each()).where(_has_come(WaitingMessageRow.next_attempt_at, now))
            longest = due.order_by(_due_since(), col(WaitingMessageRow.id)).limit(limit)
            return tuple(_leased(session, row, now + lease) for row in session.exec(longest).all())

    def messages_due(self, now: datetime) -> bool:
        """Whether `claim_messages` would find any."""
        with self._reading() as session:
            due = select(WaitingMessageRow.id).where(
                col(WaitingMessageRow.id).in_(_oldest_of_each()),
                _has_come(WaitingMessageRow.leased_until, now),
                _has_come(WaitingMessageRow.next_attempt_at, now),
            )
            return session.exec(due.limit(1)).first() is not None

    def put_off(self, delivery: Delivery, hindrance: Hindrance, next_attempt_at: datetime) -> None:
        """It could not be delivered: it may be claimed again from `next_attempt_at` on.

        A lease that ran out and was taken over changes nothing.
        """
        with self._writing() as session:
            session.exec(
                update(WaitingMessageRow)
                .where(
                    col(WaitingMessageRow.update_id) == delivery.update_id,
                    col(WaitingMessageRow.attempts) == delivery.attempts,
                )
                .values(leased_until=None, next_attempt_at=next_attempt_at, hindrance=hindrance)
            )

    def promise(self, message_id: Code) -> bool:
        """The message is ours to deliver from now on; False when it does not wait here and nobody has judged it."""
        with self._writing() as session:
            if row := _waiting(session, message_id):
                row.promised = True
                return True
            message = session.get(MessageInRow, message_id)
            return message is not None and verdict_of(message) is not None

    def left_to_sender(self, message_id: Code) -> bool:
        """Lets a message go that its sender is told to send again; False when it is ours to deliver."""
        with self._writing() as session:
            row = _waiting(session, message_id)
            if row is None or row.promised:
                return row is None
            session.delete(row)
            return True

    def set_aside(self, order: SetAside, now: datetime) -> Verdict:
        """Settles a message that nobody could read or deliver as refused, on the trail; who sent it reads so, and why.

        The younger ones of its dossier go on; what it brought is left over. Raises UnknownMessage, and NotSetAside for
        one that has its verdict, is in somebody's hands, has not been tried, or will be delivered by itself.
        """
        with self._writing() as session:
            message = session.get(MessageInRow, order.message_id, with_for_update=True)
            if message is None:
                raise UnknownMessage(order.message_id)
            row = _waiting(session, order.message_id)
            if row is None:
                raise NotSetAside(order.message_id, message.dossier_code, "thông điệp không còn chờ, đã có kết quả")
            if why := _deliverable(session, row, now):
                raise NotSetAside(order.message_id, message.dossier_code, why)
            seals_of(session).belongs_to(message.dossier_code or NO_DOSSIER)
            text = f"Người vận hành gác lại, không chuyển đến hồ sơ: {order.because}"
            message.accepted, message.reason, message.text = False, FactRefusal.SET_ASIDE, text
            session.exec(delete(WaitingMessageRow).where(col(WaitingMessageRow.id) == row.id))
            leave(session, holder_of(order.message_id))
            tell(
                session,
                Entry(
                    who=operator(order.operator),
                    what=Action.SET_ASIDE,
                    code=message.dossier_code,
                    why=order.because,
                    detail={"message": order.message_id, "kind": message.kind},
                ),
            )
            return Verdict(accepted=False, reason=FactRefusal.SET_ASIDE, text=text)

    def standing_of(self, message_id: Code) -> Standing | None:
        """How far a message is; None when nobody has judged it and it does not wait here: its sender sends it again."""
        with self._reading() as session:
            return _standing(session, session.get(MessageInRow, message_id, options=[VERDICT_CLOSED]))

    def standing_at(self, status_token: str) -> Standing | None:
        """How far the message of that status address is; None also when there is no such address."""
        with self._reading() as session:
            at = select(MessageInRow).options(VERDICT_CLOSED).where(MessageInRow.status_token == status_token)
            return _standing(session, session.exec(at).first())

    def inbox_open(self) -> int:
        """How many messages wait."""
        with self._reading() as session:
            return session.exec(select(func.count()).select_from(WaitingMessageRow)).one()

    def waiting_messages(self, limit: int) -> tuple[WaitingMessage, ...]:
        """What waits, at most `limit` of it, oldest first."""
        with self._reading() as session:
            rows = session.exec(
                select(WaitingMessageRow, MessageInRow)
                .options(_SEALED, VERDICT_CLOSED)
                .join(MessageInRow, col(MessageInRow.message_id) == col(WaitingMessageRow.message_id))
                .order_by(col(WaitingMessageRow.id))
                .limit(limit)
            ).all()
            first = {row.dossier_code: row.id for row, _ in reversed(rows)}
            return tuple(_shown(row, message, behind=first[row.dossier_code] != row.id) for row, message in rows)


def _oldest_of(code: Code) -> SelectOfScalar[int]:
    return select(func.min(WaitingMessageRow.id)).where(WaitingMessageRow.dossier_code == code)


def _oldest_of_each() -> SelectOfScalar[int]:
    return select(func.min(WaitingMessageRow.id)).group_by(col(WaitingMessageRow.dossier_code))


def _free(now: datetime, oldest: SelectOfScalar[int]) -> SelectOfScalar[WaitingMessageRow]:
    """Those of the oldest that can be leased; what another process is claiming at this moment is passed over."""
    return (
        select(WaitingMessageRow)
        .options(_SEALED)
        .where(col(WaitingMessageRow.id).in_(oldest), _has_come(WaitingMessageRow.leased_until, now))
        .with_for_update(skip_locked=True)
    )


def _has_come(instant: datetime | None, now: datetime) -> ColumnElement[bool]:
    """Whether that instant, if there is one, has come."""
    return or_(col(instant).is_(None), col(instant) <= now)


def _due_since() -> ColumnElement[datetime]:
    return func.coalesce(col(WaitingMessageRow.next_attempt_at), col(WaitingMessageRow.since))


def _leased(session: Session, row: WaitingMessageRow, until: datetime) -> Delivery:
    message = session.get_one(MessageInRow, row.message_id, options=[VERDICT_CLOSED])
    seals_of(session).opens_only(row.dossier_code)
    row.leased_until = until
    row.attempts += 1
    return Delivery(
        message_id=row.message_id,
        kind=FactKind(message.kind),
        content=_content(row),
        update_id=row.update_id,
        attempts=row.attempts,
    )


def _content(row: WaitingMessageRow) -> Mapping[str, Any] | None:
    """What it says; None when that cannot be opened: then it holds up only its own dossier."""
    try:
        return row.fact
    except (Unreadable, MasterKeyUnknown, ValueError):
        return None


def _deliverable(session: Session, row: WaitingMessageRow, now: datetime) -> str | None:
    """Why a message that waits may still be delivered, in Vietnamese; None when that has been tried in vain."""
    if row.leased_until and row.leased_until > now:
        return "đang được chuyển đến hồ sơ, hãy xem lại sau"
    if session.exec(_oldest_of(row.dossier_code)).one() != row.id:
        return "còn chờ thông điệp đến trước của cùng hồ sơ"
    if row.hindrance is None:
        return "chưa thử chuyển lần nào"
    if row.hindrance.passes:
        return f"không có gì sai, sẽ tự được chuyển ({row.hindrance.label})"
    return None


def _waiting(session: Session, message_id: Code) -> WaitingMessageRow | None:
    at = select(WaitingMessageRow).options(_SEALED).where(WaitingMessageRow.message_id == message_id)
    return session.exec(at.with_for_update()).first()


def _standing(session: Session, message: MessageInRow | None) -> Standing | None:
    if message is None:
        return None
    if session.exec(select(WaitingMessageRow.id).where(WaitingMessageRow.message_id == message.message_id)).first():
        return Standing(status=Progress.WAITING)
    seals_of(session).opens_only(message.dossier_code or NO_DOSSIER)
    verdict = verdict_of(message)
    if verdict is None:
        return None
    if verdict.accepted:
        return Standing(status=Progress.ACCEPTED)
    return Standing(status=Progress.REFUSED, reason=verdict.reason, text=verdict.text)


def _shown(row: WaitingMessageRow, message: MessageInRow, *, behind: bool) -> WaitingMessage:
    return WaitingMessage(
        message_id=row.message_id,
        kind=FactKind(message.kind),
        dossier_code=row.dossier_code,
        source=message.source,
        since=row.since,
        hindrance=Hindrance.BEHIND_ANOTHER if behind else row.hindrance,
        attempts=row.attempts,
        next_attempt_at=None if behind else row.next_attempt_at,
    )
