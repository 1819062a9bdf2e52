"""A ledger that was restored and is behind what runs: what recovery asks of it (`catching_up`)."""

import re
from collections.abc import Collection
from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from ledger.erasure import Erasure, documents_of_nobody_else
from ledger.trail import tell
from models.audit import Action, Entry
from models.base import Code
from models.documents import DocumentKind, Sha256
from models.dossier import DossierStage
from models.tables import (
    DocumentRow,
    DossierKeyRow,
    DossierNumberRow,
    DossierRow,
    FamilyClaimRow,
    NoticeRow,
    ReplacementRow,
    WaitingMessageRow,
)

_CODE = re.compile(r"(?P<prefix>.+)-(?P<day>[0-9]{6})-(?P<number>[0-9]{6})")

_MOST_LOST = 100_000
"""More than are opened under one prefix on one day [choice]."""

_AT_ONCE = 500
"""Codes in one statement."""


class NamedDocument(NamedTuple):
    """A document as a dossier names it."""

    code: Code
    kind: DocumentKind
    sha256: Sha256


class Recovery(Erasure):
    """What recovery after a restore asks of the ledger and tells it."""

    def unfinished(self) -> frozenset[Code]:
        """The dossiers that have not concluded as far as the ledger knows."""
        with self._reading() as session:
            return frozenset(session.exec(select(DossierRow.code).where(DossierRow.stage != DossierStage.CONCLUDED)))

    def unknown(self, codes: Collection[Code]) -> frozenset[Code]:
        """Those of these codes that are no dossier's here."""
        asked = sorted(codes)
        with self._reading() as session:
            for start in range(0, len(asked), _AT_ONCE):
                some = select(DossierRow.code).where(col(DossierRow.code).in_(asked[start : start + _AT_ONCE]))
                known = session.exec(some).all()
                codes = set(codes).difference(known)
        return frozenset(codes)

    def numbers_taken(self, codes: Collection[Code]) -> None:
        """These codes were minted, by a ledger that is lost: their numbers are never given out again."""
        with self._writing() as session:
            for match in filter(None, map(_CODE.fullmatch, codes)):
                with suppress(ValueError):  # a day that is none: we never gave that out
                    _taken(session, match["prefix"], _day(match["day"]), int(match["number"]))

    def skip_numbers(self, day: date) -> None:
        """Numbers of a day go on far above those that the lost ledger may have given out on it since the backup.

        Two dossiers of one code would be taken for one, should somebody open dossiers before recovery has seen which
        codes there are.
        """
        with self._writing() as session:
            for prefix in session.exec(select(DossierNumberRow.prefix).distinct()).all():
                row = session.get(DossierNumberRow, (prefix, day))
                _taken(session, prefix, day, (row.last if row else 0) + _MOST_LOST)

    def erase_again(self, codes: Collection[Code], at: datetime) -> tuple[Sha256, ...]:
        """What was erased since the backup is erased again; the contents that no other dossier has.

        Who was erased had concluded, whatever the backup says: nothing of it is still to be sent or delivered.
        """
        digests: set[Sha256] = set()
        for code in sorted(codes):
            with self._writing() as session:
                dossier, key = session.get(DossierRow, code), session.get(DossierKeyRow, code)
                if dossier is None or key is None or key.erased_at:
                    continue
                _end(session, dossier, at)
                key.seed, key.erased_at = None, at
                session.flush()
                digests.update(documents_of_nobody_else(session, code))
                self.keys.forget(code)
                tell(session, Entry(who=self.acting, what=Action.ERASED, code=code, detail={"again": "restored"}))
        self._overwrite_what_was_deleted()  # nobody reads a ledger that is being restored: it always can
        return tuple(sorted(digests))

    def documents_named(self) -> tuple[NamedDocument, ...]:
        """Every document that a dossier names, unless its data was erased."""
        with self._reading() as session:
            rows = select(DocumentRow.dossier_code, DocumentRow.kind, DocumentRow.sha256)
            of_living = rows.join(DossierKeyRow, col(DossierKeyRow.dossier_code) == col(DocumentRow.dossier_code))
            of_living = of_living.where(col(DossierKeyRow.erased_at).is_(None))
            ordered = session.exec(of_living.order_by(col(DocumentRow.id)))
            return tuple(NamedDocument(code, DocumentKind(kind), sha256) for code, kind, sha256 in ordered)


def _end(session: Session, dossier: DossierRow, at: datetime) -> None:
    dossier.stage, dossier.started = DossierStage.CONCLUDED, True
    dossier.concluded_at = dossier.concluded_at or at
    unacknowledged = update(ReplacementRow).where(col(ReplacementRow.dossier_code) == dossier.code)
    session.exec(unacknowledged.values(unacknowledged=False, started=True))
    for gone in (
        delete(NoticeRow).where(col(NoticeRow.dossier_code) == dossier.code, col(NoticeRow.sent_at).is_(None)),
        delete(WaitingMessageRow).where(col(WaitingMessageRow.dossier_code) == dossier.code),
        delete(FamilyClaimRow).where(col(FamilyClaimRow.dossier_code) == dossier.code),
    ):
        session.exec(gone)


def _taken(session: Session, prefix: Code, day: date, number: int) -> None:
    row = session.get(DossierNumberRow, (prefix, day), with_for_update=True)
    if row is None:
        session.add(DossierNumberRow(prefix=prefix, day=day, last=number))
        session.flush()
    else:
        row.last = max(row.last, number)


def _day(yymmdd: str) -> date:
    return datetime.strptime(f"20{yymmdd}", "%Y%m%d").date()  # noqa: DTZ007
