"""What becomes of a running dossier's plan under another law pack: what has begun stays, the rest is the new pack's."""

from datetime import date
from typing import Any

import pytest

from models import migrating
from models.birth import BirthDeclaration
from models.birth_form import ApplicantRelation
from models.calendar import load_calendar
from models.clock import Due, agency_due
from models.commune_files import packaged_communes
from models.law import LawPack, pack
from models.migrating import migrated
from models.migration import Migration, MigrationQuery
from models.plan import resolve_plan
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY, RESIDENCE, moment, sample

OLD, NEW = "2026-07-01", "2026-09-01"
ON, NOW = date(2026, 8, 31), moment("2026-09-03 09:00:00")
CALENDAR = load_calendar()


def over(declaration: BirthDeclaration, to: str = NEW, **changes: Any) -> Migration:
    """The dossier, registered and nothing else begun, under another pack."""
    asked = {
        "code": "G22.99.08-260831-000001",
        "revision": 0,
        "pack": to,
        "plan": resolve_plan(pack(OLD), declaration),
        "begun": (BIRTH,),
        "asked": (),
        "owed": {},
        "attached": tuple(sorted(document.kind for document in declaration.attachments)),
        "notice": None,
        "on": ON,
        "received_on": ON,
        "now": NOW,
    }
    return migrated(MigrationQuery(**{**asked, **changes}), declaration, CALENDAR, packaged_communes())


@pytest.fixture
def otherwise(monkeypatch: pytest.MonkeyPatch) -> LawPack:
    """The new pack with other limits: of the group, of residence, and of registration."""
    law = pack(NEW)
    legs = {
        key: leg.model_copy(update={"limit": leg.limit + 3, "basis": "Luật mới"}) for key, leg in law.birth.legs.items()
    }
    birth = law.birth.model_copy(update={"limit": 30, "legs": legs})
    changed = law.model_copy(update={"birth": birth})
    monkeypatch.setattr(migrating, "pack", lambda _: changed)
    return changed


def test_what_has_begun_stays_and_the_rest_has_new_limits(otherwise: LawPack) -> None:
    declaration = sample("plain", ON)
    before = resolve_plan(pack(OLD), declaration)
    due: Due = agency_due(NOW, before.leg(RESIDENCE).limit, CALENDAR, before.receipt)
    answer = over(declaration, begun=(BIRTH, RESIDENCE), owed={RESIDENCE: due})
    plan = answer.plan
    assert plan is not None
    assert plan.pack == NEW
    for key in (BIRTH, RESIDENCE):
        assert plan.leg(key) == before.leg(key)
    assert plan.leg(HEALTH).limit == before.leg(HEALTH).limit + 3
    assert (plan.limit, plan.receipt, plan.procedure_code) == (before.limit, before.receipt, before.procedure_code)
    assert plan.supplement_basis == otherwise.policies.supplement.basis
    assert set(answer.expected) == {HEALTH}
    assert answer.expected[HEALTH] == agency_due(NOW, plan.leg(HEALTH).limit, CALENDAR, plan.receipt)
    assert (answer.kept, answer.added) == ((BIRTH, RESIDENCE), ())


def test_what_waits_for_a_part_still_owed_is_expected_after_it(otherwise: LawPack) -> None:
    declaration = sample("plain", ON)
    rule = resolve_plan(pack(OLD), declaration).receipt
    owed = agency_due(moment("2026-09-08 10:00:00"), 1, CALENDAR, rule)
    answer = over(declaration, owed={BIRTH: owed})
    assert answer.plan is not None
    day = moment("2026-09-09 08:00:00")
    assert answer.expected[HEALTH] == agency_due(day, answer.plan.leg(HEALTH).limit, CALENDAR, rule)


def test_people_who_were_asked_stay_the_people_asked() -> None:
    declaration = sample("grandparents-home", ON)
    old = resolve_plan(pack("2024-07-01"), declaration)
    assert old.leg(RESIDENCE).consent_rules != resolve_plan(pack(NEW), declaration).leg(RESIDENCE).consent_rules
    answer = over(declaration, plan=old, asked=(RESIDENCE,))
    assert answer.plan is not None
    assert answer.plan.leg(RESIDENCE).people == old.leg(RESIDENCE).people
    assert answer.plan.leg(RESIDENCE).consent_rules == old.leg(RESIDENCE).consent_rules
    fresh = over(declaration, plan=old).plan
    assert fresh is not None
    assert fresh.leg(RESIDENCE).consent_rules == resolve_plan(pack(NEW), declaration).leg(RESIDENCE).consent_rules


def test_an_added_leg_needs_the_people_it_asks() -> None:
    declaration = sample("identity-card", ON)
    answer = over(declaration)
    assert (answer.added, set(answer.expected)) == ((IDENTITY,), {IDENTITY})
    grandmother = declaration.applicant.model_copy(update={"relation": ApplicantRelation.MATERNAL_GRANDMOTHER})
    parents = {
        name: parent.model_copy(update={"personal_id": None})
        for name in ("mother", "father")
        if (parent := getattr(declaration, name))
    }
    nobody = over(declaration.model_copy(update={"applicant": grandmother, **parents}))
    assert nobody.plan is None
    assert "Người đại diện hợp pháp phải có số định danh" in (nobody.problem or "")


@pytest.mark.parametrize(
    ("to", "said"),
    [("1999-01-01", "Không có gói luật"), ("2027-01-01", "mới là dự kiến; gói luật này có hiệu lực từ 01/01/2027")],
)
def test_a_pack_that_is_none_or_not_in_force_is_refused(to: str, said: str) -> None:
    answer = over(sample("plain", ON), to)
    assert answer.plan is None
    assert said in (answer.problem or "")


def test_law_repealed_before_the_receipt_is_no_way_to_go() -> None:
    plain = sample("plain", ON)
    assert over(plain, OLD, plan=resolve_plan(pack(NEW), plain)).plan is not None, "back to the law of its receipt"
    answer = over(plain, OLD, plan=resolve_plan(pack(NEW), plain), received_on=date(2026, 9, 1))
    assert answer.plan is None
    assert "đã được thay từ 01/09/2026, trước khi hồ sơ được tiếp nhận" in (answer.problem or "")


def test_a_part_not_begun_that_the_pack_does_not_know_is_a_hindrance_and_one_begun_is_kept() -> None:
    declaration = sample("identity-card", date(2026, 11, 19))
    plan = resolve_plan(pack(NEW), declaration)
    refused = over(declaration, OLD, plan=plan)
    assert "không có thủ tục “Cấp thẻ căn cước cho trẻ em dưới 6 tuổi”" in (refused.problem or "")
    kept = over(declaration, OLD, plan=plan, begun=(BIRTH, IDENTITY))
    assert kept.plan is not None
    assert kept.plan.leg(IDENTITY) == plan.leg(IDENTITY)


def test_a_paper_that_a_part_not_begun_needs_and_nobody_gave_is_a_hindrance() -> None:
    declaration = sample("grandparents-home", ON)
    assert "cần Giấy tờ, tài liệu theo pháp luật về cư trú" in (over(declaration, attached=()).problem or "")
    assert over(declaration, attached=(), begun=(BIRTH, RESIDENCE)).plan is not None
    assert over(declaration).plan is not None
