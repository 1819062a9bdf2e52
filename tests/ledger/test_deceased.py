"""Deaths in the ledger: one dossier per deceased, however declared, corrected or spelt, and whoever comes at once."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ledger.errors import DuplicateDossier, DuplicateReason, PossibleDuplicate
from ledger.store import Ledger
from models.corrections import Revision
from models.death import DeathDeclaration
from models.dossier import DossierOutcome, DossierStage, Leg, LegOutcome, LegStage
from tests.ledger.builders import OPENED_AT, declared, died, keys_of, let_in, opened, plan_of, published

DECEASED = died().deceased.model_dump(mode="json")
NO_NOTICE: dict[str, Any] = {
    "death_notice": None,
    "notice_substitute": {"kind": "commune_notice", "issued_on": "2026-11-16", "issuer": "Ủy ban nhân dân"},
}


def again(number: int = 1, *, declarant: str | None = None, deceased: Any = None, **changes: Any) -> DeathDeclaration:
    """The householder sample as another submission, with fields of the deceased changed."""
    form = died(submission_id=f"khai-lai-{number}", **changes).model_dump(mode="json")
    form["deceased"] |= deceased or {}
    form["applicant"] |= {"personal_id": declarant} if declarant else {}
    return DeathDeclaration.model_validate(form)


def corrected(ledger: Ledger, code: str, form: DeathDeclaration) -> None:
    """The dossier's form now reads so."""
    revision = Revision(number=1, at=OPENED_AT, leg="death_registration", paths=("deceased",), declaration=form)
    change = published(code, 1, revisions=(revision,))
    ledger.publish(change, (), keys_of(change))


@pytest.mark.rule("8.duplicate-deceased", "8.duplicate-code-shown")
def test_a_deceased_is_declared_once_and_only_the_declarant_learns_the_code(ledger: Ledger) -> None:
    code = opened(ledger, died())
    with pytest.raises(DuplicateDossier, match=f"Người chết này đã có hồ sơ {re.escape(code)}") as declarant:
        opened(ledger, again())
    assert declarant.value.code == code
    with pytest.raises(DuplicateDossier, match="hồ sơ khác đang giải quyết hoặc đã đăng ký khai tử") as relative:
        opened(ledger, again(declarant="001162900303"))
    assert relative.value.code is None
    assert code not in str(relative.value)


@pytest.mark.rule("8.duplicate-deceased")
@pytest.mark.parametrize(
    "other",
    [
        {"deceased": {"personal_id": None}},
        {"deceased": {"full_name": "Một Tên Khác", "born": "1949"}, **NO_NOTICE},
        {"deceased": {"personal_id": None, "full_name": "TRẦN VĂN MẤT MẪU"}, **NO_NOTICE},
    ],
    ids=["by notice", "by number", "by name and dates"],
)
def test_a_deceased_is_found_by_whatever_is_declared_of_them(ledger: Ledger, other: dict[str, Any]) -> None:
    code = opened(ledger, died())
    with pytest.raises(DuplicateDossier) as refusal:
        opened(ledger, again(declarant="001162900303", **other))
    assert refusal.value.reason is DuplicateReason.DUPLICATE
    assert ledger.unstarted() == (code,)


@pytest.mark.rule("8.duplicate-deceased")
def test_somebody_spelt_otherwise_is_let_in_by_an_operators_word_alone(ledger: Ledger) -> None:
    code = opened(ledger, died())
    form = again(deceased={"personal_id": None, "full_name": "Tran Van Mat Mau"}, **NO_NOTICE)
    with pytest.raises(PossibleDuplicate, match="có thể trùng với người chết của hồ sơ") as refusal:
        opened(ledger, form)
    assert refusal.value.others == (code,)
    other = let_in(ledger, form)
    [decided] = ledger.not_duplicates(other)
    assert decided.other == code


@pytest.mark.rule("8.duplicate-deceased")
@pytest.mark.parametrize("date", ["born", "died_on"])
def test_one_name_with_one_date_mistaken_is_let_in_by_an_operators_word_alone(ledger: Ledger, date: str) -> None:
    code = opened(ledger, died())
    mistaken = {"born": "1901-02-03"} if date == "born" else {"died_on": "2025-12-31"}
    with pytest.raises(PossibleDuplicate) as refusal:
        opened(ledger, again(1, deceased={"personal_id": None, **mistaken}, **NO_NOTICE))
    assert refusal.value.others == (code,)
    numbered = again(2, deceased={"personal_id": "001050900977", **mistaken}, **NO_NOTICE)
    assert opened(ledger, numbered) != code


def test_a_death_is_no_duplicate_of_a_birth(ledger: Ledger) -> None:
    mother = declared().mother
    assert mother
    assert opened(ledger) != opened(ledger, again(deceased={"personal_id": mother.personal_id}))


@pytest.mark.rule("8.duplicate-deceased")
def test_a_deceased_is_found_as_corrected_and_as_declared(ledger: Ledger) -> None:
    unknown = {"personal_id": None, "full_name": "Trần Văn Vô Danh"}
    code = opened(ledger, again(1, deceased=unknown, **NO_NOTICE))
    corrected(ledger, code, again(1))
    with pytest.raises(DuplicateDossier, match=re.escape(code)) as certain:
        opened(ledger, again(2))
    assert certain.value.reason is DuplicateReason.DUPLICATE
    with pytest.raises(PossibleDuplicate) as as_declared:
        opened(ledger, again(3, deceased=unknown, **NO_NOTICE))
    assert as_declared.value.others == (code,)


@pytest.mark.rule("8.duplicate-deceased")
@pytest.mark.parametrize(
    ("registration", "claim_kept"),
    [
        (Leg(key="death_registration", stage=LegStage.WAITING_DOCUMENT, number="31/2026"), True),
        (Leg(key="death_registration", stage=LegStage.ENDED, outcome=LegOutcome.REFUSED), False),
    ],
    ids=["registered", "refused"],
)
def test_a_death_can_be_declared_again_unless_it_was_registered(
    ledger: Ledger, registration: Leg, claim_kept: bool
) -> None:
    code = opened(ledger, died())
    ledger.publish(published(code, 1, plan=plan_of(died()), legs=(registration,)), ())
    ledger.publish(
        published(code, 2, stage=DossierStage.CONCLUDED, outcome=DossierOutcome.NOT_COMPLETED),
        (),
    )
    if claim_kept:
        with pytest.raises(DuplicateDossier):
            opened(ledger, again())
    else:
        assert opened(ledger, again()) != code


@pytest.mark.rule("8.duplicate-deceased")
@pytest.mark.parametrize("registered", [False, True], ids=["open", "registered and concluded"])
def test_a_death_notice_issued_anew_is_no_other_death(ledger: Ledger, registered: bool) -> None:
    """As of births: the old number is the same one, a new number may be and a person decides; nothing is merged."""
    unnumbered = {"personal_id": None}
    first = again(1, deceased=unnumbered)
    code = opened(ledger, first)
    if registered:
        leg = Leg(key="death_registration", stage=LegStage.ENDED, outcome=LegOutcome.COMPLETED, number="31/2026")
        ledger.publish(published(code, 1, plan=plan_of(first), legs=(leg,)), ())
        ended = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.COMPLETED}
        ledger.publish(published(code, 2, **ended), ())
    assert first.death_notice
    notice = first.death_notice.model_dump(mode="json") | {"issued_on": "2026-11-18"}
    with pytest.raises(DuplicateDossier) as same_number:
        opened(ledger, again(2, deceased=unnumbered | {"full_name": "Trần Văn Tên Ghi Lại"}, death_notice=notice))
    assert same_number.value.reason is DuplicateReason.DUPLICATE
    with pytest.raises(PossibleDuplicate) as new_number:
        opened(ledger, again(3, deceased=unnumbered, death_notice=notice | {"number": "99999.GBT.01234.26"}))
    assert new_number.value.others == (code,)
    assert ledger.declaration(code) == first


@pytest.mark.rule("8.duplicate-deceased")
def test_of_many_relatives_who_declare_a_death_at_once_one_wins(ledger: Ledger) -> None:
    """By number, by notice and by name: nobody names all three."""
    ways: tuple[dict[str, Any], ...] = (
        NO_NOTICE,
        {"deceased": {"personal_id": None}},
        {"deceased": {"personal_id": None}, **NO_NOTICE},
    )

    def declare(number: int) -> str | None:
        form = again(number, declarant=f"0010809002{number:02d}", **ways[number % len(ways)])
        try:
            return opened(ledger, form)
        except DuplicateDossier:
            return None

    with ThreadPoolExecutor(6) as threads:
        codes = [code for code in threads.map(declare, range(12)) if code]
    assert len(codes) == 1
    assert ledger.unstarted() == tuple(codes)
