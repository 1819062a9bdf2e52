"""Erasing one dossier (hủy dữ liệu của một hồ sơ): its seed is destroyed, so nobody ever reads its data again.

That reaches every copy at once: the ledger, the histories in Temporal, and copies of either. What stays says nothing of
anybody: codes, dates, states, outcomes for the figures, and the keyed hashes that keep a birth or death from being
registered twice. Documents are files of their own: whoever erases removes those no other dossier has.
"""

from collections.abc import Collection
from contextlib import closing
from datetime import datetime

from sqlalchemy import delete, func, text
from sqlmodel import Session, col, select

from ledger.errors import NotErasable
from ledger.keys import seals_of
from ledger.trail import tell
from ledger.transactions import Transactions, locked
from models.audit import Action, Entry, operator
from models.base import Code
from models.documents import Sha256
from models.dossier import DossierStage
from models.erasure import Erased, ErasureOrder
from models.tables import (
    DocumentRow,
    DossierKeyRow,
    DossierRow,
    FamilyClaimRow,
    NoticeCheckRow,
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
            digests = documents_of_nobody_else(session, order.code)
            if key.erased_at is None:
                if hindrance := _hindrance(session, dossier):
                    raise NotErasable(order.code, hindrance)
                self._destroy(session, key, order, at)
            erased = Erased(code=order.code, at=key.erased_at or at, documents=digests)
        self._overwrite_what_was_deleted()
        return erased

    def named_by_none(self, digests: Collection[Sha256]) -> Collection[Sha256]:
        """Those of these contents that no dossier has: nobody who erases would ever find them."""
        with self._reading() as session:
            named = session.exec(select(DocumentRow.sha256).where(col(DocumentRow.sha256).in_(digests)))
            return tuple(sorted(set(digests).difference(named)))

    def _destroy(self, session: Session, key: DossierKeyRow, order: ErasureOrder, at: datetime) -> None:
        seals_of(session).belongs_to(NO_DOSSIER)
        key.seed, key.erased_at = None, at
        session.exec(delete(FamilyClaimRow).where(col(FamilyClaimRow.dossier_code) == order.code))
        session.flush()
        self.keys.forget(order.code)
        who, detail = operator(order.operator), {"basis": order.basis}
        tell(session, Entry(who=who, what=Action.ERASED, code=order.code, why=order.because, detail=detail))

    def _overwrite_what_was_deleted(self) -> None:
        """The seed is in no page of the database's files any more, as far as the database is ours to clean."""
        if self._writer.dialect.name == "sqlite":
            with closing(self._writer.raw_connection()) as raw:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        with self._writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM dossier_keys"))


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


def documents_of_nobody_else(session: Session, code: Code) -> Collection[Sha256]:
    """The contents that only this dossier has."""
    papers, notices = select(DocumentRow.sha256), select(NoticeCheckRow.sha256)
    own = {
        *session.exec(papers.where(DocumentRow.dossier_code == code)),
        *session.exec(notices.where(NoticeCheckRow.dossier_code == code)),
    }
    others = {
        *session.exec(papers.where(DocumentRow.dossier_code != code, col(DocumentRow.sha256).in_(own))),
        *session.exec(notices.where(NoticeCheckRow.dossier_code != code, col(NoticeCheckRow.sha256).in_(own))),
    }
    return tuple(sorted(digest for digest in own - others if digest))
