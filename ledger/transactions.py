"""One method, one transaction: what the parts of the ledger share."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from ledger.engine import read_only
from ledger.errors import UnknownDossier
from ledger.failures import told_in_use
from ledger.keys import DossierKeys, RowSeals, seals_of
from ledger.trail import write_told
from models.audit import WORKER, Who
from models.base import Code
from models.documents import Document
from models.dossier import Leg
from models.messages import Dispatch
from models.personal import in_hand
from models.tables import DocumentRow, DossierRow, NoticeRow, Table
from trust.chain import Chain
from trust.masters import MasterKeys


class Transactions:
    """A database, how to write to it and read from it, and the keys of its dossiers."""

    def __init__(self, engine: Engine, masters: MasterKeys, acting: Who = WORKER, user: Who | None = None) -> None:
        """`acting`: who the audit trail says does what nobody else is named for; `user`: as the system knows them."""
        self.keys = DossierKeys(engine, masters)
        self.acting = acting
        self._user = user
        self._chain = Chain(self.keys.masters)
        self._writer = engine
        self._reader = read_only(engine)

    @contextmanager
    def _writing(self, code: Code | None = None) -> Iterator[Session]:
        """`code`: whose personal data is written and opened; who learns it later says so to `seals_of(session)`."""
        with told_in_use(self._writer), self._session(self._writer) as session, session.begin():
            if code is not None:
                seals_of(session).belongs_to(code)
            yield session
            write_told(session, self._chain, self._user)

    @contextmanager
    def _reading(self, code: Code | None = None) -> Iterator[Session]:
        """`code`: whose personal data alone is opened, whatever stands in the rows; without it, anybody's."""
        with told_in_use(self._reader), self._session(self._reader) as session, session.begin():
            if code is not None:
                seals_of(session).opens_only(code)
            yield session

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        session = Session(engine)
        seals = session.info[RowSeals] = RowSeals(self.keys, session.connection)
        with in_hand(seals), session:
            yield session


def insert_if_absent(session: Session, row: Table) -> bool:
    """Inserts the row unless another transaction was first; the transaction goes on either way."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def locked(session: Session, code: Code) -> DossierRow:
    """The dossier, held until the transaction ends, so that changes of one dossier come one after another.

    Raises UnknownDossier.
    """
    return _found(session.get(DossierRow, code, with_for_update={"key_share": True}), code)


def found(session: Session, code: Code) -> DossierRow:
    """The dossier. Raises UnknownDossier."""
    return _found(session.get(DossierRow, code), code)


def erased(dossier: DossierRow) -> bool:
    """Whether its data was destroyed: what is personal has then no value any more."""
    return dossier.declaration is None


def add_documents(session: Session, code: Code, leg: Code | None, documents: Iterable[Document], at: datetime) -> None:
    """Lists documents under a leg (None: the declaration), each content once per kind; the dossier is locked or new."""
    same_place = select(DocumentRow.kind, DocumentRow.sha256).where(
        DocumentRow.dossier_code == code, DocumentRow.leg == leg
    )
    known = set(session.exec(same_place))
    for document in documents:
        if (document.kind, document.sha256) not in known:
            known.add((document.kind, document.sha256))
            session.add(DocumentRow(dossier_code=code, leg=leg, at=at, **document.model_dump(exclude={"seal"})))


def supersede_documents(session: Session, code: Code, leg: Leg, at: datetime) -> None:
    """Marks the versions of a leg's results that newer ones have replaced."""
    if leg.superseded:
        digests = [document.sha256 for document in leg.superseded]
        session.exec(
            update(DocumentRow)
            .where(
                col(DocumentRow.dossier_code) == code,
                col(DocumentRow.leg) == leg.key,
                col(DocumentRow.sha256).in_(digests),
                col(DocumentRow.superseded_at).is_(None),
            )
            .values(superseded_at=at)
        )


def write_outbox(session: Session, code: Code, dispatches: Iterable[Dispatch]) -> None:
    """Puts into the outbox what is not there yet, by its key."""
    known = set(session.exec(select(NoticeRow.key).where(NoticeRow.dossier_code == code)))
    for dispatch in dispatches:
        if dispatch.head.key not in known:
            known.add(dispatch.head.key)
            session.add(
                NoticeRow(
                    key=dispatch.head.key,
                    dossier_code=code,
                    channel=dispatch.channel,
                    kind=dispatch.kind,
                    dispatch=dispatch,
                )
            )


def _found(row: DossierRow | None, code: Code) -> DossierRow:
    if row is None:
        raise UnknownDossier(code)
    return row
