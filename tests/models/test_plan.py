"""Plans: what a pack makes of each sample – legs, agencies, people asked, attachments (REQUIREMENTS §§4, 9, 10)."""

import re
from datetime import date

import pytest

from models.birth import BirthDeclaration
from models.documents import DocumentKind
from models.form_facts import Fact, PersonRole
from models.groups import Group
from models.intake import known_facts
from models.law import Quorum, pack, pack_in_force
from models.messages import NoticeState
from models.plan import (
    LegPlan,
    Plan,
    declared_late,
    missing_documents,
    required_documents,
    resolve_plan,
)
from models.reading import DeclarationErrors
from tests.models.cases import (
    CALENDAR,
    NEWEST,
    ON,
    OWNER,
    PACKS,
    SAMPLE_NAMES,
    changed,
    death_sample,
    document,
    owned,
    personal_data,
    plan_of,
    sample,
)

BIRTH, RESIDENCE, HEALTH_CARD, CARD = (
    "birth_registration",
    "residence_registration",
    "health_insurance_card",
    "identity_card",
)
OLD_PACKS = ("2024-07-01", "2025-07-01")
"""Those under which the householder and the owner must always agree."""
NEW_PACKS = ("2026-07-01", "2026-09-01", "2027-01-01")
CARD_PACKS = ("2026-09-01", "2027-01-01")

HOUSEHOLDER, DWELLING_OWNER, PARENT = PersonRole.HOUSEHOLDER, PersonRole.DWELLING_OWNER, PersonRole.PARENT
ALL, ANY = Quorum.ALL, Quorum.ANY


def who(form: BirthDeclaration, personal_id: str) -> str:
    """The first part a person has in the form."""
    registration = form.residence_registration
    people = {
        "declarant": form.applicant.personal_id,
        "mother": form.mother and form.mother.personal_id,
        "father": form.father and form.father.personal_id,
        "householder": registration.householder.personal_id,
        **{f"owner {number}": owner.personal_id for number, owner in enumerate(registration.dwelling_owners, 1)},
    }
    return next(part for part, number in people.items() if number == personal_id)


def asked(form: BirthDeclaration, leg: LegPlan) -> list[tuple[PersonRole, Quorum, tuple[str, ...]]]:
    """The consent rules of a leg, its people by the part they have in the form."""
    parts = {person.key: who(form, person.personal_id) for person in leg.people}
    return [(rule.role, rule.quorum, tuple(parts[key] for key in rule.people)) for rule in leg.consent_rules]


# --- Consents ------------------------------------------------------------------------------------------------------

WITH_FATHERS_HOUSE = [(HOUSEHOLDER, ALL, ("father",)), (DWELLING_OWNER, ALL, ("owner 1",))]
BOTH_OF_THE_HOUSE = [(HOUSEHOLDER, ALL, ("householder",)), (DWELLING_OWNER, ALL, ("owner 1",))]

RESIDENCE_CONSENTS = [
    ("grandparents-home", OLD_PACKS, [*BOTH_OF_THE_HOUSE, (PARENT, ALL, ("father",))]),
    ("grandparents-home", NEW_PACKS, BOTH_OF_THE_HOUSE),
    ("temporary-residence", OLD_PACKS, BOTH_OF_THE_HOUSE),
    ("temporary-residence", NEW_PACKS, BOTH_OF_THE_HOUSE),
    ("plain", OLD_PACKS, WITH_FATHERS_HOUSE),
    ("plain", NEW_PACKS, []),
    ("abandoned-child", OLD_PACKS, [(DWELLING_OWNER, ALL, ("owner 1",))]),
    ("abandoned-child", NEW_PACKS, []),
    ("identity-card", OLD_PACKS, [(DWELLING_OWNER, ALL, ("owner 1",))]),
    ("identity-card", NEW_PACKS, []),
    ("grandparent-declares", OLD_PACKS, WITH_FATHERS_HOUSE),
    ("grandparent-declares", NEW_PACKS, []),
]


@pytest.mark.rule("4.5-consents-asked", "4.5-parent-consent")
@pytest.mark.parametrize(
    ("name", "pack_id", "expected"),
    [(name, pack_id, expected) for name, packs, expected in RESIDENCE_CONSENTS for pack_id in packs],
)
def test_whose_consent_the_residence_needs(
    name: str, pack_id: str, expected: list[tuple[PersonRole, Quorum, tuple[str, ...]]]
) -> None:
    form = owned(sample(name))
    assert asked(form, plan_of(name, pack_id).leg(RESIDENCE)) == expected


@pytest.mark.rule("4.5-consents-asked", "4.5-dwelling-owners")
@pytest.mark.parametrize("pack_id", NEW_PACKS)
@pytest.mark.parametrize(
    "name", [name for name in SAMPLE_NAMES if name not in ("grandparents-home", "temporary-residence")]
)
def test_since_july_2026_a_child_with_its_parents_or_guardian_needs_nobody_and_no_owner(
    name: str, pack_id: str
) -> None:
    residence = resolve_plan(pack(pack_id), sample(name)).leg(RESIDENCE)
    assert (residence.consent_rules, residence.people) == ((), ())
    assert (residence.limit, residence.verification_limit, residence.verification_basis) == (2, None, None)


@pytest.mark.parametrize("pack_id", PACKS)
@pytest.mark.parametrize("name", ["grandparents-home", "temporary-residence"])
def test_at_another_address_the_police_may_verify_under_every_pack(name: str, pack_id: str) -> None:
    residence = plan_of(name, pack_id).leg(RESIDENCE)
    assert (residence.limit, residence.verification_limit) == (2, 5)
    assert residence.verification_basis


@pytest.mark.rule("4.5-dwelling-owners")
@pytest.mark.parametrize("pack_id", OLD_PACKS)
@pytest.mark.parametrize(
    "name", [name for name in SAMPLE_NAMES if not sample(name).residence_registration.dwelling_owners]
)
def test_a_form_without_the_owner_the_plan_needs_is_sent_back_by_field(name: str, pack_id: str) -> None:
    with pytest.raises(DeclarationErrors, match="Chủ sở hữu chỗ ở hợp pháp") as error:
        resolve_plan(pack(pack_id), sample(name))
    assert [problem.path for problem in error.value.problems] == ["residence_registration.dwelling_owners"]


@pytest.mark.parametrize("name", ["grandparents-home", "temporary-residence"])
def test_at_another_address_the_owner_is_needed_under_the_newest_pack_too(name: str) -> None:
    form = changed(sample(name), residence_registration={"dwelling_owners": []})
    with pytest.raises(DeclarationErrors, match="Chủ sở hữu"):
        resolve_plan(pack(NEWEST), form)


def test_one_person_in_two_roles_is_asked_once() -> None:
    form = sample("grandparents-home")
    householder = form.residence_registration.householder
    same = owned(form, householder.model_dump())
    residence = resolve_plan(pack(NEWEST), same).leg(RESIDENCE)
    assert [(person.personal_id, person.roles) for person in residence.people] == [
        (householder.personal_id, (HOUSEHOLDER, DWELLING_OWNER))
    ]
    assert [(rule.role, rule.people) for rule in residence.consent_rules] == [
        (HOUSEHOLDER, ("householder",)),
        (DWELLING_OWNER, ("householder",)),
    ]


def test_a_parent_in_three_roles_is_asked_once() -> None:
    form = sample("grandparents-home")
    assert form.father
    father = {"full_name": form.father.full_name, "personal_id": form.father.personal_id}
    owners = changed(form, residence_registration={"householder": father, "dwelling_owners": [father]})
    residence = resolve_plan(pack("2024-07-01"), owners).leg(RESIDENCE)
    assert [person.roles for person in residence.people] == [(HOUSEHOLDER, DWELLING_OWNER, PARENT)]
    assert [rule.people for rule in residence.consent_rules] == [("householder",)] * 3


@pytest.mark.rule("4.5-dwelling-owners")
def test_every_owner_is_asked_except_the_one_who_declares() -> None:
    form = sample("grandparents-home")
    declarant = {"full_name": form.applicant.full_name, "personal_id": form.applicant.personal_id}
    second = {"full_name": "Bà Đồng Sở Hữu", "personal_id": "001160000888"}
    residence = resolve_plan(pack(NEWEST), owned(form, OWNER, declarant, second)).leg(RESIDENCE)
    (rule,) = [rule for rule in residence.consent_rules if rule.role is DWELLING_OWNER]
    assert (rule.quorum, rule.people) == (ALL, ("dwelling_owner_1", "dwelling_owner_2"))
    numbers = {person.key: person.personal_id for person in residence.people}
    assert [numbers[key] for key in rule.people] == [OWNER["personal_id"], second["personal_id"]]


def declared_by_grandmother(form: BirthDeclaration) -> BirthDeclaration:
    """The same child, declared by the mother's mother."""
    grandmother = {"full_name": "Bà Ngoại Mẫu", "personal_id": "001160000777", "relation": "maternal_grandmother"}
    return changed(form, applicant=grandmother)


@pytest.mark.rule("4.5-parent-consent")
@pytest.mark.parametrize(
    ("pack_id", "quorum"), [*((pack_id, ALL) for pack_id in OLD_PACKS), *((pack_id, ANY) for pack_id in NEW_PACKS)]
)
def test_away_from_the_parents_both_had_to_agree_and_since_2026_one_is_enough(pack_id: str, quorum: Quorum) -> None:
    form = declared_by_grandmother(sample("grandparents-home"))
    residence = resolve_plan(pack(pack_id), form).leg(RESIDENCE)
    assert asked(form, residence)[-1] == (PARENT, quorum, ("mother", "father"))


def test_a_parent_who_declares_is_consent_enough_where_one_parent_is() -> None:
    parents = [
        rule for rule in plan_of("grandparents-home", NEWEST).leg(RESIDENCE).consent_rules if rule.role is PARENT
    ]
    assert parents == []


def test_a_dead_parent_is_not_asked() -> None:
    form = changed(declared_by_grandmother(sample("grandparents-home")), father={"deceased": True}, marriage=None)
    residence = resolve_plan(pack("2024-07-01"), form).leg(RESIDENCE)
    assert asked(form, residence)[-1] == (PARENT, ALL, ("mother",))


# --- The identity card ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack_id", PACKS)
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_the_legs_of_every_sample(name: str, pack_id: str) -> None:
    with_card = name == "identity-card" and pack_id in CARD_PACKS
    expected = [BIRTH, RESIDENCE, HEALTH_CARD, *([CARD] if with_card else [])]
    assert [leg.key for leg in plan_of(name, pack_id).legs] == expected


@pytest.mark.rule("4.7-identity-card-limit", "4.7-identity-card-consent")
@pytest.mark.parametrize("pack_id", CARD_PACKS)
def test_the_card_needs_the_declaring_fathers_own_confirmation(pack_id: str) -> None:
    card = plan_of("identity-card", pack_id).leg(CARD)
    assert asked(owned(sample("identity-card")), card) == [(PersonRole.LEGAL_REPRESENTATIVE, ANY, ("declarant",))]
    assert (card.limit, card.in_group_promise, card.requires, card.results) == (
        5,
        False,
        (BIRTH,),
        (DocumentKind.IDENTITY_CARD,),
    )
    assert card.agency == "Cơ quan quản lý căn cước"


def test_a_grandmother_is_no_legal_representative_so_the_mother_confirms() -> None:
    form = changed(sample("grandparent-declares"), identity_card={"requested": True})
    card = resolve_plan(pack(NEWEST), form).leg(CARD)
    assert asked(form, card) == [(PersonRole.LEGAL_REPRESENTATIVE, ANY, ("mother",))]


def test_a_guardian_confirms_the_card_of_an_abandoned_child() -> None:
    form = changed(sample("abandoned-child"), identity_card={"requested": True})
    assert asked(form, resolve_plan(pack(NEWEST), form).leg(CARD)) == [
        (PersonRole.LEGAL_REPRESENTATIVE, ANY, ("declarant",))
    ]


def test_nobody_consents_as_applicant() -> None:
    with pytest.raises(ValueError, match="applicant"):
        sample("plain").people_in_role(PersonRole.APPLICANT)


# --- The plan as a whole -------------------------------------------------------------------------------------------


@pytest.mark.rule("4.case-foreign-element")
@pytest.mark.parametrize("name", ["plain", "foreign-parent"])
@pytest.mark.parametrize(
    ("pack_id", "ordinary", "foreign"),
    [
        ("2024-07-01", "Ủy ban nhân dân cấp xã", "Ủy ban nhân dân cấp huyện"),
        ("2025-07-01", "Ủy ban nhân dân xã, phường, đặc khu", "Ủy ban nhân dân xã, phường, đặc khu"),
        ("2026-07-01", "Ủy ban nhân dân xã, phường, đặc khu", "Ủy ban nhân dân xã, phường, đặc khu"),
        ("2026-09-01", "Ủy ban nhân dân xã, phường, đặc khu", "Ủy ban nhân dân xã, phường, đặc khu"),
    ],
)
def test_who_registers_the_birth(name: str, pack_id: str, ordinary: str, foreign: str) -> None:
    assert plan_of(name, pack_id).leg(BIRTH).agency == (foreign if name == "foreign-parent" else ordinary)


@pytest.mark.parametrize("pack_id", PACKS)
def test_a_foreign_element_changes_no_other_authority(pack_id: str) -> None:
    plain, foreign = plan_of("plain", pack_id), plan_of("foreign-parent", pack_id)
    for key in (RESIDENCE, HEALTH_CARD):
        assert plain.leg(key).agency == foreign.leg(key).agency


@pytest.mark.parametrize("pack_id", PACKS)
def test_the_plan_carries_the_whole_law_of_its_pack(pack_id: str) -> None:
    law, plan = pack(pack_id), plan_of("plain", pack_id)
    policies = law.policies
    assert (plan.pack, plan.name, plan.procedure_code) == (law.id, law.birth.name, law.birth.procedure_code)
    assert (plan.limit, plan.verification_limit, plan.basis) == (3, 5, law.birth.basis)
    assert plan.receipt == policies.receipt.rule
    assert (plan.consent_days, plan.supplement_days, plan.payment_days) == (5, 7, 5)
    assert (plan.consent_basis, plan.supplement_basis, plan.payment_basis) == (
        policies.consent.basis,
        policies.supplement.basis,
        policies.payment.basis,
    )
    for leg in plan.legs:
        stated = law.birth.legs[leg.key]
        for field in (
            "name",
            "system",
            "limit",
            "requires",
            "results",
            "basis",
            "sent_with_intake",
            "assigns_identity_number",
            "in_group_promise",
        ):
            assert getattr(leg, field) == getattr(stated, field)


@pytest.mark.parametrize("pack_id", PACKS)
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_plan_travels_as_json(name: str, pack_id: str) -> None:
    plan = plan_of(name, pack_id)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@pytest.mark.parametrize("pack_id", PACKS)
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_people_are_keyed_by_role_never_by_name_or_number(name: str, pack_id: str) -> None:
    form = owned(sample(name))
    for leg in plan_of(name, pack_id).legs:
        keys = [person.key for person in leg.people]
        assert len(keys) == len(set(keys))
        assert all(key.rstrip("_0123456789") in set(PersonRole) for key in keys)
        assert {key for rule in leg.consent_rules for key in rule.people} == set(keys)
        assert not personal_data(form) & set(keys)


@pytest.mark.rule("5.relatives-consent")
@pytest.mark.parametrize("name", ["insurance-lump-sum", "merit-raised-martyr", "merit-lump-sum"])
@pytest.mark.parametrize("kind", [DocumentKind.REPRESENTATIVE_AGREEMENT, DocumentKind.MARTYR_RAISER_AGREEMENT])
def test_an_agreement_that_comes_later_spares_whom_it_would_have_spared_at_once(name: str, kind: DocumentKind) -> None:
    form = death_sample(name).model_copy(update={"attachments": ()})
    with_it = form.model_copy(update={"attachments": (document(kind),)})
    before, at_once = (resolve_plan(pack(NEWEST), one) for one in (form, with_it))
    later = before.without_replaced_consents(frozenset({kind}))
    assert later == at_once
    assert later.without_replaced_consents(frozenset({kind})) == later
    for leg in later.legs:
        assert {person.key for person in leg.people} == {key for rule in leg.consent_rules for key in rule.people}
        assert kind not in {rule.replaced_by for rule in leg.consent_rules}
    assert before.without_replaced_consents(frozenset()) == before


@pytest.mark.rule("5.relatives-consent")
def test_people_of_a_table_are_told_apart_by_their_row_and_others_need_none() -> None:
    survivors = resolve_plan(pack(NEWEST), death_sample("insurance-lump-sum")).leg("insurance_survivor_benefit")
    assert [person.row for person in survivors.people] == [2, 3, 4], "the first row is the declarant"
    residence = resolve_plan(pack("2024-07-01"), owned(sample("grandparents-home"))).leg(RESIDENCE)
    assert {person.row for person in residence.people} == {None}


def test_a_plan_older_than_what_legs_and_totals_say_is_read_by_the_whole() -> None:
    plan = resolve_plan(pack(NEWEST), death_sample("householder"))
    older = plan.model_dump(mode="json", exclude={"verification_basis": True, "legs": {"__all__": {"group"}}})
    read = Plan.model_validate(older)
    assert {leg.group for leg in read.legs} == {Group.DEATH}
    assert read.verification_basis == plan.basis


def test_a_plan_has_no_leg_of_another_name() -> None:
    with pytest.raises(KeyError, match="funeral"):
        plan_of("plain").leg("funeral")


# --- Attachments ---------------------------------------------------------------------------------------------------

SUBSTITUTE = (("witness_statement", "birth_commitment"), BIRTH, "Số Giấy chứng sinh")
ABANDONED = (("abandoned_child_record",), BIRTH, "Trường hợp khai sinh")
SURROGACY = (("surrogacy_document",), BIRTH, "Trường hợp khai sinh")
RESIDENCE_PAPERS = (("residence_papers",), RESIDENCE, "Nơi đề nghị đăng ký thường trú")
OF_THE_CASE = {"abandoned-child": [ABANDONED], "surrogacy": [SURROGACY], "grandparents-home": [RESIDENCE_PAPERS]}
BASES = {
    SUBSTITUTE: r"Luật Hộ tịch 2014 Điều 16\(1\).*người làm chứng.*giấy cam đoan",
    ABANDONED: r"Luật Hộ tịch 2014 Điều 16\(1\).*bỏ rơi",
    SURROGACY: r"Luật Hộ tịch 2014 Điều 16\(1\).*mang thai hộ",
    RESIDENCE_PAPERS: r"Quyết định 296/QĐ-VPCP, I\.4a",
}
NOTICES = (NoticeState.GOOD, NoticeState.UNSIGNED, NoticeState.NOT_FOUND, None)


def needs_substitute(name: str, notice: NoticeState | None) -> bool:
    """Without usable data of a birth notice, unless the child was found, a substitute is owed."""
    if name == "abandoned-child":
        return False
    return name == "no-birth-notice" or notice in (NoticeState.UNSIGNED, NoticeState.NOT_FOUND)


@pytest.mark.rule("4.1-substitutes", "4.case-abandoned", "4.case-surrogacy")
@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.value if notice else "not looked up")
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_required_attachments_by_case_and_birth_notice(name: str, notice: NoticeState | None) -> None:
    form = sample(name)
    expected = [*([SUBSTITUTE] if needs_substitute(name, notice) else []), *OF_THE_CASE.get(name, [])]
    for pack_id in PACKS:
        required = required_documents(pack(pack_id), Group.BIRTH, known_facts(form, notice))
        assert [(document.any_of, document.leg, document.field) for document in required] == expected
        for found, wanted in zip(required, expected, strict=True):
            assert re.search(BASES[wanted], found.basis)


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.value if notice else "not looked up")
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_a_sample_misses_at_most_the_substitute(name: str, notice: NoticeState | None) -> None:
    form = sample(name)
    missing = missing_documents(required_documents(pack(NEWEST), Group.BIRTH, known_facts(form, notice)), form)
    owed = needs_substitute(name, notice) and name != "no-birth-notice"
    assert [document.field for document in missing] == (["Số Giấy chứng sinh"] if owed else [])


@pytest.mark.parametrize("kind", [DocumentKind.WITNESS_STATEMENT, DocumentKind.BIRTH_COMMITMENT])
def test_either_substitute_is_enough(kind: DocumentKind) -> None:
    form = sample("plain")
    required = required_documents(pack(NEWEST), Group.BIRTH, known_facts(form, NoticeState.UNSIGNED))
    assert not required[0].met_by(frozenset({DocumentKind.BIRTH_NOTICE, DocumentKind.RESIDENCE_PAPERS}))
    assert required[0].met_by(frozenset({kind}))
    carried = changed(form, attachments=[document(kind).model_dump(mode="json")])
    assert missing_documents(required, carried) == ()


def test_a_paper_notice_does_not_replace_the_substitute_of_an_unsigned_one() -> None:
    form = changed(sample("plain"), attachments=[document(DocumentKind.BIRTH_NOTICE).model_dump(mode="json")])
    required = required_documents(pack(NEWEST), Group.BIRTH, known_facts(form, NoticeState.UNSIGNED))
    assert len(missing_documents(required, form)) == 1


def test_several_cases_at_once_need_the_attachments_of_each() -> None:
    facts = frozenset({Fact.SURROGACY, Fact.REGISTERED_AWAY_FROM_PARENTS})
    required = required_documents(pack(NEWEST), Group.BIRTH, facts)
    assert [(document.any_of, document.leg, document.field) for document in required] == [
        SUBSTITUTE,
        SURROGACY,
        RESIDENCE_PAPERS,
    ]


# --- The citizen's sixty days --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born_on", "on", "late"),
    [
        ("2026-09-20", "2026-09-20", False),
        ("2026-09-20", "2026-11-18", False),
        ("2026-09-20", "2026-11-19", False),
        ("2026-09-20", "2026-11-20", True),
        ("2026-09-22", "2026-11-23", False),  # day 60 is a Saturday: it ends on Monday
        ("2026-09-22", "2026-11-24", True),
        ("2025-12-01", "2026-01-30", False),
        ("2025-12-01", "2026-01-31", True),
        ("2023-12-31", "2024-02-29", False),
        ("2023-12-31", "2024-03-01", True),
    ],
)
def test_the_sixtieth_day_after_the_birth_is_in_time(born_on: str, on: str, late: bool) -> None:
    form = changed(sample("plain"), child={"born_on": born_on})
    day = date.fromisoformat(on)
    law = pack_in_force(max(day, date(2024, 7, 1)))
    assert declared_late(law, form, day, CALENDAR) is late


def test_no_sample_is_late() -> None:
    assert not [name for name in SAMPLE_NAMES if declared_late(pack_in_force(ON), sample(name), ON, CALENDAR)]
