"""Law packs: which is in force on which day, what each says, and that the data hold together (REQUIREMENTS §9)."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from importlib import resources
from typing import Any

import pytest
from pydantic import BaseModel

from models.birth import BirthDeclaration
from models.death import DeathDeclaration
from models.declaration import FORMS
from models.documents import DocumentKind
from models.form_facts import Fact, PersonRole
from models.gate import gate_of
from models.groups import Group
from models.law import Conditional, Confidence, LawError, LawPack, LegLaw, Quorum, all_packs, pack, pack_in_force
from models.plan import resolve_plan
from models.reading_words import is_field
from models.systems import System
from tests.models.cases import DEATH_NAMES, PACKS, SAMPLE_NAMES, death_sample, owned, sample

BIRTH, RESIDENCE, HEALTH_CARD, CARD = (
    "birth_registration",
    "residence_registration",
    "health_insurance_card",
    "identity_card",
)

DEATH, DEREGISTRATION = "death_registration", "residence_deregistration"
INSURANCE_FUNERAL, INSURANCE_SURVIVORS = "insurance_funeral_benefit", "insurance_survivor_benefit"
BENEFIT_END, SUPPORT = "survivor_benefit_end", "funeral_cost_support"
MERIT_FUNERAL, MERIT_SURVIVORS = "merit_funeral_benefit", "merit_survivor_benefit"

every_pack = pytest.mark.parametrize("law", all_packs(), ids=lambda law: law.id)
both_groups = pytest.mark.parametrize("group", Group)


# --- Which pack, when ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-07-01", "2024-07-01"),
        ("2024-07-02", "2024-07-01"),
        ("2025-06-30", "2024-07-01"),
        ("2025-07-01", "2025-07-01"),
        ("2025-07-02", "2025-07-01"),
        ("2026-03-15", "2025-07-01"),
        ("2026-06-30", "2025-07-01"),
        ("2026-07-01", "2026-07-01"),
        ("2026-07-02", "2026-07-01"),
        ("2026-08-31", "2026-07-01"),
        ("2026-09-01", "2026-09-01"),
        ("2026-09-02", "2026-09-01"),
        ("2026-12-31", "2026-09-01"),
        ("2027-01-01", "2026-09-01"),
        ("2027-03-01", "2026-09-01"),
        ("9999-12-31", "2026-09-01"),
    ],
)
def test_the_pack_in_force(day: str, expected: str) -> None:
    assert pack_in_force(date.fromisoformat(day)).id == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-07-01", "2024-07-01"),
        ("2026-12-31", "2026-09-01"),
        ("2027-01-01", "2027-01-01"),
        ("2027-03-01", "2027-01-01"),
    ],
)
def test_the_provisional_pack_is_in_force_only_when_asked_for(day: str, expected: str) -> None:
    assert pack_in_force(date.fromisoformat(day), provisional=True).id == expected


@pytest.mark.parametrize("provisional", [False, True])
def test_before_the_first_pack_there_is_no_law_and_the_error_names_both_days(provisional: bool) -> None:
    with pytest.raises(LawError, match=r"30/06/2024.*01/07/2024"):
        pack_in_force(date(2024, 6, 30), provisional=provisional)


def test_packs_are_found_by_id_and_an_unknown_id_names_those_there_are() -> None:
    assert [pack(pack_id).id for pack_id in PACKS] == list(PACKS)
    with pytest.raises(LawError, match=r"2025-01-01.*2024-07-01.*2026-09-01"):
        pack("2025-01-01")


def test_the_shipped_packs_and_that_only_the_last_is_provisional() -> None:
    assert [(law.id, law.in_force_from.isoformat(), law.amends, law.provisional) for law in all_packs()] == [
        ("2024-07-01", "2024-07-01", None, False),
        ("2025-07-01", "2025-07-01", "2024-07-01", False),
        ("2026-07-01", "2026-07-01", "2025-07-01", False),
        ("2026-09-01", "2026-09-01", "2026-07-01", False),
        ("2027-01-01", "2027-01-01", "2026-09-01", True),
    ]


# --- What a pack says ----------------------------------------------------------------------------------------------

PROCEDURE_CODES = {
    "2024-07-01": "2.002621",
    "2025-07-01": "2.002621",
    "2026-07-01": "2.002621",
    "2026-09-01": "3.000722",
    "2027-01-01": "3.000722",
}
LIMITS = {BIRTH: (0, None), RESIDENCE: (2, 5), HEALTH_CARD: (2, None)}
"""Working days and, where there must be a verification, the limit with it (Quyết định 296/QĐ-VPCP, I.2)."""


@pytest.mark.rule("4.7-group-limit", "10.limits-apart")
@every_pack
def test_procedure_code_and_limits_of_the_group(law: LawPack) -> None:
    group = law.group(Group.BIRTH)
    assert group.procedure_code == PROCEDURE_CODES[law.id]
    assert (group.limit, group.verification.limit) == (3, 5)


@pytest.mark.rule(
    "4.3-same-day", "4.4-residence-limit", "4.4-health-card-limit", "4.7-identity-card-limit", "10.limits-apart"
)
@every_pack
def test_legs_in_the_order_of_the_decision_with_their_limits(law: LawPack) -> None:
    with_card = law.in_force_from >= date(2026, 9, 1)
    expected = LIMITS | ({CARD: (5, None)} if with_card else {})
    found = {
        key: (leg.limit, leg.verification.limit if leg.verification else None) for key, leg in law.birth.legs.items()
    }
    assert list(found.items()) == list(expected.items())


@pytest.mark.rule(
    "6.2-parameter", "6.6-consent", "6.6-supplement", "6.6-payment", "10.consent-limit", "10.supplement-limit"
)
@every_pack
def test_the_policies_of_the_whole_pack(law: LawPack) -> None:
    receipt, consent = law.policies.receipt, law.policies.consent
    assert (receipt.late_after, receipt.closes_at) == (time(15), time(17))
    assert (consent.working_days, consent.declarant_counts) == (5, True)
    assert (law.policies.supplement.working_days, law.policies.payment.working_days) == (7, 5)


def test_the_legs_of_the_first_pack_are_those_of_decision_296() -> None:
    legs = pack("2024-07-01").birth.legs
    assert {key: (leg.name, leg.system, leg.requires, leg.results) for key, leg in legs.items()} == {
        BIRTH: ("Đăng ký khai sinh", System.PROVINCIAL, (), (DocumentKind.BIRTH_CERTIFICATE,)),
        RESIDENCE: ("Đăng ký thường trú", System.RESIDENCE, (BIRTH,), (DocumentKind.RESIDENCE_NOTICE,)),
        HEALTH_CARD: (
            "Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi",
            System.SOCIAL_INSURANCE,
            (BIRTH,),
            (DocumentKind.HEALTH_INSURANCE_CARD,),
        ),
    }


@pytest.mark.parametrize("pack_id", ["2026-09-01", "2027-01-01"])
def test_the_identity_card_is_a_parallel_leg_outside_the_promise_when_asked_for(pack_id: str) -> None:
    card = pack(pack_id).birth.legs[CARD]
    assert card.when == {Fact.IDENTITY_CARD_REQUESTED}
    assert (card.requires, card.limit, card.in_group_promise) == ((BIRTH,), 5, False)
    assert [(c.role, c.quorum, c.ask_declarant) for c in card.consents] == [
        (PersonRole.LEGAL_REPRESENTATIVE, Quorum.ANY, True)
    ]
    assert card.confidence is Confidence.SECONDARY


@every_pack
def test_only_the_identity_card_stands_outside_the_promise(law: LawPack) -> None:
    assert {key for key, leg in law.birth.legs.items() if not leg.in_group_promise} <= {CARD}


AUTHORITIES = {
    "2024-07-01": ("Ủy ban nhân dân cấp xã", "Công an cấp xã", "Bảo hiểm xã hội cấp huyện"),
    "2025-07-01": ("Ủy ban nhân dân xã, phường, đặc khu", "Công an xã, phường, đặc khu", "Bảo hiểm xã hội cơ sở"),
}


@every_pack
def test_authorities_have_the_names_of_their_time(law: LawPack) -> None:
    tiers = "2024-07-01" if law.in_force_from < date(2025, 7, 1) else "2025-07-01"
    legs = (law.birth.legs[key] for key in (BIRTH, RESIDENCE, HEALTH_CARD))
    assert tuple(law.agencies[leg.agency].name for leg in legs) == AUTHORITIES[tiers]


@pytest.mark.rule("4.case-foreign-element")
@every_pack
def test_only_the_first_pack_sends_a_foreign_element_to_the_district(law: LawPack) -> None:
    exceptions = [
        (key, case.when, law.agencies[case.agency].name)
        for key, leg in law.birth.legs.items()
        for case in leg.agency_exceptions
    ]
    district = [(BIRTH, frozenset({Fact.FOREIGN_ELEMENT}), "Ủy ban nhân dân cấp huyện")]
    assert exceptions == (district if law.id == "2024-07-01" else [])


WITH_PARENTS = frozenset({Fact.REGISTERED_WITH_PARENT_OR_GUARDIAN})
AWAY = frozenset({Fact.REGISTERED_AWAY_FROM_PARENTS})
NO_FACTS: frozenset[Fact] = frozenset()
OLD_CONSENTS = [
    (PersonRole.HOUSEHOLDER, Quorum.ALL, NO_FACTS, NO_FACTS),
    (PersonRole.DWELLING_OWNER, Quorum.ALL, NO_FACTS, NO_FACTS),
    (PersonRole.PARENT, Quorum.ALL, AWAY, NO_FACTS),
]
NEW_CONSENTS = [
    (PersonRole.HOUSEHOLDER, Quorum.ALL, NO_FACTS, WITH_PARENTS),
    (PersonRole.DWELLING_OWNER, Quorum.ALL, NO_FACTS, WITH_PARENTS),
    (PersonRole.PARENT, Quorum.ANY, AWAY, WITH_PARENTS),
]


@every_pack
def test_whose_consent_residence_needs(law: LawPack) -> None:
    expected = OLD_CONSENTS if law.in_force_from < date(2026, 7, 1) else NEW_CONSENTS
    consents = law.birth.legs[RESIDENCE].consents
    assert [(c.role, c.quorum, c.when, c.unless) for c in consents] == expected


@every_pack
def test_a_child_with_its_parents_is_not_verified_since_july_2026(law: LawPack) -> None:
    verification = law.birth.legs[RESIDENCE].verification
    assert verification
    assert verification.applies(frozenset())
    assert verification.applies(WITH_PARENTS) == (law.in_force_from < date(2026, 7, 1))


@every_pack
def test_the_citizens_duty_is_sixty_calendar_days(law: LawPack) -> None:
    assert {key: duty.calendar_days for key, duty in law.birth.duties.items()} == {"declaration": 60, "residence": 60}


@every_pack
def test_a_duty_a_dossier_leaves_behind_names_two_legs_of_the_group(law: LawPack) -> None:
    duty = law.birth.duties["residence"]
    assert (duty.when_not_completed, duty.counted_from) == (RESIDENCE, BIRTH)
    assert "Điều 7(2)" in duty.basis
    assert duty.fine == "Không thực hiện đúng có thể bị xử phạt vi phạm hành chính.", "no sum that may have changed"
    assert all(
        (one.when_not_completed is None) == (one.counted_from is None)
        and one.when_not_completed in {None, *law.birth.legs}
        for one in law.birth.duties.values()
    )


@pytest.mark.parametrize(
    ("when", "unless", "facts", "expected"),
    [
        ((), (), (), True),
        ((), (), ("surrogacy",), True),
        (("surrogacy",), (), (), False),
        (("surrogacy",), (), ("surrogacy", "abandoned"), True),
        (("surrogacy", "foreign_element"), (), ("surrogacy",), False),
        ((), ("abandoned",), ("abandoned",), False),
        ((), ("abandoned", "surrogacy"), ("surrogacy",), False),
        (("surrogacy",), ("abandoned",), ("surrogacy", "abandoned"), False),
    ],
)
def test_a_condition_needs_all_of_when_and_none_of_unless(
    when: tuple[str, ...], unless: tuple[str, ...], facts: tuple[str, ...], expected: bool
) -> None:
    condition = Conditional(when=frozenset(map(Fact, when)), unless=frozenset(map(Fact, unless)))
    assert condition.applies(frozenset(map(Fact, facts))) is expected


# --- What a pack says of deaths ------------------------------------------------------------------------------------

DEATH_CODES = {**dict.fromkeys(PACKS, "2.002622"), "2026-09-01": "2.002913", "2027-01-01": "2.002913"}
DEATH_LEGS = {
    DEATH: (System.PROVINCIAL, 0, 3),
    DEREGISTRATION: (System.RESIDENCE, 0, None),
    INSURANCE_FUNERAL: (System.SOCIAL_INSURANCE, 8, None),
    INSURANCE_SURVIVORS: (System.SOCIAL_INSURANCE, 8, None),
    BENEFIT_END: (System.SOCIAL_INSURANCE, 2, None),
    SUPPORT: (System.SOCIAL_AFFAIRS, 5, None),
    MERIT_FUNERAL: (System.SOCIAL_AFFAIRS, 17, None),
    MERIT_SURVIVORS: (System.SOCIAL_AFFAIRS, 17, None),
}
"""System, working days and, where there may be a verification, the limit with it (Quyết định 296/QĐ-VPCP, II.2)."""


@pytest.mark.rule(
    "5.bhxh-limits", "5.btxh-limits", "5.ncc-limits", "5.80-plus", "5.registration-limit", "5.deregistration-limit"
)
@every_pack
def test_the_legs_of_a_death_in_the_order_of_the_decision_with_their_limits(law: LawPack) -> None:
    legs = law.death.legs.items()
    found = {key: (leg.system, leg.limit, leg.verification.limit if leg.verification else None) for key, leg in legs}
    assert list(found.items()) == list(DEATH_LEGS.items())


@pytest.mark.rule("5.graph", "5.extract-first", "5.80-plus")
@every_pack
def test_everything_after_a_death_starts_with_its_extract_and_one_thing_with_a_decision(law: LawPack) -> None:
    legs = law.death.legs
    assert legs[DEATH].results == (DocumentKind.DEATH_EXTRACT,)
    assert {key: leg.requires for key, leg in legs.items() if leg.requires != (DEATH,)} == {
        DEATH: (),
        SUPPORT: (DEATH, BENEFIT_END),
    }
    assert legs[BENEFIT_END].results == (DocumentKind.BENEFIT_END_DECISION,)


TOTALS = {
    (): (1, 4),
    ("social_insurance",): (9, 12),
    ("social_protection",): (6, 9),
    ("social_protection", "aged_on_survivor_benefit"): (11, 14),
    ("merit",): (18, 21),
}


@pytest.mark.rule("5.bhxh-limits", "5.btxh-limits", "5.ncc-limits", "5.80-plus", "10.group-totals", "10.80-plus")
@every_pack
@pytest.mark.parametrize("held", TOTALS)
def test_the_whole_group_of_a_death_by_regime(law: LawPack, held: tuple[str, ...]) -> None:
    facts = frozenset(map(Fact, (*held, *(("funeral_benefit", "survivor_benefit") if held else ()))))
    total = law.death.total(facts)
    assert (total.limit, total.verification.limit) == TOTALS[held]
    assert total.confidence is (Confidence.QUOTED if held else Confidence.CHOICE)
    assert total.verification.confidence is Confidence.CHOICE, "what is added for a verification is our choice"
    assert "văn bản không quy định" in total.verification.basis
    assert ("văn bản không quy định" in total.basis) is (not held)


@both_groups
@every_pack
def test_no_promise_is_shorter_than_its_legs_but_for_the_same_day(law: LawPack, group: Group) -> None:
    """The registration of the same day counts as day 1 (LAW A.3), so a chain of legs fits into the promise."""
    for form in _samples(group):
        plan = resolve_plan(law, form)
        ends: dict[str, int] = {}
        for leg in plan.legs:
            before = max((ends[key] for key in leg.requires), default=0)
            ends[leg.key] = before + leg.limit
        promised = [ends[leg.key] for leg in plan.legs if leg.in_group_promise]
        assert plan.limit >= max(promised)
        assert plan.verification_limit >= plan.limit


@pytest.mark.rule("5.scope", "5.graph")
@every_pack
@pytest.mark.parametrize(
    ("name", "legs"),
    [
        ("householder", (DEATH, DEREGISTRATION)),
        ("aged-80", (DEATH, DEREGISTRATION, BENEFIT_END, SUPPORT)),
        ("insurance-lump-sum", (DEATH, DEREGISTRATION, INSURANCE_FUNERAL, INSURANCE_SURVIVORS)),
        ("insurance-funeral-organisation", (DEATH, DEREGISTRATION, INSURANCE_FUNERAL)),
        ("protection-emergency", (DEATH, DEREGISTRATION, SUPPORT)),
        ("merit-funeral", (DEATH, DEREGISTRATION, MERIT_FUNERAL)),
        ("merit-monthly", (DEATH, DEREGISTRATION, MERIT_FUNERAL, MERIT_SURVIVORS)),
    ],
)
def test_scope_and_regime_choose_the_legs(law: LawPack, name: str, legs: tuple[str, ...]) -> None:
    plan = resolve_plan(law, death_sample(name))
    assert tuple(leg.key for leg in plan.legs) == legs
    assert plan.procedure_code == law.death.procedure_code == DEATH_CODES[law.id]
    needed = {key for leg in plan.legs for key in leg.requires}
    assert needed <= set(legs), "a leg the dossier does not have is not waited for"


DEATH_AUTHORITIES = {
    "2024-07-01": {
        DEATH: "Ủy ban nhân dân cấp xã",
        DEREGISTRATION: "Công an cấp xã",
        INSURANCE_FUNERAL: "Bảo hiểm xã hội cấp huyện",
        SUPPORT: "Cơ quan lao động, thương binh và xã hội cấp huyện",
        MERIT_FUNERAL: "Sở Lao động - Thương binh và Xã hội",
    },
    "2025-07-01": {
        DEATH: "Ủy ban nhân dân xã, phường, đặc khu",
        DEREGISTRATION: "Công an xã, phường, đặc khu",
        INSURANCE_FUNERAL: "Bảo hiểm xã hội cơ sở",
        SUPPORT: "Ủy ban nhân dân xã, phường, đặc khu (bảo trợ xã hội, ngành Y tế)",
        MERIT_FUNERAL: "Sở Nội vụ (người có công)",
    },
}


@every_pack
def test_the_authorities_of_a_death_have_the_names_of_their_time(law: LawPack) -> None:
    tiers = "2024-07-01" if law.in_force_from < date(2025, 7, 1) else "2025-07-01"
    legs = law.death.legs
    named = {key: law.agencies[legs[key].agency].name for key in DEATH_AUTHORITIES[tiers]}
    assert named == DEATH_AUTHORITIES[tiers]
    same = ((INSURANCE_FUNERAL, INSURANCE_SURVIVORS, BENEFIT_END), (MERIT_FUNERAL, MERIT_SURVIVORS))
    assert [len({legs[key].agency for key in keys}) for keys in same] == [1, 1]


@every_pack
def test_a_foreigners_death_went_to_the_district_until_july_2025(law: LawPack) -> None:
    [registration, *_] = resolve_plan(law, death_sample("foreigner")).legs
    district = law.id == "2024-07-01"
    assert registration.agency == law.agencies["district_committee" if district else "commune_committee"].name


@every_pack
def test_the_decree_that_gives_the_police_a_day_is_noted_and_the_same_day_stays(law: LawPack) -> None:
    noted = [one for one in law.basis if "58/2026" in one.document and "Điều 9(2)" in one.document]
    assert bool(noted) is (law.in_force_from >= date(2025, 7, 1))
    assert law.death.legs[DEREGISTRATION].limit == 0


@every_pack
def test_relatives_have_fifteen_days_and_a_dossier_leaves_no_duty_behind(law: LawPack) -> None:
    assert {key: duty.calendar_days for key, duty in law.death.duties.items()} == {"declaration": 15}
    assert resolve_plan(law, death_sample("householder")).duties == ()


@pytest.mark.rule("5.relatives-consent", "5.lump-sum-representative", "5.funeral-representative", "5.martyr-raiser")
@every_pack
def test_every_consent_of_a_death_says_to_what_and_what_agreement_replaces_it(law: LawPack) -> None:
    """Who is asked is somebody the form names; the agreement may be asked for in that very leg."""
    gate = gate_of(law, Group.DEATH)
    asking = {key: leg.consents for key, leg in law.death.legs.items() if leg.consents}
    assert set(asking) == {INSURANCE_FUNERAL, INSURANCE_SURVIVORS, MERIT_FUNERAL, MERIT_SURVIVORS}
    for key, consents in asking.items():
        for consent in consents:
            assert consent.about
            assert consent.replaced_by
            assert (consent.names is not None) is ("người đại diện" in consent.about), "whom they agree to is named"
            rule = gate.document(consent.replaced_by.value)
            assert rule is not None
            assert rule.ask
            assert key in rule.legs


@both_groups
@every_pack
def test_every_role_a_consent_asks_is_one_the_form_of_the_group_can_name(law: LawPack, group: Group) -> None:
    roles = {consent.role for leg in law.group(group).legs.values() for consent in leg.consents}
    for form in _samples(group):
        for role in roles:
            assert form.people_in_role(role) is not None


def _samples(group: Group) -> list[BirthDeclaration | DeathDeclaration]:
    if group is Group.DEATH:
        return [death_sample(name) for name in DEATH_NAMES]
    return [owned(sample(name)) for name in SAMPLE_NAMES]


# --- That the data hold together -----------------------------------------------------------------------------------


@both_groups
@every_pack
def test_every_key_a_pack_points_at_exists(law: LawPack, group: Group) -> None:
    """Legs stand in the order of what they need, so the graph has no circle."""
    before: set[str] = set()
    for key, leg in law.group(group).legs.items():
        assert {leg.agency, *(case.agency for case in leg.agency_exceptions)} <= law.agencies.keys()
        assert set(leg.requires) <= before, "a leg needs results of legs named before it"
        before.add(key)
    documents = [document for leg in law.group(group).legs.values() for document in leg.documents]
    assert {document.completed_by for document in documents if document.completed_by} <= law.agencies.keys()
    assert law.amends is None or law.amends in PACKS


@both_groups
@every_pack
def test_every_leg_can_start_whatever_else_the_dossier_has(law: LawPack, group: Group) -> None:
    """The registration is always there; another leg that is needed is needed only by dossiers that have it."""
    legs = law.group(group).legs
    first = next(key for key, leg in legs.items() if leg.sent_with_intake)
    for key, leg in legs.items():
        assert key == first or first in leg.requires


@both_groups
@every_pack
def test_exactly_one_leg_goes_with_the_intake_for_everybody(law: LawPack, group: Group) -> None:
    first = [leg for leg in law.group(group).legs.values() if leg.sent_with_intake]
    assert [(leg.requires, leg.consents, leg.when, leg.unless) for leg in first] == [
        ((), (), frozenset(), frozenset()),
    ]


@every_pack
def test_every_result_comes_from_one_leg_and_the_identity_number_too(law: LawPack) -> None:
    legs = law.birth.legs.values()
    results = [kind for leg in legs for kind in leg.results]
    assert len(results) == len(set(results))
    assert all(leg.results for leg in legs)
    assert [leg.system for leg in legs if leg.assigns_identity_number] == [System.PROVINCIAL]
    assert not any(leg.assigns_identity_number for leg in law.death.legs.values())


@every_pack
def test_no_dossier_of_a_death_has_two_legs_with_one_result(law: LawPack) -> None:
    """A funeral is decided on by one agency, though three may."""
    for form in _samples(Group.DEATH):
        results = [kind for leg in resolve_plan(law, form).legs for kind in leg.results]
        assert len(results) == len(set(results))
    assert all(leg.results for leg in law.death.legs.values())


KEPT_OTHERWISE = {
    "Số Giấy báo tử/Giấy tờ thay thế Giấy báo tử",
    "Thông tin xác nhận của thân nhân qua VNeID",
    "Thông tin xác nhận của người đứng tên nhận trợ cấp qua VNeID",
    "Cơ sở giáo dục đang theo học",
}
"""Lines and columns of form 02 that the declaration keeps as several fields, or as consents."""


@both_groups
@every_pack
def test_an_attachment_stands_under_a_field_of_the_form(law: LawPack, group: Group) -> None:
    schema = FORMS[group].model_json_schema()
    models = [schema, *schema["$defs"].values()]
    titles = {field.get("title") for model in models for field in model.get("properties", {}).values()}
    fields = {document.field for leg in law.group(group).legs.values() for document in leg.documents}
    assert fields <= titles | KEPT_OTHERWISE


@both_groups
@every_pack
def test_what_people_agree_to_and_must_be_named_at_stands_on_the_form(law: LawPack, group: Group) -> None:
    consents = [consent for leg in law.group(group).legs.values() for consent in leg.consents]
    assert consents
    for consent in consents:
        assert is_field((consent.concerns,), group)
        if consent.must_be_named:
            assert is_field(tuple(consent.must_be_named.field.split(".")), group)


CITES = re.compile(
    r"(Luật|Nghị định|Quyết định|Thông tư|CV) .*\d|Hướng dẫn thực hiện Nghị định \d|văn bản không quy định"
)
OURS = re.compile(r"REQUIREMENTS|LAW [§A-Z]|hệ thống này|của hệ thống")
"""What citizens and officials do not have before them: our own documents, and us."""


@every_pack
def test_everything_a_pack_says_cites_a_text(law: LawPack) -> None:
    found = dict(_texts(law, ("basis", "document")))
    assert len(found) > 20
    assert {path: text for path, text in found.items() if not CITES.search(text)} == {}


@every_pack
def test_nothing_a_pack_says_cites_our_own_documents(law: LawPack) -> None:
    found = dict(_texts(law, ("basis", "agreement_basis", "says", "fine", "about", "message", "title", "document")))
    assert {path: text for path, text in found.items() if OURS.search(text)} == {}


@every_pack
def test_a_pack_cites_its_own_texts_after_those_it_amends(law: LawPack) -> None:
    earlier = pack(law.amends).basis if law.amends else ()
    assert law.basis[: len(earlier)] == earlier
    assert len(law.basis) > len(earlier)


@every_pack
def test_a_limit_we_chose_says_so(law: LawPack) -> None:
    chosen = {law.policies.receipt.confidence, law.policies.consent.confidence, law.policies.payment.confidence}
    assert chosen == {Confidence.CHOICE}
    assert law.policies.supplement.confidence is Confidence.SECONDARY


def _texts(value: Any, names: tuple[str, ...], path: str = "") -> Iterator[tuple[str, str]]:
    """Every text under one of these names, by its place in the pack."""
    items: Iterator[tuple[str, Any]] = iter(())
    if isinstance(value, BaseModel):
        items = ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        items = iter(value.items())
    elif isinstance(value, tuple):
        items = ((str(number), item) for number, item in enumerate(value))
    for name, item in items:
        if name in names and isinstance(item, str):
            yield f"{path}.{name}", item
        else:
            yield from _texts(item, names, f"{path}.{name}")


# --- Files state only what they change -----------------------------------------------------------------------------

_ABOUT_THE_FILE = {"id", "in_force_from", "amends", "provisional", "title", "basis"}


def _files() -> dict[str, dict[str, Any]]:
    folder = resources.files("models") / "data" / "law"
    contents = [tomllib.loads(entry.read_text("utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return {content["id"]: content for content in contents}


def _leaves(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is no table, by its path; a list is one value."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _overlaid(pack_id: str, files: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, ...], Any]:
    """The values in force under a pack, each from the last file that states it."""
    own = files[pack_id]
    earlier = _overlaid(own["amends"], files) if "amends" in own else {}
    return earlier | {path: value for path, value in _leaves(own) if path[0] not in _ABOUT_THE_FILE}


@pytest.mark.parametrize("pack_id", [law.id for law in all_packs() if law.amends])
def test_a_file_states_only_what_it_changes(pack_id: str) -> None:
    files = _files()
    earlier = _overlaid(files[pack_id]["amends"], files)
    repeated = [
        ".".join(path)
        for path, value in _leaves(files[pack_id])
        if path[0] not in _ABOUT_THE_FILE and earlier.get(path) == value
    ]
    assert repeated == []


@every_pack
def test_the_merged_pack_is_the_last_word_of_every_file(law: LawPack) -> None:
    files = _files()
    group = _overlaid(law.id, files)
    for path, value in group.items():
        assert _same(_at(law, path), value), ".".join(path)


@every_pack
def test_what_no_file_says_is_not_in_the_pack(law: LawPack) -> None:
    stated = {path[:3] for path in _overlaid(law.id, _files())}
    for group in Group:
        assert set(law.group(group).legs) == {path[2] for path in stated if path[:2] == (group.value, "legs")}
    assert set(law.agencies) == {path[1] for path in stated if path[0] == "agencies"}


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value[key] if isinstance(value, Mapping) else getattr(value, key)
    return value


def _same(found: Any, stated: Any) -> bool:
    """Whether a value of the pack is what TOML states: lists as tuples or sets, words as enums, clocks as times."""
    if isinstance(found, BaseModel):
        return all(_same(getattr(found, key), value) for key, value in stated.items())
    if isinstance(found, frozenset):
        return found == set(stated)
    if isinstance(found, tuple):
        return len(found) == len(stated) and all(map(_same, found, stated))
    if isinstance(found, time):
        return found == time.fromisoformat(stated)
    return bool(found == stated)


def test_a_leg_may_not_say_anything_unknown() -> None:
    leg = pack("2024-07-01").birth.legs[BIRTH].model_dump()
    assert LegLaw.model_validate(leg)
    with pytest.raises(ValueError, match="requries"):
        LegLaw.model_validate(leg | {"requries": ()})
