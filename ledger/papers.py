"""Who names a content of the document store, so that none is lost that somebody needs and none stays that nobody does.

Whoever stores a content says so here first. What comes with a message of a dossier is held in the transaction that
receives the message, and is the dossier's until the message is refused. What nobody needs any more goes at once, or, if
it cannot, with the next that comes or goes.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Function, and_, delete, func, or_, update
from sqlmodel import Session, col, select

from ledger.documents import DocumentStore
from ledger.errors import DatabaseUnusable
from ledger.transactions import Transactions, insert_if_absent
from models.base import Code, MessageKey, parts
from models.documents import Document, Sha256
from models.facts import InboundFact
from models.tables import DocumentRow, DossierKeyRow, NoticeCheckRow, PaperHoldRow

logger = logging.getLogger("lienthong.ledger")

_LONGEST_ARRIVAL = timedelta(hours=1)
"""No content takes longer from its storing to the row that names it: an older arrival has broken off [choice]."""

_LONG_AGO = datetime.fromtimestamp(0, UTC)
"""When what is left over is said to have come: it is nobody's from now on."""

_DOOR = 0x11E2740A
"""The advisory lock on PostgreSQL between those who begin to store and who lets go; SQLite has one writer at a time."""


class Papers(Transactions):
    """Storing contents and letting go of them."""

    @contextmanager
    def receiving(self, contents: Mapping[Sha256, bytes], documents: DocumentStore) -> Iterator[None]:
        """Stores contents for the block, in which rows come to name them; those that none does go when it ends.

        They are there when it ends, also if it took so long that somebody let go of them. What a process that died in
        it has left goes with the next that comes an hour later. Raises OSError, DatabaseUnusable.
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
                self._let_go(documents, contents.keys(), arrival, contents)
            except (DatabaseUnusable, OSError):
                logger.warning("chưa bỏ được giấy tờ không ai cần; lần nhận sau sẽ bỏ")

    def hold_papers(self, holder: MessageKey, code: Code, digests: Collection[Sha256]) -> None:
        """The dossier has these contents, through what `holder` is the key of."""
        if digests:
            with self._writing() as session:
                hold(session, holder, code, digests, datetime.now(UTC))

    def let_go(self, documents: DocumentStore, digests: Collection[Sha256] = ()) -> None:
        """Discards what is left over, and of these contents those that nobody needs.

        Raises DatabaseUnusable, OSError; then it may be done again.
        """
        self._let_go(documents, digests)

    def _let_go(
        self,
        documents: DocumentStore,
        digests: Collection[Sha256],
        arrival: str | None = None,
        arrived: Mapping[Sha256, bytes] = MappingProxyType({}),
    ) -> None:
        with self._writing() as session:
            _pass(session, func.pg_advisory_xact_lock(_DOOR))
            now = datetime.now(UTC)
            over = or_(col(PaperHoldRow.holder) == arrival, and_(_arrives(), col(PaperHoldRow.at) <= _since(now)))
            left = session.scalars(delete(PaperHoldRow).where(over).returning(col(PaperHoldRow.sha256))).all()
            unneeded = named_by_none(session, {*digests, *left}, now)
            for sha256 in arrived.keys() - set(unneeded):
                documents.keep(arrived[sha256])
            for sha256 in unneeded:
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


def holder_of(message_id: Code) -> str:
    """What a message holds its papers as: no code or key of ours is like it, whatever its sender calls it."""
    return f"message {message_id}"


def leave(session: Session, holder: str) -> None:
    """What it held is left over, for the next who lets go."""
    left = {"holder": f"left:{uuid4()}", "dossier_code": None, "at": _LONG_AGO}
    session.exec(update(PaperHoldRow).where(col(PaperHoldRow.holder) == holder).values(left))


def papers_in(fact: InboundFact) -> frozenset[Sha256]:
    """The contents that a fact brings."""
    return frozenset(part.sha256 for _, part in parts(fact) if isinstance(part, Document))


def papers_of(session: Session, code: Code) -> frozenset[Sha256]:
    """Every content that the dossier has, refused certificates too."""
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
            or_(and_(_arrives(), col(PaperHoldRow.at) > _since(now)), _living(PaperHoldRow.dossier_code)),
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
