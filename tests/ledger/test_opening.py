"""Opening dossiers: one code per submission, one dossier per child, whoever comes at the same time."""

import re
import unicodedata
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.errors import DuplicateDossier, DuplicateReason, PossibleDuplicate, SubmissionReused, UnknownDossier
from ledger.store import Ledger
from ledger.values import Opened
from models.base import LEGAL_ZONE
from models.birth import BirthDeclaration
from models.corrections import Revision
from models.dossier import DossierOutcome, DossierStage, Leg, LegOutcome, LegStage
from tests.keys import MASTERS
from tests.ledger.builders import (
    CHILDREN,
    OPENED_AT,
    PREFIX,
    WAYS,
    certificate,
    claim_child,
    declare_all,
    declared,
    keys_of,
    let_in,
    numbered,
    open_all,
    opened,
    plan_of,
    published,
    reissued,
    submitted,
)
from tests.ledger.processes import two_processes
from tests.models.cases import born


def test_codes_run_per_legal_day(ledger: Ledger) -> None:
    late = datetime(2026, 11, 10, 23, 59, tzinfo=LEGAL_ZONE)
    midnight = datetime.fromisoformat("2026-11-10T17:00:00+00:00")
    codes = [
        ledger.open_dossier(submitted(numbered(1), late), PREFIX).code,
        ledger.open_dossier(submitted(numbered(2), late), PREFIX).code,
        ledger.open_dossier(submitted(numbered(3), midnight), PREFIX).code,
        ledger.open_dossier(submitted(numbered(4), late), "G22.99.09").code,
    ]
    assert codes == [
        "G22.99.08-261110-000001",
        "G22.99.08-261110-000002",
        "G22.99.08-261111-000001",
        "G22.99.09-261110-000001",
    ]


@pytest.mark.rule("8.same-code")
def test_the_same_submission_has_the_same_code(ledger: Ledger) -> None:
    first = ledger.open_dossier(submitted(declared()), PREFIX)
    assert first == Opened(code=first.code, created=True, started=False)
    ledger.mark_started(first.code)
    later = submitted(declared(), datetime(2026, 11, 12, 8, 0, tzinfo=LEGAL_ZONE))
    assert ledger.open_dossier(later, PREFIX) == Opened(code=first.code, created=False, started=True)


@pytest.mark.rule("8.submission-key")
def test_without_a_portal_id_the_content_is_the_submission(ledger: Ledger) -> None:
    assert opened(ledger, declared(submission_id=None)) == opened(ledger, declared(submission_id=None))


def test_a_submission_id_is_not_used_for_another_content(ledger: Ledger) -> None:
    opened(ledger, declared())
    with pytest.raises(SubmissionReused, match="nội dung khác"):
        opened(ledger, declared(results={"birth_certificate_copies": 3}))


@pytest.mark.rule("8.duplicate-in-progress", "8.duplicate-code-shown")
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


# --- The same child, however it is declared --------------------------------------------------------------------------


def named(name: str, **changes: Any) -> BirthDeclaration:
    """The plain sample under another submission, its child called something else."""
    child = declared().child.model_dump(mode="json") | {"full_name": name}
    return declared(**{"submission_id": "lan-nop-khac", "child": child} | changes)


CHILD = "Trần Minh Hoà"
NO_NOTICE: dict[str, Any] = {"birth_notice": None}
SPELLINGS = ["TRẦN MINH HOÀ", "Trần Minh Hòa", "Trần  Minh   Hoà", "Tran Minh Hoa", unicodedata.normalize("NFD", CHILD)]


@pytest.mark.rule("8.duplicate-in-progress")
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("first", [{}, NO_NOTICE], ids=["with notice", "without"])
@pytest.mark.parametrize("second", [{}, NO_NOTICE], ids=["with notice", "without"])
def test_a_child_is_found_however_its_name_is_spelt(
    ledger: Ledger, spelling: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    code = opened(ledger, named(CHILD, submission_id="lan-nop-mot", **first))
    with pytest.raises(DuplicateDossier) as refusal:
        opened(ledger, named(spelling, **second))
    assert (refusal.value.code, refusal.value.reason) == (code, DuplicateReason.DUPLICATE)


@pytest.mark.rule("4.case-notice-new-version", "8.duplicate-in-progress")
def test_a_birth_notice_is_one_child_whatever_its_name_and_issue(ledger: Ledger) -> None:
    """Reissued under the same code a notice is a new version: another day of issue, another name, the same child."""
    code = opened(ledger)
    notice = declared().birth_notice
    assert notice
    again = notice.model_dump(mode="json") | {"issued_on": "2026-11-18"}
    with pytest.raises(DuplicateDossier) as refusal:
        opened(ledger, named("Một Tên Hoàn Toàn Khác", birth_notice=again))
    assert (refusal.value.code, refusal.value.reason) == (code, DuplicateReason.DUPLICATE)


@pytest.mark.rule("8.duplicate-in-progress")
@pytest.mark.parametrize("shared", ["mother", "father"])
def test_one_parent_in_common_is_enough(ledger: Ledger, shared: str) -> None:
    opened(ledger)
    other = "father" if shared == "mother" else "mother"
    with pytest.raises(DuplicateDossier):
        opened(ledger, named(declared().child.full_name, birth_notice=None, **{other: None}))


@pytest.mark.rule("4.case-twins")
@pytest.mark.parametrize("changes", [{}, NO_NOTICE], ids=["with notices", "without"])
def test_twins_are_two_children(ledger: Ledger, changes: dict[str, Any]) -> None:
    codes = [opened(ledger, declared(twin, **changes)) for twin in ("twins-1", "twins-2")]
    assert len(set(codes)) == 2
    for twin in ("twins-1", "twins-2"):
        with pytest.raises(DuplicateDossier):
            opened(ledger, declared(twin, submission_id="lan-nop-khac", **changes))


# --- The same child, its form corrected since -------------------------------------------------------------------------


def corrected(ledger: Ledger, code: str, form: BirthDeclaration, number: int = 1) -> None:
    """The dossier's form now reads so; published twice, as after an answer that was lost."""
    revision = Revision(number=number, at=OPENED_AT, leg="birth_registration", paths=("child",), declaration=form)
    change = published(code, number, revisions=(revision,))
    for _ in range(2):
        ledger.publish(change, (), keys_of(change))


def born_later(**changes: Any) -> BirthDeclaration:
    """The plain sample, the child a day younger."""
    child = declared().child.model_dump(mode="json") | {"born_on": "2026-11-10"}
    return declared(**{"child": child} | changes)


ANOTHER_NOTICE = {"number": "00777.GCS.01901.26", "issued_on": "2026-11-10", "facility": "Bệnh viện Phụ sản Hà Nội"}
OTHER_PARENTS: dict[str, Any] = {
    parent: getattr(declared(), parent).model_dump(mode="json") | {"personal_id": number}
    for parent, number in (("mother", "001194000777"), ("father", "001092000777"))
}


@pytest.mark.rule("8.duplicate-in-progress")
@pytest.mark.parametrize(
    ("first", "now"),
    [
        (declared(**NO_NOTICE), born_later(**NO_NOTICE)),
        (declared(**NO_NOTICE), declared(**NO_NOTICE, **OTHER_PARENTS)),
        (declared(), declared(birth_notice=ANOTHER_NOTICE)),
        (declared(**NO_NOTICE), named("Một Tên Khác", **NO_NOTICE)),
        (declared(), born_later(birth_notice=ANOTHER_NOTICE, **OTHER_PARENTS)),
    ],
    ids=["birthday", "parents", "notice", "name", "everything"],
)
def test_a_child_is_found_as_it_was_corrected_and_as_it_was_declared(
    ledger: Ledger, first: BirthDeclaration, now: BirthDeclaration
) -> None:
    code = opened(ledger, first)
    corrected(ledger, code, now)
    with pytest.raises(DuplicateDossier, match=re.escape(code)) as certain:
        opened(ledger, now.model_copy(update={"submission_id": "khai-lai"}))
    assert certain.value.reason is DuplicateReason.DUPLICATE
    with pytest.raises(DuplicateDossier, match=re.escape(code)):
        opened(ledger, first.model_copy(update={"submission_id": "khai-lai"}))
    corrected(ledger, code, declared(**NO_NOTICE), 2)
    with pytest.raises(DuplicateDossier, match=re.escape(code)):
        opened(ledger, now.model_copy(update={"submission_id": "khai-lai"}))


@pytest.mark.rule("4.case-twins")
def test_a_twin_declared_under_the_others_name_leaves_it_free_once_corrected(ledger: Ledger) -> None:
    """In words corrected since it only may be the same child: a person decides."""
    second = named("Trần Minh Em", **NO_NOTICE)
    code = opened(ledger, named("Trần Minh Anh", submission_id="lan-nop-mot", **NO_NOTICE))
    corrected(ledger, code, second)
    first = named("Trần Minh Anh", submission_id="lan-nop-hai", **NO_NOTICE)
    with pytest.raises(PossibleDuplicate) as refusal:
        opened(ledger, first)
    assert refusal.value.others == (code,)
    assert let_in(ledger, first) != code


def test_a_correction_into_another_dossiers_child_is_kept_and_takes_nothing(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    other, code = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    corrected(ledger, code, numbered(1))
    assert ledger.declaration(code) == numbered(1)
    assert [record.name for record in caplog.records] == ["lienthong.ledger"]
    ended = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.UNPAID}
    for number, holder in ((1, other), (2, code)):
        with pytest.raises(DuplicateDossier):
            opened(ledger, numbered(number).model_copy(update={"submission_id": "khai-lai"}))
        ledger.publish(published(holder, 9, **ended), ())


def test_a_dossier_that_has_let_go_of_its_subject_claims_none_by_a_correction(ledger: Ledger) -> None:
    code = opened(ledger)
    ledger.publish(published(code, 2, stage=DossierStage.CONCLUDED, outcome=DossierOutcome.UNPAID), ())
    corrected(ledger, code, born_later())
    assert opened(ledger, born_later(submission_id="khai-lai")) != code


def test_while_others_declare_its_child_a_correction_is_written_all_the_same(ledger: Ledger) -> None:
    """Eight dossiers corrected to one child, which eight others declare, all at once."""
    codes = [opened(ledger, numbered(number)) for number in range(8)]
    child = numbered(99)

    def declare(number: int) -> str | None:
        try:
            return opened(ledger, child.model_copy(update={"submission_id": f"khai-lai-{number}"}))
        except DuplicateDossier:
            return None

    with ThreadPoolExecutor(8) as threads:
        declarations = [threads.submit(declare, number) for number in range(8)]
        corrections = [threads.submit(corrected, ledger, code, child) for code in codes]
        for job in corrections:
            job.result(timeout=60)
        won = [job.result(timeout=60) for job in declarations]
    assert len([code for code in won if code]) <= 1
    assert {born(ledger.declaration(code)).birth_notice for code in codes} == {child.birth_notice}
    assert declare(9) is None


# --- A child that may be the same: a person decides ------------------------------------------------------------------


@pytest.mark.rule("4.case-notice-new-code")
def test_a_notice_under_a_new_code_is_neither_merged_nor_registered_in_silence(ledger: Ledger) -> None:
    code = opened(ledger)
    with pytest.raises(PossibleDuplicate, match=re.escape(code)) as refusal:
        opened(ledger, reissued())
    assert (refusal.value.code, refusal.value.others) == (code, (code,))
    assert refusal.value.reason is DuplicateReason.POSSIBLE_DUPLICATE
    assert ledger.unstarted() == (code,)
    other = let_in(ledger)
    assert other != code
    [decided] = ledger.not_duplicates(other)
    assert (decided.other, decided.at) == (code, OPENED_AT)
    assert "đối chiếu với bệnh viện" in decided.reason
    stored = ledger.view(other)
    assert stored is not None
    assert stored.not_duplicates == (decided,)
    assert opened(ledger, reissued()) == other


@pytest.mark.rule("8.duplicate-code-shown")
def test_a_stranger_learns_of_no_code_from_a_possible_reissue(ledger: Ledger) -> None:
    code = opened(ledger)
    applicant = declared().applicant.model_dump(mode="json") | {"personal_id": "001092000001"}
    with pytest.raises(PossibleDuplicate) as stranger:
        opened(ledger, reissued(applicant=applicant))
    assert stranger.value.code is None
    assert code not in str(stranger.value)


def test_a_decision_lets_nobody_in_who_certainly_is_the_same_child(ledger: Ledger) -> None:
    opened(ledger)
    with pytest.raises(DuplicateDossier):
        let_in(ledger, declared(submission_id="lan-nop-khac"))
    assert ledger.not_duplicates(opened(ledger)) == ()


def test_a_decision_that_nothing_calls_for_is_not_kept(ledger: Ledger) -> None:
    assert ledger.not_duplicates(let_in(ledger, declared())) == ()


def test_a_decision_about_one_dossier_is_not_one_about_the_next(ledger: Ledger) -> None:
    first, second = opened(ledger), let_in(ledger)
    third = {"number": "77777.GCS.01901.26", "issued_on": "2026-11-10", "facility": "Bệnh viện Phụ sản Hà Nội"}
    with pytest.raises(PossibleDuplicate) as refusal:
        opened(ledger, reissued(submission_id="lan-nop-ba", birth_notice=third))
    assert refusal.value.others == (first, second)


@pytest.mark.rule("8.duplicate-registered")
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
    again = declared(submission_id="lan-nop-hai", birth_notice=None)
    with pytest.raises(DuplicateDossier):
        opened(ledger, again)
    ended = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.NOT_COMPLETED}
    ledger.publish(published(code, 3, **ended), ())
    if claim_kept:
        for form in (again, declared(submission_id="lan-nop-hai")):
            with pytest.raises(DuplicateDossier):
                opened(ledger, form)
        with pytest.raises(PossibleDuplicate):
            opened(ledger, reissued())
    else:
        assert opened(ledger, again) != code
        ledger.publish(published(code, 3, **ended), ())
        with pytest.raises(DuplicateDossier):
            opened(ledger, declared(submission_id="lan-nop-ba"))


@pytest.mark.rule("8.recovered")
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


@pytest.mark.rule("8.same-code")
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
    assert len(Ledger(engine, MASTERS).unstarted()) == 1


@pytest.mark.rule("8.duplicate-in-progress", "4.case-twins")
def test_of_two_processes_that_declare_a_child_in_two_ways_at_once_one_wins(database_url: str, engine: Engine) -> None:
    """One with the birth notice, one without and spelt otherwise; of twins, both win."""
    with two_processes() as processes:
        jobs = [processes.submit(declare_all, database_url, way) for way in WAYS]
        first, second = (job.result(timeout=60) for job in jobs)
    winners = [sum(map(bool, pair)) for pair in zip(first, second, strict=True)]
    assert winners == [1] * CHILDREN + [2] * CHILDREN
    assert len(Ledger(engine, MASTERS).unstarted()) == 3 * CHILDREN


@pytest.mark.parametrize(("submission_id", "same_dossier"), [(None, False), ("lan-nop-mot", True)])
def test_the_very_same_declaration_can_be_made_again_after_an_end_without_registration(
    ledger: Ledger, submission_id: str | None, same_dossier: bool
) -> None:
    """Without a portal's id the words are the submission; with one, the same id stays the same submission."""
    form = declared(submission_id=submission_id)
    code = opened(ledger, form)
    ledger.publish(published(code, 1, stage=DossierStage.CONCLUDED, outcome=DossierOutcome.UNPAID), ())
    assert (opened(ledger, form) == code) is same_dossier
