"""The look-up of a notice, whole: real HTTP, signed bytes, our judge, document store and ledger."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import ActivityEnvironment

from activities.agencies import AgencyActivities
from activities.patience import Patience
from ledger.documents import DocumentStore
from ledger.engine import open_engine, upgrade
from ledger.store import Ledger
from models.base import legal_date
from models.calendar import load_calendar
from models.groups import Group
from models.messages import NoticeAnswer, NoticeQuery, NoticeState
from models.notice_checks import NoticeCheck
from models.systems import System
from simulator.authority import passing_authority
from simulator.notices import DIAGNOSIS, issued
from tests.activities.simulated import SENT_AT, Stage, head, notices, papers, stage
from tests.keys import MASTERS
from tests.ledger.builders import died, opened


class Looking:
    """A ledger with one dossier, and what looks its notice up."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(f"sqlite:///{folder / 'ledger.db'}")
        upgrade(self.engine)
        self.ledger = Ledger(self.engine, MASTERS)
        self.documents = DocumentStore(folder / "documents", MASTERS)
        self.code = opened(self.ledger, died())
        self.examiner = notices(self.ledger, self.documents)

    async def up(
        self, play: Stage, number: str, group: Group = Group.BIRTH, sent_at: datetime = SENT_AT
    ) -> NoticeAnswer:
        """Look a notice up, as the workflow does."""
        activities = AgencyActivities(
            play.adapters, self.ledger, self.documents, Patience(load_calendar()), papers(), self.examiner
        )
        query = NoticeQuery(head=head("notice", self.code, sent_at), group=group, number=number)
        environment = ActivityEnvironment()
        environment.info = replace(environment.default_info(), start_to_close_timeout=timedelta(minutes=1))
        return await environment.run(activities.look_up_notice, query)

    @property
    def checks(self) -> tuple[NoticeCheck, ...]:
        """What the ledger has of it."""
        dossier = self.ledger.view(self.code)
        assert dossier
        return dossier.notice_checks


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[Looking]:
    looking = Looking(tmp_path)
    yield looking
    looking.engine.dispose()


@pytest.mark.rule("4.1-notice-looked-up")
@pytest.mark.parametrize(
    ("number", "state"),
    [
        ("24681.GCS.01901.26", NoticeState.GOOD),
        ("24681.GCS.01234.26", NoticeState.GOOD),
        ("11111.GCS.01901.26", NoticeState.UNSIGNED),
        ("BBBBB.GCS.01901.26", NoticeState.BROKEN),
        ("UUUUU.GCS.01901.26", NoticeState.UNTRUSTED),
        ("VVVVV.GCS.01234.26", NoticeState.UNVERIFIABLE),
        ("00000.GCS.01901.26", NoticeState.NOT_FOUND),
    ],
)
async def test_a_look_up_is_judged_kept_and_recorded(looking: Looking, number: str, state: NoticeState) -> None:
    async with stage() as play:
        answer = await looking.up(play, number)
    assert (answer.state, answer.usable) == (state, state is NoticeState.GOOD)
    [check] = looking.checks
    facility = None if state is NoticeState.NOT_FOUND else number[-8:-3]
    assert (check.state, check.facility, check.says is None) == (
        state,
        facility,
        state in (state.GOOD, state.NOT_FOUND),
    )
    assert (answer.told is None, answer.warning is None) == (answer.usable, answer.usable)
    if check.sha256:
        assert looking.documents.kept(check.sha256) == issued(passing_authority(), Group.BIRTH, number, state)
    else:
        assert state is NoticeState.NOT_FOUND


async def test_a_look_up_repeated_counts_once_by_its_last_answer(looking: Looking) -> None:
    """An activity may be run again after everything was written."""
    async with stage() as play:
        await play.instruct(System.HEALTH, looking.code, notice="broken")
        await looking.up(play, "24681.GCS.01901.26")
        await play.instruct(System.HEALTH, looking.code, notice="good")
        await looking.up(play, "24681.GCS.01901.26")
    assert [check.state for check in looking.checks] == [NoticeState.GOOD]


async def test_the_instant_of_a_look_up_is_legal_time_and_never_before_the_question(looking: Looking) -> None:
    """A time-skipping server is ahead of the worker's clock."""
    async with stage() as play:
        await looking.up(play, "24681.GCS.01901.26")
        assert looking.checks[0].at - SENT_AT < timedelta(minutes=5)
        ahead = SENT_AT + timedelta(days=40)
        await looking.up(play, "24681.GCS.01901.26", sent_at=ahead)
        assert legal_date(looking.checks[0].at) == legal_date(ahead)


async def test_the_diagnosis_goes_nowhere_but_into_the_store(
    looking: Looking, caplog: pytest.LogCaptureFixture
) -> None:
    number = "BBBBB.GBT.01901.26"
    with caplog.at_level(logging.DEBUG):
        async with stage() as play:
            answer = await looking.up(play, number, Group.DEATH)
            query = NoticeQuery(head=head("notice", looking.code), group=Group.DEATH, number=number)
            found = await play.adapters.health.look_up(query)
    [check] = looking.checks
    assert check.sha256
    stored = looking.documents.kept(check.sha256).decode()
    assert all(said in stored for said in DIAGNOSIS.values())
    told = f"{answer!r} {found!r} {looking.ledger.view(looking.code)!r} {caplog.text}"
    assert not [said for said in DIAGNOSIS.values() if said in told]
