"""Who names a content of the document store, so that none is lost that somebody needs and none stays that nobody does.

Whoever stores a content says so here first. What comes with a message of a dossier is held in the transaction that
receives the message: it is the dossier's until it is refused, and is found when the dossier is erased, refused or not.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Function, and_, delete, exists, func, or_
from sqlmodel import Session, col, select

from ledger.documents import DocumentStore
from ledger.errors import DatabaseUnusable
from ledger.transactions import Transactions, insert_if_absent
from models.base import Code, MessageKey, parts
from models.documents import Document, Sha256
from models.facts import InboundFact
from models.tables import (
    DocumentRow,
    DossierKeyRow,
    MessageInRow,
    NoticeCheckRow,
    PaperHoldRow,
    WaitingMessageRow,
)

logger = logging.getLogger("lienthong.ledger")

_LONGEST_ARRIVAL = timedelta(hours=1)
"""No content takes longer from its storing to the row that names it: an older arrival has broken off [choice]."""

_DOOR = 0x11E2740A
"""The advisory lock on PostgreSQL between those who begin to store and who lets go; SQLite has one writer at a time."""


class Papers(Transactions):
    """Storing contents and letting go of them."""

    @contextmanager
    def receiving(self, contents: Mapping[Sha256, bytes], documents: DocumentStore) -> Iterator[None]:
        """Stores contents for the block, in which rows come to name them; those that none does go when it ends.

        Nobody lets go of them meanwhile. What a process that died in it has left goes with the next. Raises OSError,
        DatabaseUnusable.
        """
        if not contents:
            yield
            return
        arrival = f"arriving:{uuid4()}"
        with self._writing() as session:
            _pass(session, func.pg_advisory_xact_lock_shared(_DOOR))
            hold(session, arrival, None, contents, datetime.now(UTC))
        try:
            for content in contents.values():
                documents.keep(content)
            yield
        finally:
            try:
                self._let_go(contents, documents, arrival)
            except (DatabaseUnusable, OSError):
                logger.warning("chưa bỏ được giấy tờ không ai cần; lần nhận sau sẽ bỏ")

    def hold_papers(self, holder: MessageKey, code: Code, digests: Collection[Sha256]) -> None:
        """The dossier has these contents, through what `holder` is the key of."""
        if digests:
            with self._writing() as session:
                hold(session, holder, code, digests, datetime.now(UTC))

    def let_go(self, digests: Collection[Sha256], documents: DocumentStore) -> None:
        """Discards those of these contents that nobody needs: no living dossier, no message that is not refused.

        Raises DatabaseUnusable, OSError; then it may be done again.
        """
        if digests:
            self._let_go(digests, documents, None)

    def _let_go(self, digests: Collection[Sha256], documents: DocumentStore, arrival: str | None) -> None:
        with self._writing() as session:
            _pass(session, func.pg_advisory_xact_lock(_DOOR))
            now = datetime.now(UTC)
            over = or_(col(PaperHoldRow.holder) == arrival, and_(_arrives(), col(PaperHoldRow.at) <= _since(now)))
            left = session.exec(select(PaperHoldRow.sha256).where(over)).all()
            session.exec(delete(PaperHoldRow).where(over))
            for sha256 in named_by_none(session, {*digests, *left}, now):
                documents.discard(sha256)


def _pass(session: Session, door: Function[Any]) -> None:
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(select(door))


def hold(session: Session, holder: str, code: Code | None, digests: Collection[Sha256], at: datetime) -> None:
    """Holds contents for a dossier (None: for one that is just arriving), once per holder."""
    if not digests:
        return
    held = set(session.exec(select(PaperHoldRow.sha256).where(PaperHoldRow.holder == holder)))
    for sha256 in sorted(set(digests) - held):
        insert_if_absent(session, PaperHoldRow(sha256=sha256, holder=holder, dossier_code=code, at=at))


def papers_in(fact: InboundFact) -> frozenset[Sha256]:
    """The contents that a fact brings."""
    return frozenset(part.sha256 for _, part in parts(fact) if isinstance(part, Document))


def papers_of(session: Session, code: Code) -> frozenset[Sha256]:
    """Every content that ever came to the dossier, refused ones too."""
    known = (
        select(column).where(owner == code)
        for column, owner in (
            (DocumentRow.sha256, DocumentRow.dossier_code),
            (NoticeCheckRow.sha256, NoticeCheckRow.dossier_code),
            (PaperHoldRow.sha256, PaperHoldRow.dossier_code),
        )
    )
    return frozenset(sha256 for some in known for sha256 in session.exec(some) if sha256)


def named_by_none(session: Session, digests: Collection[Sha256], now: datetime) -> tuple[Sha256, ...]:
    """Those of these contents that nobody needs."""
    needed = (
        select(DocumentRow.sha256).where(col(DocumentRow.sha256).in_(digests), _living(DocumentRow.dossier_code)),
        select(NoticeCheckRow.sha256).where(
            col(NoticeCheckRow.sha256).in_(digests), _living(NoticeCheckRow.dossier_code)
        ),
        select(PaperHoldRow.sha256).where(
            col(PaperHoldRow.sha256).in_(digests),
            or_(
                and_(_arrives(), col(PaperHoldRow.at) > _since(now)),
                and_(_living(PaperHoldRow.dossier_code), ~_refused()),
            ),
        ),
    )
    return tuple(sorted(set(digests).difference(*(session.exec(some) for some in needed))))


def _arrives() -> ColumnElement[bool]:
    return col(PaperHoldRow.dossier_code).is_(None)


def _since(now: datetime) -> datetime:
    return now - _LONGEST_ARRIVAL


def _living(code: str | None) -> ColumnElement[bool]:
    """Whether a column names a dossier whose data is not erased; none is named by none."""
    erased = select(DossierKeyRow.dossier_code).where(col(DossierKeyRow.erased_at).is_not(None))
    return and_(col(code).is_not(None), col(code).not_in(erased))


def _refused() -> ColumnElement[bool]:
    """Whether what holds it is a message that was refused and is not being judged anew."""
    waits = exists().where(col(WaitingMessageRow.message_id) == col(PaperHoldRow.holder))
    refused = exists().where(
        col(MessageInRow.message_id) == col(PaperHoldRow.holder), col(MessageInRow.accepted).is_(False)
    )
    return and_(refused, ~waits)
