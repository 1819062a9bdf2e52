"""Messages out by idempotency key, so that nothing is sent twice; messages in by id, so that nothing counts twice."""

from datetime import datetime
from secrets import token_urlsafe

from pydantic import ValidationError
from sqlalchemy import delete, true
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from ledger.errors import MessageReused, UnknownMessage
from ledger.keys import seals_of
from ledger.papers import holder_of, leave
from ledger.trail import judged, tell
from ledger.transactions import Transactions, found, insert_if_absent
from ledger.values import Delivery, Verdict
from models.audit import who_sent
from models.base import Code, MessageKey
from models.facts import FactKind, FactRefusal, OperatorAct, pack_gone_over_to
from models.messages import Head, Sent
from models.publication import HeardFact
from models.systems import System
from models.tables import HeardFactRow, MessageInRow, MessageOutRow, WaitingMessageRow
from trust.key_errors import MasterKeyUnknown
from trust.vault import NO_DOSSIER, Unreadable

_ERASED = "Nội dung đã được hủy cùng dữ liệu của hồ sơ."

VERDICT_CLOSED = defer(MessageInRow.text)  # type: ignore[arg-type]
"""What the sender was told stays closed until it is said whose it is."""

_TOKEN_BYTES = 24
"""192 bits: nobody guesses the status address of another's message."""


class Messages(Transactions):
    """What was exchanged with the systems around us."""

    def sending(self, head: Head, system: System, step: Code, leg: Code | None = None) -> None:
        """Records, before a call, that the message of that head goes out; counts every attempt.

        Raises UnknownDossier.
        """
        with self._writing(head.dossier_code) as session:
            found(session, head.dossier_code)
            message = MessageOutRow(
                key=head.key,
                dossier_code=head.dossier_code,
                system=system,
                leg=leg,
                step=step,
                sent_at=head.sent_at,
            )
            if session.get(MessageOutRow, head.key) is None:
                insert_if_absent(session, message)
            _message_out(session, head.key).attempts += 1

    def sent(self, key: MessageKey, reply: Sent) -> None:
        """Keeps the system's answer to a message; the first answer stays. Raises UnknownMessage."""
        with self._writing() as session:
            message = _message_out(session, key)
            seals_of(session).belongs_to(message.dossier_code)
            message.reply = message.reply or reply

    def reply_to(self, key: MessageKey) -> Sent | None:
        """The answer to a message, None while the system is not known to have taken it: only then is it sent again."""
        with self._reading() as session:
            message = session.get(MessageOutRow, key)
            return message.reply if message else None

    def arrived(
        self, message_id: Code, digest: str, kind: Code, dossier_code: Code | None, source: str, at: datetime
    ) -> Verdict | None:
        """Records a message that came in; its verdict if it came before and was settled, else None: deliver it (again).

        `dossier_code` is what the message says, whether we know that dossier or not. Raises MessageReused when the id
        came before with another digest.
        """
        with self._writing() as session:
            return verdict_of(arrive(session, message_id, digest, kind, dossier_code, source, at))

    def settled(
        self,
        message_id: Code,
        accepted: bool,
        reason: FactRefusal | None,
        text: str,
        delivery: Delivery | None = None,
    ) -> Verdict:
        """Keeps the verdict on a message that came in and returns the one that counts: the first that is final stays.

        The message waits no longer, unless to be judged by another update than the delivery's; what it brought is left
        over when the dossier keeps none of it. A refusal whose lease somebody else took over changes nothing: what is
        refused for coming too early is judged each time, and they may hear otherwise. Raises UnknownMessage.
        """
        with self._writing() as session:
            message = _message_in(session, message_id)
            seals_of(session).belongs_to(message.dossier_code or NO_DOSSIER)
            earlier, verdict = verdict_of(message), Verdict(accepted=accepted, reason=reason, text=text)
            if delivery and not accepted and _taken_over(session, delivery):
                return earlier or verdict
            act = _operator_act(session, message)
            waiting = delete(WaitingMessageRow).where(col(WaitingMessageRow.message_id) == message_id)
            by_it = col(WaitingMessageRow.update_id) == delivery.update_id if delivery else true()
            session.exec(waiting.where(by_it))
            if earlier and earlier.final:
                return earlier
            message.accepted, message.reason, message.text = accepted, reason, text
            if not verdict.keeps_papers:
                leave(session, holder_of(message_id))
            tell(session, judged(message.dossier_code, _heard(message, verdict, act)))
            return verdict

    def refused_facts(self, code: Code) -> tuple[HeardFact, ...]:
        """What was sent to the dossier and not accepted, by message and by signal, oldest first."""
        with self._reading(code) as session:
            return read_refused_facts(session, code)


def arrive(
    session: Session, message_id: Code, digest: str, kind: Code, dossier_code: Code | None, source: str, at: datetime
) -> MessageInRow:
    """Records a message that came in, once, and holds it until the transaction ends.

    Raises MessageReused, and ValidationError for a source that the trail could not name once there is a verdict.
    """
    who_sent(source)
    keys = seals_of(session).keys
    message = session.get(MessageInRow, message_id, with_for_update=True, options=[VERDICT_CLOSED])
    if message is None:
        message = MessageInRow(
            message_id=message_id,
            digest=keys.fingerprint(digest),
            kind=kind,
            dossier_code=dossier_code,
            source=source,
            arrived_at=at,
        )
        if not insert_if_absent(session, message):
            message = _message_in(session, message_id)
    if not keys.is_fingerprint_of(message.digest, digest):
        raise MessageReused(message_id, message.source)
    seals_of(session).opens_only(dossier_code or NO_DOSSIER)
    message.status_token = message.status_token or token_urlsafe(_TOKEN_BYTES)
    return message


def came_by_inbox(session: Session, code: Code, fact: HeardFact) -> bool:
    """Whether a fact that a dossier tells of is a message on record, whose verdict is kept there."""
    if fact.digest is None:
        return False
    stored = session.exec(
        select(MessageInRow.digest).where(MessageInRow.message_id == fact.message_id, MessageInRow.dossier_code == code)
    ).first()
    return stored is not None and seals_of(session).keys.is_fingerprint_of(stored, fact.digest)


def verdict_of(message: MessageInRow) -> Verdict | None:
    """What became of a message; None while nothing has."""
    if message.accepted is None:
        return None
    return Verdict(accepted=message.accepted, reason=message.reason, text=message.text or _ERASED)


def read_refused_facts(session: Session, code: Code) -> tuple[HeardFact, ...]:
    """See `Messages.refused_facts`."""
    messages = session.exec(
        select(MessageInRow).where(MessageInRow.dossier_code == code, col(MessageInRow.accepted).is_(False))
    )
    signals = session.exec(
        select(HeardFactRow).where(HeardFactRow.dossier_code == code, col(HeardFactRow.reason).is_not(None))
    )
    facts = [
        HeardFact(message_id=row.message_id, kind=row.kind, at=row.arrived_at, reason=row.reason, text=verdict.text)
        for row in messages
        if (verdict := verdict_of(row))
    ]
    facts += [
        HeardFact(message_id=row.message_id, kind=row.kind, at=row.at, reason=row.reason, text=row.text)
        for row in signals
    ]
    return tuple(sorted(facts, key=lambda fact: (fact.at, fact.message_id)))


def _taken_over(session: Session, delivery: Delivery) -> bool:
    """Whether the message waits by another lease than that."""
    lease = select(WaitingMessageRow.update_id, WaitingMessageRow.attempts)
    waits = session.exec(lease.where(WaitingMessageRow.message_id == delivery.message_id)).first()
    return waits is not None and tuple(waits) != (delivery.update_id, delivery.attempts)


def _operator_act(session: Session, message: MessageInRow) -> OperatorAct | None:
    """What an operator did by the message that waits; None for what others say, and for what cannot be read."""
    if message.kind not in set(FactKind) or not issubclass(FactKind(message.kind).model, OperatorAct):
        return None
    waiting = select(WaitingMessageRow.fact).where(WaitingMessageRow.message_id == message.message_id)
    try:
        fact = FactKind(message.kind).model.model_validate(session.exec(waiting).first())
    except (ValidationError, Unreadable, MasterKeyUnknown):
        return None
    return fact if isinstance(fact, OperatorAct) else None


def _heard(message: MessageInRow, verdict: Verdict, act: OperatorAct | None) -> HeardFact:
    return HeardFact(
        message_id=message.message_id,
        kind=message.kind,
        at=message.arrived_at,
        reason=verdict.reason,
        text=verdict.text,
        via=who_sent(message.source),
        operator=act.operator if act else None,
        because=act.because if act else None,
        to_pack=pack_gone_over_to(act),
    )


def _message_out(session: Session, key: MessageKey) -> MessageOutRow:
    message = session.get(MessageOutRow, key, with_for_update=True)
    if message is None:
        raise UnknownMessage(key)
    return message


def _message_in(session: Session, message_id: Code) -> MessageInRow:
    message = session.get(MessageInRow, message_id, with_for_update=True, options=[VERDICT_CLOSED])
    if message is None:
        raise UnknownMessage(message_id)
    return message
