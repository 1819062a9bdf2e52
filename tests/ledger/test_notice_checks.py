"""How facilities sign: by facility and legal month, over any days; on SQLite and PostgreSQL."""

from datetime import date, datetime, timedelta

import pytest

from ledger.errors import UnknownDossier
from ledger.store import Ledger
from models.base import LEGAL_ZONE
from models.messages import NoticeState
from models.notice_checks import FacilityMonth
from tests.ledger.builders import notice_check, opened

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
MIDNIGHT = datetime(2026, 12, 1, tzinfo=LEGAL_ZONE)


def filled(ledger: Ledger) -> str:
    """A dossier, and look-ups about the midnight in which November ends in Việt Nam, seven hours before UTC's."""
    code = opened(ledger)
    before = MIDNIGHT - timedelta(seconds=1)
    for number, (state, facility, at) in enumerate(
        (
            (NoticeState.GOOD, "01901", before),
            (NoticeState.GOOD, "01901", MIDNIGHT),
            (NoticeState.GOOD, "01901", MIDNIGHT),
            (NoticeState.UNSIGNED, "01901", MIDNIGHT),
            (NoticeState.BROKEN, "01901", before),
            (NoticeState.UNTRUSTED, "01901", MIDNIGHT),
            (NoticeState.UNVERIFIABLE, "01988", MIDNIGHT + timedelta(days=31)),
            (NoticeState.NOT_FOUND, None, MIDNIGHT),
        )
    ):
        ledger.notice_checked(notice_check(code, state, number, facility, at))
    return code


def test_look_ups_are_counted_by_facility_and_legal_month(ledger: Ledger) -> None:
    filled(ledger)
    assert ledger.facility_months() == (
        FacilityMonth(facility="01901", month=NOVEMBER, signed=1, broken=1),
        FacilityMonth(facility="01901", month=DECEMBER, signed=2, unsigned=1, untrusted=1),
        FacilityMonth(facility="01988", month=date(2027, 1, 1), unverifiable=1),
        FacilityMonth(facility=None, month=DECEMBER, not_found=1),
    )
    november, december, *_ = ledger.facility_months()
    assert (november.looked_up, november.wrongly_signed) == (2, 1)
    assert (december.looked_up, december.wrongly_signed) == (4, 1)


def test_days_and_facility_narrow_the_table(ledger: Ledger) -> None:
    filled(ledger)
    last, first = date(2026, 11, 30), date(2026, 12, 1)
    assert [row.month for row in ledger.facility_months(until=last)] == [NOVEMBER]
    assert [row.month for row in ledger.facility_months(since=first, facility="01901")] == [DECEMBER]
    assert ledger.facility_months(since=last, until=last, facility="01988") == ()
    assert {row.facility for row in ledger.facility_months(first, first)} == {"01901", None}


def test_the_same_look_up_again_counts_once(ledger: Ledger) -> None:
    code = opened(ledger)
    for state in (NoticeState.BROKEN, NoticeState.GOOD):
        ledger.notice_checked(notice_check(code, state).model_copy(update={"key": f"{code}:notice"}))
    assert ledger.facility_months() == (FacilityMonth(facility="01901", month=NOVEMBER, signed=1),)


def test_a_dossier_shows_its_look_ups(ledger: Ledger) -> None:
    code = opened(ledger)
    says = {"says": "Chứng thư số đã bị thu hồi.", "sha256": "a" * 64, "signed_at": MIDNIGHT}
    checks = (
        notice_check(code, NoticeState.UNTRUSTED, at=MIDNIGHT).model_copy(update=says),
        notice_check(code, NoticeState.GOOD, at=MIDNIGHT + timedelta(hours=1)),
    )
    for one in reversed(checks):
        ledger.notice_checked(one)
    dossier = ledger.view(code)
    assert dossier
    assert dossier.notice_checks == checks


def test_a_look_up_of_no_dossier_is_refused(ledger: Ledger) -> None:
    with pytest.raises(UnknownDossier):
        ledger.notice_checked(notice_check("G22.99.08-261119-999999", NoticeState.GOOD))
