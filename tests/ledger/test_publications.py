"""Publishing changes: twice is once, older never overwrites newer, what is only added is never lost."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from ledger.errors import ClockRewritten, UnknownDossier
from ledger.store import Ledger
from ledger.values import GROUP_CLOCK, StoredDossier
from models.clock import ClockEntryKind, Timeliness
from models.dossier import (
    Consent,
    ConsentState,
    DossierOutcome,
    DossierStage,
    Fee,
    FeeLine,
    Leg,
    LegOutcome,
    LegStage,
)
from models.facts import FactRefusal
from models.groups import Group
from models.plan import AskedPerson
from models.publication import HeardFact, Publication, StatusEvent
from models.statuses import PortalStatus, Status, StatusSystem
from models.systems import System
from tests.ledger.builders import (
    OPENED_AT,
    certificate,
    clock,
    declared,
    died,
    due_of,
    notice,
    numbered,
    opened,
    plan_of,
    published,
)

STARTED, STOPPED, RESUMED = ClockEntryKind.STARTED, ClockEntryKind.STOPPED, ClockEntryKind.RESUMED
HOUR = timedelta(hours=1)


def asked(state: ConsentState) -> Consent:
    person = AskedPerson(
        key="householder", full_name="Trần Văn Mẫu", personal_id="001092000001", roles=("householder",)
    )
    answered = None if state is ConsentState.ASKED else OPENED_AT + HOUR
    return Consent(person=person, state=state, requested_at=OPENED_AT, due=due_of(clock(STARTED)), answered_at=answered)


def status(code: str, portal: PortalStatus, *, incoming: bool = False) -> StatusEvent:
    return StatusEvent(
        key=f"{code}:status:{portal.value}",
        status=Status(system=StatusSystem.PORTAL, code=portal.value),
        at=OPENED_AT,
        incoming=incoming,
    )


def life_of(code: str) -> list[Publication]:
    """Four changes of a dossier: planned, received, consent answered, concluded."""
    plan = plan_of(declared())
    birth, other = plan.legs[0].key, plan.legs[1].key
    fee = Fee(lines=(FeeLine(item="certificate_copy", name="Bản sao", amount_vnd=16_000, basis="Nghị quyết mẫu"),))
    received, stopped = clock(STARTED), clock(STARTED, STOPPED)
    whole = clock(STARTED, STOPPED, RESUMED)
    waiting = Leg(key=other, stage=LegStage.WAITING_CONSENTS, consents=(asked(ConsentState.ASKED),))
    known: dict[str, Any] = {"fee": fee, "provincial_code": "H26.1-261110-0001", "expected": due_of(received)}
    heard = HeardFact(
        message_id="tin-1", kind="payment", at=OPENED_AT + HOUR, reason=FactRefusal.NOT_AWAITED, text="Không chờ."
    )
    return [
        published(
            code, 1, stage=DossierStage.INTAKE, plan=plan, fee=fee, statuses=(status(code, PortalStatus.SUBMITTED),)
        ),
        published(
            code,
            2,
            **known,
            clock=received,
            due=due_of(received),
            legs=(Leg(key=birth, stage=LegStage.IN_PROGRESS, clock=received, due=due_of(received)), waiting),
            statuses=(status(code, PortalStatus.ACCEPTED, incoming=True),),
        ),
        published(
            code,
            3,
            **known,
            clock=stopped,
            due=due_of(stopped),
            legs=(
                Leg(key=birth, stage=LegStage.WAITING_DOCUMENT, clock=received, due=due_of(received), number="21/2026"),
                waiting.model_copy(update={"stage": LegStage.ENDED, "consents": (asked(ConsentState.DECLINED),)}),
            ),
            heard=(heard, heard.model_copy(update={"message_id": "tin-2", "reason": None})),
        ),
        published(
            code,
            4,
            **known,
            stage=DossierStage.CONCLUDED,
            outcome=DossierOutcome.PARTLY_COMPLETED,
            timeliness=Timeliness.EARLY,
            clock=whole,
            due=due_of(whole),
            warnings=("Chủ hộ không đồng ý.",),
            legs=(
                Leg(
                    key=birth,
                    stage=LegStage.ENDED,
                    outcome=LegOutcome.COMPLETED,
                    clock=received,
                    due=due_of(received),
                    number="21/2026",
                    documents=(certificate(),),
                    timeliness=Timeliness.EARLY,
                ),
            ),
        ),
    ]


def publish_all(ledger: Ledger, publications: Sequence[Publication]) -> StoredDossier:
    for publication in publications:
        ledger.publish(publication, [notice(publication.code, publication.sequence)])
    stored = ledger.view(publications[0].code)
    assert stored is not None
    return stored


def content(dossier: StoredDossier) -> str:
    """What is written of a dossier, whatever its code and the order in which things were added."""
    notices = sorted(dossier.notices, key=lambda row: row.dispatch.head.key)
    plain = dossier.model_copy(
        update={
            "notices": tuple(row.model_copy(update={"id": 0}) for row in notices),
            "statuses": tuple(sorted(dossier.statuses, key=lambda event: event.key)),
        }
    )
    return plain.model_dump_json().replace(dossier.summary.code, "CODE")


def test_everything_published_is_there(ledger: Ledger) -> None:
    code = opened(ledger)
    life = life_of(code)
    stored = publish_all(ledger, life)
    last, plan = life[-1], life[0].plan
    assert plan is not None
    assert (stored.plan, stored.pack, stored.sequence, stored.started) == (plan, plan.pack, 4, True)
    assert (stored.fee, stored.warnings, stored.provincial_code) == (last.fee, last.warnings, last.provincial_code)
    assert (stored.due, stored.expected, stored.concluded_at) == (last.due, last.expected, last.at)
    assert stored.legs == (last.legs[0], life[2].legs[1])
    assert last.clock is not None
    assert {line.clock: line.entries for line in stored.clocks} == {
        GROUP_CLOCK: last.clock.entries,
        plan.legs[0].key: last.clock.entries[:1],
    }
    assert [line.due for line in stored.clocks] == [last.due, last.legs[0].due]
    assert [(item.leg, item.consent.state) for item in stored.consents] == [(plan.legs[1].key, ConsentState.DECLINED)]
    assert [(listed.leg, listed.document) for listed in stored.documents] == [(plan.legs[0].key, certificate())]
    assert [(event.status.code, event.incoming) for event in stored.statuses] == [("1", False), ("2", True)]
    assert [row.dispatch for row in stored.notices] == [notice(code, number) for number in range(1, 5)]
    assert [fact.message_id for fact in stored.refused_facts] == ["tin-1"]
    assert ledger.refused_facts(code) == stored.refused_facts
    assert (stored.summary.stage, stored.summary.outcome) == (DossierStage.CONCLUDED, DossierOutcome.PARTLY_COMPLETED)
    assert stored.summary.due_at == last.due.at if last.due else False
    assert stored.summary.opened_at == OPENED_AT


def test_publishing_again_changes_nothing(ledger: Ledger) -> None:
    code = opened(ledger)
    once = publish_all(ledger, life_of(code))
    assert publish_all(ledger, life_of(code)) == once


@pytest.mark.parametrize("order", list(permutations(range(4)))[1::4])
def test_the_order_of_arrival_does_not_matter(ledger: Ledger, order: Sequence[int]) -> None:
    code = opened(ledger, numbered(1))
    life = life_of(code)
    stored = publish_all(ledger, [life[step] for step in order])
    straight = publish_all(ledger, life_of(opened(ledger, numbered(2))))
    assert content(stored) == content(straight)
    assert stored.summary.stage is DossierStage.CONCLUDED
    assert stored.concluded_at == life[-1].at
    assert [row.dispatch for row in stored.notices] == [notice(code, step + 1) for step in order]


def test_a_plan_resolved_anew_is_not_overwritten_by_the_one_before_it(ledger: Ledger) -> None:
    code = opened(ledger)
    before = plan_of(declared())
    assert ledger.plan(code) is None
    ledger.publish(published(code, 3, plan=before.model_copy(update={"pack": "anew"})), ())
    ledger.publish(published(code, 1, plan=before), ())
    ledger.publish(published(code, 4), ())
    plan, stored = ledger.plan(code), ledger.view(code)
    assert plan is not None
    assert stored is not None
    assert (plan.pack, stored.pack, stored.sequence) == ("anew", "anew", 4)


def test_what_a_publication_leaves_out_of_the_state_stays(ledger: Ledger) -> None:
    code = opened(ledger)
    whole = life_of(code)[2]
    before = publish_all(ledger, [whole, published(code, 4)])
    assert (before.due, before.expected, before.fee) == (whole.due, whole.expected, whole.fee)
    ledger.publish(published(code, 5, provincial_code=None), ())
    after = ledger.view(code)
    assert after is not None
    assert (after.provincial_code, after.due, after.sequence) == (None, whole.due, 5)


def test_two_attempts_at_once_are_one(ledger: Ledger) -> None:
    code = opened(ledger)
    change = life_of(code)[1]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: ledger.publish(change, [notice(code, 1), notice(code, 2)]), range(8)))
    stored = ledger.view(code)
    assert stored is not None
    assert [row.dispatch for row in stored.notices] == [notice(code, 1), notice(code, 2)]
    assert [len(line.entries) for line in stored.clocks] == [1, 1]


def test_a_clock_entry_is_never_rewritten_and_nothing_else_is_written_with_it(ledger: Ledger) -> None:
    code = opened(ledger)
    ledger.publish(published(code, 1, clock=clock(STARTED)), ())
    other = clock(STARTED).entries[0].model_copy(update={"at": OPENED_AT + HOUR})
    forged = clock(STARTED).model_copy(update={"entries": (other,)})
    with pytest.raises(ClockRewritten, match="không được sửa"):
        ledger.publish(published(code, 2, stage=DossierStage.CONCLUDED, clock=forged), [notice(code, 1)])
    stored = ledger.view(code)
    assert stored is not None
    assert (stored.sequence, stored.summary.stage) == (1, DossierStage.IN_PROGRESS)
    assert stored.clocks[0].entries == clock(STARTED).entries
    assert stored.notices == ()


def test_only_opened_dossiers_are_published(ledger: Ledger) -> None:
    with pytest.raises(UnknownDossier):
        ledger.publish(published("G22.99.08-261110-000001", 1), ())


def test_summaries_are_filtered_and_newest_first(ledger: Ledger) -> None:
    codes = [opened(ledger, declared(sample)) for sample in ("plain", "twins-1", "grandparents-home")]
    plan = plan_of(declared())
    late = due_of(clock(STARTED))
    assert late.at is not None
    busy = Leg(key=plan.legs[1].key, stage=LegStage.IN_PROGRESS, due=late)
    ledger.publish(published(codes[0], 1, plan=plan, due=late), ())
    ledger.publish(published(codes[1], 1, plan=plan, legs=(busy,)), ())
    ledger.publish(published(codes[2], 1, stage=DossierStage.CONCLUDED, due=late, timeliness=Timeliness.LATE), ())
    assert [summary.code for summary in ledger.summaries()] == codes[::-1]
    assert [s.code for s in ledger.summaries(limit=2)] == codes[:0:-1]
    assert [s.code for s in ledger.summaries(stage=DossierStage.CONCLUDED)] == [codes[2]]
    province = ledger.summaries()[-1].province_code
    assert codes[0] in {s.code for s in ledger.summaries(province=province)}
    assert ledger.summaries(province="97") == ()
    death = opened(ledger, died())
    assert [s.code for s in ledger.summaries(group=Group.DEATH)] == [death]
    assert len(ledger.summaries(group=Group.BIRTH)) == len(codes)


def test_a_summary_says_whom_the_dossier_waits_for(ledger: Ledger) -> None:
    code = opened(ledger)
    plan = plan_of(declared())
    consents = (asked(ConsentState.ASKED),)
    legs = (
        Leg(key=plan.legs[0].key, stage=LegStage.IN_PROGRESS),
        Leg(key=plan.legs[1].key, stage=LegStage.WAITING_PREREQUISITES, consents=consents),
    )
    ledger.publish(published(code, 1, plan=plan, legs=legs), ())
    assert ledger.summaries()[0].waiting_for == ("người được hỏi ý kiến trên VNeID", plan.legs[0].system.label)
    ledger.publish(published(code, 2, stage=DossierStage.WAITING_PAYMENT), ())
    assert ledger.summaries()[0].waiting_for == ("công dân",)
    assert "Mẫu" not in ledger.summaries()[0].model_dump_json()


def test_channels_of_one_publication_keep_the_order_of_its_dispatches(ledger: Ledger) -> None:
    code = opened(ledger)
    out = [notice(code, number, channel) for number in range(20) for channel in (System.SMS, System.PORTAL)]
    ledger.publish(published(code, 1), out)
    assert [row.dispatch for row in ledger.notices_of(code)] == out
