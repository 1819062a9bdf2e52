"""The outbox: everything for citizens and systems leaves from here, in order per dossier and channel.

A row is leased before it is sent, so that two processes never send it at the same time; who crashed loses the lease by
time. A row that fails holds back the younger ones of its dossier on its channel, and nobody else.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, update
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from ledger.errors import NothingToSend
from ledger.keys import seals_of
from ledger.messages import arrive
from ledger.trail import tell
from ledger.transactions import Transactions
from ledger.values import Claimed, StoredNotice
from models.audit import Action, Entry, operator
from models.base import Code, MessageKey
from models.facts import TAKEN, FactKind, FactRefusal, FactRefused, Resend, digest_of
from models.messages import DispatchKind
from models.systems import System
from models.tables import NoticeRow
from trust.key_errors import MasterKeyUnknown
from trust.vault import Unreadable

_UNREADABLE_PAUSE = timedelta(minutes=15)


class Outbox(Transactions):
    """The rows that wait for their channel."""

    def claim(self, channels: Collection[System], now: datetime, lease: timedelta, limit: int) -> tuple[Claimed, ...]:
        """Leases at most `limit` rows of these channels until `now` + `lease`, the longest waiting first.

        Of each dossier and channel only the oldest unsent row can be had, not before its next attempt is due, and not
        while somebody else's lease on it lasts; letters wait only for letters, so that one an agency does not take
        holds up no status and no result. Rows that another process is claiming at this moment are passed over.
        """
        with self._writing() as session:
            oldest = (
                select(func.min(NoticeRow.id))
                .where(col(NoticeRow.sent_at).is_(None), col(NoticeRow.channel).in_(channels))
                .group_by(
                    col(NoticeRow.dossier_code), col(NoticeRow.channel), col(NoticeRow.kind) == DispatchKind.FOLLOW_UP
                )
            )
            rows = session.exec(
                select(NoticeRow)
                .options(defer(NoticeRow.dispatch))  # type: ignore[arg-type]
                .where(col(NoticeRow.id).in_(oldest), *_due(now))
                .order_by(col(NoticeRow.id))
                .limit(limit)
                .with_for_update(skip_locked=True)
            ).all()
            return tuple(claimed for row in rows if (claimed := _claimed(session, row, now, lease)))

    def dispatched(self, id: int, at: datetime) -> None:
        """The channel took the row; who says so need not hold the lease any more, for it is sent all the same."""
        with self._writing() as session:
            session.exec(
                update(NoticeRow)
                .where(col(NoticeRow.id) == id, col(NoticeRow.sent_at).is_(None))
                .values(sent_at=at, leased_until=None, last_error=None)
            )

    def postponed(self, id: int, error: str, next_attempt_at: datetime, attempts: int) -> None:
        """The channel did not take the row: it may be claimed again from `next_attempt_at` on.

        `attempts` is the lease's (`Claimed.attempts`): a lease that ran out and was taken over changes nothing.
        """
        with self._writing() as session:
            session.exec(
                update(NoticeRow)
                .where(col(NoticeRow.id) == id, col(NoticeRow.attempts) == attempts, col(NoticeRow.sent_at).is_(None))
                .values(leased_until=None, next_attempt_at=next_attempt_at, last_error=error)
            )

    def send_again(self, code: Code, key: MessageKey | None = None) -> int:
        """Makes due at once what a channel did not take of a dossier: all of it, or the row of that key and what holds
        it back. How many rows that is; what is being sent at this moment counts.
        """
        with self._writing() as session:
            return _send_again(session, code, key)

    def send_again_after_end(self, act: Resend, source: str, at: datetime) -> int | None:
        """The same for a dossier that has concluded, whose workflow no longer answers: on the trail, once.

        None when this very message was accepted before. Raises FactRefused for what only a workflow could send again,
        MessageReused when its id came with another content, NothingToSend.
        """
        if act.leg:
            raise FactRefused(FactRefusal.ENDED, "Hồ sơ đã kết thúc: thủ tục không còn gửi gì; gửi lại theo --key.")
        code, kind = act.dossier_code, FactKind.RESEND.value
        with self._writing(code) as session:
            message = arrive(session, act.message_id, digest_of(act), kind, code, source, at)
            if message.accepted:
                return None
            rows = _send_again(session, code, act.key)
            if not rows:
                raise NothingToSend
            message.accepted, message.reason, message.text = True, None, TAKEN
            who, detail = operator(act.operator), {"kind": kind, "message": act.message_id}
            tell(session, Entry(who=who, what=Action.ACT_ACCEPTED, code=code, why=act.because, detail=detail))
            return rows

    def outbox_open(self, code: Code | None = None) -> int:
        """How many rows are not sent yet, of one dossier or of all."""
        with self._reading() as session:
            waiting = select(func.count()).select_from(NoticeRow).where(col(NoticeRow.sent_at).is_(None))
            return session.exec(waiting.where(NoticeRow.dossier_code == code) if code else waiting).one()

    def notices_of(self, code: Code) -> tuple[StoredNotice, ...]:
        """Everything that went or will go out for a dossier, oldest first."""
        with self._reading(code) as session:
            rows = select(NoticeRow).where(NoticeRow.dossier_code == code).order_by(col(NoticeRow.id))
            return tuple(stored_notice(row) for row in session.exec(rows))


def _send_again(session: Session, code: Code, key: MessageKey | None) -> int:
    untaken = select(NoticeRow.id, NoticeRow.channel).where(
        NoticeRow.dossier_code == code, col(NoticeRow.sent_at).is_(None)
    )
    wanted = NoticeRow.key == key if key else col(NoticeRow.last_error).is_not(None)
    rows = session.exec(untaken.where(wanted)).all()
    for id, channel in rows:
        session.exec(
            update(NoticeRow)
            .where(
                col(NoticeRow.dossier_code) == code,
                col(NoticeRow.channel) == channel,
                col(NoticeRow.id) <= id,
                col(NoticeRow.sent_at).is_(None),
            )
            .values(next_attempt_at=None)
        )
    return len(rows)


def _claimed(session: Session, row: NoticeRow, now: datetime, lease: timedelta) -> Claimed | None:
    """The row, leased. One that cannot be opened is put off: it holds up only its own dossier."""
    seals_of(session).opens_only(row.dossier_code)
    row.attempts += 1
    try:
        dispatch = row.dispatch
    except (Unreadable, MasterKeyUnknown) as error:
        row.next_attempt_at, row.last_error = now + _UNREADABLE_PAUSE, type(error).__name__
        return None
    row.leased_until = now + lease
    return Claimed(id=row.id, dispatch=dispatch, attempts=row.attempts)


def stored_notice(row: NoticeRow) -> StoredNotice:
    """A row as a value."""
    return StoredNotice(
        id=row.id,
        dispatch=row.dispatch,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        sent_at=row.sent_at,
        last_error=row.last_error,
    )


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(NoticeRow.sent_at).is_(None),
        or_(col(NoticeRow.next_attempt_at).is_(None), col(NoticeRow.next_attempt_at) <= now),
        or_(col(NoticeRow.leased_until).is_(None), col(NoticeRow.leased_until) <= now),
    )
