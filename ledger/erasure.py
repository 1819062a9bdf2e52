"""Erasing one dossier (hủy dữ liệu của một hồ sơ): its seed is destroyed, so nobody ever reads its data again.

That reaches the ledger, every history in Temporal, and copies of Temporal's database, for none of them has the seed.
It does not reach copies of the ledger made before, nor archived logs of its database: they hold the seed. Documents are
under no seed: whoever erases deletes those nobody else needs; copies of them stay readable to who has the master key.

What stays says nothing of anybody: codes, dates, states, outcomes for the figures, and the keyed hashes that keep a
birth or death from being registered twice.
"""

from contextlib import closing
from datetime import UTC, datetime

from sqlalchemy import delete, func, text
from sqlmodel import Session, col, select

from ledger.errors import NotErasable
from ledger.keys import seals_of
from ledger.papers import named_by_none, papers_of
from ledger.trail import tell
from ledger.transactions import Transactions, locked
from models.audit import Action, Entry, operator
from models.base import Code
from models.documents import Sha256
from models.dossier import DossierStage
from models.erasure import Erased, ErasureOrder
from models.tables import (
    DossierKeyRow,
    DossierRow,
    FamilyClaimRow,
    NoticeRow,
    ReplacementRow,
    WaitingMessageRow,
)
from trust.vault import NO_DOSSIER


class Erasure(Transactions):
    """What destroys data on purpose, on the trail."""

    def erase(self, order: ErasureOrder, at: datetime) -> Erased:
        """Destroys the dossier's key; again, it says what the first time did. What was erased stays so.

        Raises UnknownDossier, and NotErasable while anything of it is still to be done.
        """
        with self._writing(order.code) as session:
            dossier = locked(session, order.code)
            key = session.get_one(DossierKeyRow, order.code)
            if key.erased_at is None:
                if hindrance := _hindrance(session, dossier):
                    raise NotErasable(order.code, hindrance)
                self._destroy(session, key, order, at)
            erased_at, digests = key.erased_at or at, documents_of_nobody_else(session, order.code)
        overwritten = self._overwrite_what_was_deleted()
        return Erased(code=order.code, at=erased_at, documents=digests, overwritten=overwritten)

    def _destroy(self, session: Session, key: DossierKeyRow, order: ErasureOrder, at: datetime) -> None:
        seals_of(session).belongs_to(NO_DOSSIER)
        key.seed, key.erased_at = None, at
        session.exec(delete(FamilyClaimRow).where(col(FamilyClaimRow.dossier_code) == order.code))
        session.flush()
        self.keys.forget(order.code)
        who, detail = operator(order.operator), {"basis": order.basis}
        tell(session, Entry(who=who, what=Action.ERASED, code=order.code, why=order.because, detail=detail))

    def _overwrite_what_was_deleted(self) -> bool:
        """Whether the seed is in no page of the database's files any more, as far as the database is ours to clean.

        SQLite waits for those who read at this moment, but no longer than for any lock; then its log stays as it is.
        """
        if self._writer.dialect.name == "sqlite":
            with closing(self._writer.raw_connection()) as raw:
                busy, *_ = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return not busy
        with self._writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM dossier_keys"))
        return True


def _hindrance(session: Session, dossier: DossierRow) -> str | None:
    """Why it is too early, in Vietnamese."""
    unsent = select(func.count()).where(NoticeRow.dossier_code == dossier.code, col(NoticeRow.sent_at).is_(None))
    pending = select(func.count()).where(
        ReplacementRow.dossier_code == dossier.code, col(ReplacementRow.unacknowledged).is_(True)
    )
    waiting = select(func.count()).where(WaitingMessageRow.dossier_code == dossier.code)
    if dossier.stage is not DossierStage.CONCLUDED:
        return "hồ sơ chưa kết thúc; dừng hồ sơ trước (lienthong withdraw, lienthong operator cancel)"
    if session.exec(unsent).one():
        return "còn kết quả hoặc thông báo chưa gửi xong (lienthong gaps)"
    if session.exec(pending).one():
        return "còn cơ quan chưa xác nhận đã thay bản kết quả (lienthong gaps)"
    return "còn thông điệp chờ xử lý (lienthong inbox)" if session.exec(waiting).one() else None


def documents_of_nobody_else(session: Session, code: Code) -> tuple[Sha256, ...]:
    """The contents that an erased dossier had, refused certificates too, and that nobody needs any more."""
    return named_by_none(session, papers_of(session, code), datetime.now(UTC))
