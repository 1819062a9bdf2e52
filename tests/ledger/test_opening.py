"""Opening dossiers: one code per submission, one dossier per child, whoever comes at the same time."""

import re
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from multiprocessing import get_context

import pytest
from sqlalchemy import Engine

from ledger.errors import DuplicateDossier, SubmissionReused, UnknownDossier
from ledger.store import Ledger
from ledger.values import Opened
from models.base import LEGAL_ZONE
from models.dossier import DossierOutcome, DossierStage, Leg, LegOutcome, LegStage
from models.law import Group
from tests.ledger.builders import (
    PREFIX,
    certificate,
    claim_child,
    declared,
    numbered,
    open_all,
    opened,
    plan_of,
    published,
    submitted,
)


def test_codes_run_per_legal_day(ledger: Ledger) -> None:
    late = datetime(2026, 11, 10, 23, 59, tzinfo=LEGAL_ZONE)
    midnight = datetime.fromisoformat("2026-11-10T17:00:00+00:00")
    codes = [
        ledger.open_dossier(submitted(numbered(1), late), Group.BIRTH, PREFIX).code,
        ledger.open_dossier(submitted(numbered(2), late), Group.BIRTH, PREFIX).code,
        ledger.open_dossier(submitted(numbered(3), midnight), Group.BIRTH, PREFIX).code,
        ledger.open_dossier(submitted(numbered(4), late), Group.BIRTH, "G22.99.09").code,
    ]
    assert codes == [
        "G22.99.08-261110-000001",
        "G22.99.08-261110-000002",
        "G22.99.08-261111-000001",
        "G22.99.09-261110-000001",
    ]


def test_the_same_submission_has_the_same_code(ledger: Ledger) -> None:
    first = ledger.open_dossier(submitted(declared()), Group.BIRTH, PREFIX)
    assert first == Opened(code=first.code, created=True, started=False)
    ledger.mark_started(first.code)
    later = submitted(declared(), datetime(2026, 11, 12, 8, 0, tzinfo=LEGAL_ZONE))
    assert ledger.open_dossier(later, Group.BIRTH, PREFIX) == Opened(code=first.code, created=False, started=True)


def test_without_a_portal_id_the_content_is_the_submission(ledger: Ledger) -> None:
    assert opened(ledger, declared(submission_id=None)) == opened(ledger, declared(submission_id=None))


def test_a_submission_id_is_not_used_for_another_content(ledger: Ledger) -> None:
    opened(ledger, declared())
    with pytest.raises(SubmissionReused, match="nội dung khác"):
        opened(ledger, declared(results={"birth_certificate_copies": 3}))


def test_a_child_is_declared_once_and_only_its_declarant_learns_the_code(ledger: Ledger) -> None:
    code = opened(ledger, declared())
    with pytest.raises(DuplicateDossier, match=re.escape(code)) as same_person:
        opened(ledger, declared(submission_id="lan-nop-khac"))
    assert same_person.value.code == code
    applicant = declared().applicant.model_dump(mode="json")
    father = applicant | {"full_name": "Trần Văn Mẫu", "personal_id": "001092000001", "relation": "father"}
    with pytest.raises(DuplicateDossier) as stranger:
        opened(ledger, declared(submission_id="lan-nop-khac", applicant=father))
    assert stranger.value.code is None
    assert code not in str(stranger.value)


def test_twins_are_two_children(ledger: Ledger) -> None:
    assert opened(ledger, declared("twins-1")) != opened(ledger, declared("twins-2"))


@pytest.mark.parametrize(
    ("registration", "claim_kept"),
    [
        (Leg(key="birth", stage=LegStage.ENDED, outcome=LegOutcome.COMPLETED, number="21/2026"), True),
        (Leg(key="birth", stage=LegStage.WAITING_DOCUMENT, number="21/2026"), True),
        (Leg(key="birth", stage=LegStage.ENDED, outcome=LegOutcome.REFUSED), False),
        (None, False),
    ],
    ids=["registered", "registered-without-its-certificate", "refused", "never-sent"],
)
def test_a_child_can_be_declared_again_unless_its_birth_was_registered(
    ledger: Ledger, registration: Leg | None, claim_kept: bool
) -> None:
    plan = plan_of(declared())
    birth = next(leg.key for leg in plan.legs if leg.sent_with_intake)
    code = opened(ledger)
    legs = (registration.model_copy(update={"key": birth}),) if registration else ()
    ledger.publish(published(code, 1, plan=plan), ())
    ledger.publish(published(code, 2, legs=legs), ())
    with pytest.raises(DuplicateDossier):
        opened(ledger, declared(submission_id="lan-nop-hai"))
    ended = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.NOT_COMPLETED}
    ledger.publish(published(code, 3, **ended), ())
    if claim_kept:
        with pytest.raises(DuplicateDossier):
            opened(ledger, declared(submission_id="lan-nop-hai"))
    else:
        assert opened(ledger, declared(submission_id="lan-nop-hai")) != code
        ledger.publish(published(code, 3, **ended), ())
        with pytest.raises(DuplicateDossier):
            opened(ledger, declared(submission_id="lan-nop-ba"))


def test_dossiers_whose_workflow_never_started_are_found(ledger: Ledger) -> None:
    codes = [opened(ledger, numbered(number)) for number in range(3)]
    assert ledger.unstarted() == tuple(codes)
    ledger.mark_started(codes[0])
    ledger.mark_started(codes[0])
    ledger.publish(published(codes[2], 1), ())
    assert ledger.unstarted() == (codes[1],)
    assert ledger.opened(codes[0]) == Opened(code=codes[0], created=False, started=True)


def test_the_declaration_is_kept_as_it_came(ledger: Ledger) -> None:
    declaration = declared("grandparents-home", attachments=[certificate().model_dump(mode="json")] * 2)
    code = opened(ledger, declaration)
    assert ledger.declaration(code) == declaration
    stored = ledger.view(code)
    assert stored is not None
    assert [(listed.leg, listed.document) for listed in stored.documents] == [(None, certificate())]


def test_unknown_dossiers(ledger: Ledger) -> None:
    code = opened(ledger)
    assert not ledger.opened(code).started
    with pytest.raises(UnknownDossier):
        ledger.opened("G22.99.08-261110-999999")
    assert ledger.view("G22.99.08-261110-999999") is None
    for ask in (ledger.declaration, ledger.opened, ledger.mark_started):
        with pytest.raises(UnknownDossier, match=re.escape("G22.99.08-261110-999999")):
            ask("G22.99.08-261110-999999")


def test_eight_threads_and_two_processes_open_dossiers_at_once(database_url: str, engine: Engine) -> None:
    shared = list(range(5))
    own = [[100 * worker + number for number in range(8)] for worker in range(1, 11)]
    with (
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes,
        ThreadPoolExecutor(8) as threads,
    ):
        jobs = [processes.submit(open_all, database_url, shared + numbers) for numbers in own[:2]]
        jobs += [threads.submit(open_all, database_url, numbers + shared) for numbers in own[2:]]
        outcomes = [outcome for job in jobs for outcome in job.result()]
    codes_by_number = {number: {code for n, code, _ in outcomes if n == number} for number, _, _ in outcomes}
    assert all(len(codes) == 1 for codes in codes_by_number.values())
    assert len(set.union(*codes_by_number.values())) == len(codes_by_number) == 5 + 80
    assert set(Counter(number for number, _, created in outcomes if created).values()) == {1}
    running = sorted(int(code.rsplit("-", 1)[1]) for codes in codes_by_number.values() for code in codes)
    assert running == list(range(1, 86))


def test_of_many_who_declare_a_child_at_once_one_wins(database_url: str, engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        codes = list(threads.map(lambda n: claim_child(database_url, f"lan-nop-{n}"), range(8)))
    assert len([code for code in codes if code]) == 1
    assert len(Ledger(engine).unstarted()) == 1


@pytest.mark.parametrize(("submission_id", "same_dossier"), [(None, False), ("lan-nop-mot", True)])
def test_the_very_same_declaration_can_be_made_again_after_an_end_without_registration(
    ledger: Ledger, submission_id: str | None, same_dossier: bool
) -> None:
    """Without a portal's id the words are the submission; with one, the same id stays the same submission."""
    form = declared(submission_id=submission_id)
    code = opened(ledger, form)
    ledger.publish(published(code, 1, stage=DossierStage.CONCLUDED, outcome=DossierOutcome.UNPAID), ())
    assert (opened(ledger, form) == code) is same_dossier
