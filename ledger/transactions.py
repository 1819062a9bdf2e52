"""One method, one transaction: what the parts of the ledger share."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from ledger.engine import read_only
from ledger.errors import UnknownDossier
from ledger.failures import told_in_use
from models.base import Code
from models.documents import Document
from models.tables import DocumentRow, DossierRow, Table


class Transactions:
    """A database, and how to write to it and read from it."""

    def __init__(self, engine: Engine) -> None:
        self._writer = engine
        self._reader = read_only(engine)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with told_in_use(self._writer), Session(self._writer) as session, session.begin():
            yield session

    @contextmanager
    def _reading(self) -> Iterator[Session]:
        with told_in_use(self._reader), Session(self._reader) as session, session.begin():
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


def add_documents(session: Session, code: Code, leg: Code | None, documents: Iterable[Document], at: datetime) -> None:
    """Lists documents under a leg (None: the declaration), each content once per kind; the dossier is locked or new."""
    same_place = select(DocumentRow.kind, DocumentRow.sha256).where(
        DocumentRow.dossier_code == code, DocumentRow.leg == leg
    )
    known = set(session.exec(same_place))
    for document in documents:
        if (document.kind, document.sha256) not in known:
            known.add((document.kind, document.sha256))
            session.add(DocumentRow(dossier_code=code, leg=leg, at=at, **document.model_dump()))


def _found(row: DossierRow | None, code: Code) -> DossierRow:
    if row is None:
        raise UnknownDossier(code)
    return row
