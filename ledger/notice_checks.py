"""How facilities sign birth and death notices: every look-up that was answered, and the table by facility and month."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import extract, func
from sqlmodel import Session, col, select

from ledger.papers import hold
from ledger.transactions import Transactions, found
from models.base import Code, legal_date
from models.messages import NoticeState
from models.notice_checks import FacilityMonth, NoticeCheck
from models.tables import NoticeCheckRow

_COLUMNS: Mapping[NoticeState, str] = {NoticeState.GOOD: "signed"}


class NoticeChecks(Transactions):
    """What look-ups have found."""

    def notice_checked(self, check: NoticeCheck) -> None:
        """Keeps what a look-up found; the same look-up made again counts once, by its last answer.

        Raises UnknownDossier.
        """
        with self._writing(check.dossier_code) as session:
            found(session, check.dossier_code)
            session.merge(NoticeCheckRow(day=legal_date(check.at), **check.model_dump()))
            if check.sha256:
                hold(session, check.key, check.dossier_code, (check.sha256,), check.at)

    def facility_months(
        self, since: date | None = None, until: date | None = None, facility: Code | None = None
    ) -> tuple[FacilityMonth, ...]:
        """The table: by facility, then month, of the legal days from `since` to `until`, both included."""
        with self._reading() as session:
            return _facility_months(session, since, until, facility)


def notice_checks(session: Session, code: Code) -> tuple[NoticeCheck, ...]:
    """The look-ups of a dossier, oldest first."""
    rows = session.exec(
        select(NoticeCheckRow).where(NoticeCheckRow.dossier_code == code).order_by(col(NoticeCheckRow.at))
    )
    return tuple(NoticeCheck.model_validate(row.model_dump(exclude={"day"})) for row in rows)


def _facility_months(
    session: Session, since: date | None, until: date | None, facility: Code | None
) -> tuple[FacilityMonth, ...]:
    day = col(NoticeCheckRow.day)
    months = extract("year", day) * 12 + extract("month", day) - 1
    query = select(col(NoticeCheckRow.facility), months, col(NoticeCheckRow.state), func.count()).group_by(
        col(NoticeCheckRow.facility), months, col(NoticeCheckRow.state)
    )
    if since:
        query = query.where(day >= since)
    if until:
        query = query.where(day <= until)
    if facility:
        query = query.where(NoticeCheckRow.facility == facility)
    counted: dict[tuple[Code | None, date], dict[str, int]] = {}
    for code, month, state, count in session.exec(query):
        counts = counted.setdefault((code, date(int(month) // 12, int(month) % 12 + 1, 1)), {})
        counts[_COLUMNS.get(state, state.value)] = count
    ordered = sorted(counted, key=lambda key: (key[0] is None, key[0] or "", key[1]))
    return tuple(FacilityMonth(facility=key[0], month=key[1], **counted[key]) for key in ordered)
