"""What form 02 must carry (QĐ 296/QĐ-VPCP, II.4: lists a.1 and a.2), by scope, regime and benefit: data, not code."""

import pytest

from models.death import DeathDeclaration
from models.documents import DocumentKind as D
from models.form_facts import Fact as F
from models.form_facts import PersonRole
from models.groups import Group
from models.law import LawPack, all_packs
from models.plan import missing_documents, required_documents, resolve_plan
from tests.models.cases import document
from tests.models.death_cases import SAMPLE_NAMES, death

INSURED = frozenset({F.NOTICE_USABLE, F.SOCIAL_INSURANCE, F.FUNERAL_BENEFIT})
INSURED_BOTH = INSURED | {F.SURVIVOR_BENEFIT}
PROTECTED = frozenset({F.NOTICE_USABLE, F.SOCIAL_PROTECTION, F.FUNERAL_BENEFIT})
HONOURED = frozenset({F.NOTICE_USABLE, F.MERIT, F.FUNERAL_BENEFIT})
HONOURED_BOTH = HONOURED | {F.SURVIVOR_BENEFIT}
UNREACHABLE = {F.RELATIVES_UNREACHABLE}
STUDYING = (D.SCHOOL_CERTIFICATE, D.GRADUATION_DIPLOMA, D.SCHOOL_END_CERTIFICATE)
ASSESSED = (D.CAPACITY_ASSESSMENT, D.DISABILITY_CERTIFICATE)

LISTS: dict[str, tuple[frozenset[F], list[tuple[D, ...]]]] = {
    "no benefit": (frozenset({F.NOTICE_USABLE}), []),
    "no notice": (frozenset(), [(D.DEATH_NOTICE_SUBSTITUTE,)]),
    "a.1 funeral": (INSURED, []),
    "a.1 funeral, one of several relatives": (INSURED | {F.FUNERAL_REPRESENTATIVE}, []),
    "a.1 funeral, not all reached": (
        INSURED | {F.FUNERAL_REPRESENTATIVE} | UNREACHABLE,
        [(D.REPRESENTATIVE_AGREEMENT,)],
    ),
    "a.1 lump sum": (INSURED_BOTH | {F.LUMP_SUM}, []),
    "a.1 lump sum, not all reached": (INSURED_BOTH | {F.LUMP_SUM} | UNREACHABLE, [(D.REPRESENTATIVE_AGREEMENT,)]),
    "a.1 lump sum, a payee not reached": (
        INSURED_BOTH | {F.LUMP_SUM, F.PAYEES_UNREACHABLE},
        [(D.REPRESENTATIVE_AGREEMENT,)],
    ),
    "a.1 lump sum, nobody reached": (
        INSURED_BOTH | {F.LUMP_SUM, F.PAYEES_UNREACHABLE} | UNREACHABLE,
        [(D.REPRESENTATIVE_AGREEMENT,)],
    ),
    "a.1 monthly, a payee not reached": (
        INSURED_BOTH | {F.MONTHLY, F.FUNERAL_REPRESENTATIVE, F.PAYEES_UNREACHABLE},
        [],
    ),
    "a.1 monthly": (INSURED_BOTH | {F.MONTHLY}, []),
    "a.1 monthly, capacity reduced": (INSURED_BOTH | {F.MONTHLY, F.CAPACITY_REDUCED}, [ASSESSED]),
    "a.1 monthly, assessment paid": (
        INSURED_BOTH | {F.MONTHLY, F.CAPACITY_REDUCED, F.ASSESSMENT_FEE_CLAIMED},
        [ASSESSED, (D.ASSESSMENT_INVOICE,)],
    ),
    "a.1 lump sum asks for no assessment": (INSURED_BOTH | {F.LUMP_SUM, F.CAPACITY_REDUCED}, []),
    "a.2 protection": (PROTECTED, []),
    "a.2 protection, 80+: the decision comes from social insurance": (PROTECTED | {F.AGED_ON_SURVIVOR_BENEFIT}, []),
    "a.2 funeral": (HONOURED, []),
    "a.2 funeral, not all reached": (
        HONOURED | {F.FUNERAL_REPRESENTATIVE} | UNREACHABLE,
        [(D.REPRESENTATIVE_AGREEMENT,)],
    ),
    "a.2 lump sum": (HONOURED_BOTH | {F.LUMP_SUM}, []),
    "a.2 lump sum, not all reached": (HONOURED_BOTH | {F.LUMP_SUM} | UNREACHABLE, [(D.REPRESENTATIVE_AGREEMENT,)]),
    "a.2 lump sum, a payee not reached": (
        HONOURED_BOTH | {F.LUMP_SUM, F.PAYEES_UNREACHABLE},
        [(D.REPRESENTATIVE_AGREEMENT,)],
    ),
    "a.2 monthly": (HONOURED_BOTH | {F.MONTHLY}, []),
    "a.2 monthly, raised a martyr": (HONOURED_BOTH | {F.MONTHLY, F.RAISED_MARTYR}, []),
    "a.2 monthly, raised a martyr, not all reached": (
        HONOURED_BOTH | {F.MONTHLY, F.RAISED_MARTYR} | UNREACHABLE,
        [(D.MARTYR_RAISER_AGREEMENT,)],
    ),
    "a.2 monthly, studying": (HONOURED_BOTH | {F.MONTHLY, F.ADULT_CHILD_STUDYING}, [STUDYING]),
    "a.2 monthly, alone or orphaned": (
        HONOURED_BOTH | {F.MONTHLY, F.ALONE_OR_ORPHANED},
        [(D.ALONE_OR_ORPHAN_CERTIFICATE,)],
    ),
    "a.2 monthly, disabled young": (
        HONOURED_BOTH | {F.MONTHLY, F.ADULT_CHILD_DISABLED_YOUNG},
        [(D.DISABILITY_CERTIFICATE,)],
    ),
    "a.2 monthly, disabled later": (
        HONOURED_BOTH | {F.MONTHLY, F.ADULT_CHILD_DISABLED_LATER},
        [(D.DISABILITY_CERTIFICATE,), (D.INCOME_CERTIFICATE,)],
    ),
    "a.2 monthly, both kinds of disability": (
        HONOURED_BOTH | {F.MONTHLY, F.ADULT_CHILD_DISABLED_YOUNG, F.ADULT_CHILD_DISABLED_LATER},
        [(D.DISABILITY_CERTIFICATE,), (D.INCOME_CERTIFICATE,)],
    ),
    "a.2 lump sum asks for none of these": (
        HONOURED_BOTH | {F.LUMP_SUM, F.RAISED_MARTYR, F.ADULT_CHILD_STUDYING, F.ALONE_OR_ORPHANED},
        [],
    ),
}
"""The lists of the decision: the facts of a case, and what must be attached besides the form and the signed notice."""

FORM, AGREEMENT, MARTYR = "Mẫu số 02", D.REPRESENTATIVE_AGREEMENT, D.MARTYR_RAISER_AGREEMENT
REPLACED = {
    "insurance-lump-sum": AGREEMENT,
    "insurance-funeral-relative": AGREEMENT,
    "insurance-declarant-not-beneficiary": AGREEMENT,
    "merit-lump-sum": AGREEMENT,
    "merit-raised-martyr": MARTYR,
}
"""Samples in which relatives are asked, and the signed agreement that makes that needless."""


@pytest.mark.rule("5.attachments-are-data")
@pytest.mark.parametrize("pack", all_packs(), ids=lambda pack: pack.id)
@pytest.mark.parametrize(("facts", "lists"), LISTS.values(), ids=LISTS)
def test_the_lists_of_the_decision(pack: LawPack, facts: frozenset[F], lists: list[tuple[D, ...]]) -> None:
    required = required_documents(pack, Group.DEATH, facts)
    assert [one.any_of for one in required] == lists
    assert all("II.4" in one.basis or FORM in one.basis for one in required)


@pytest.mark.rule("5.attachments-are-data")
def test_the_commune_completes_its_certificate_itself_and_nobody_else_completes_any() -> None:
    for pack in all_packs():
        completed = [law for leg in pack.death.legs.values() for law in leg.documents if law.completed_by]
        assert [(law.any_of, law.completed_by) for law in completed] == [
            ((D.ALONE_OR_ORPHAN_CERTIFICATE,), "commune_committee")
        ]


@pytest.mark.rule("5.attachments-are-data")
def test_what_the_commune_completes_is_in_the_plan_and_never_missing() -> None:
    form = death("merit-monthly-orphaned")
    pack = all_packs()[-1]
    required = required_documents(pack, Group.DEATH, form.facts())
    (completed,) = resolve_plan(pack, form).completed_by_agencies
    assert completed.any_of == (D.ALONE_OR_ORPHAN_CERTIFICATE,)
    assert completed in required
    assert missing_documents(required, form) == ()


@pytest.mark.rule("5.attachments-are-data")
@pytest.mark.parametrize("kind", STUDYING)
def test_any_of_the_alternatives_will_do(kind: D) -> None:
    required = required_documents(all_packs()[0], Group.DEATH, death("merit-monthly").facts())
    others = tuple(one for one in death("merit-monthly").attachments if one.kind is not D.SCHOOL_CERTIFICATE)
    without = death("merit-monthly").model_copy(update={"attachments": others})
    assert [one.any_of for one in missing_documents(required, without)] == [STUDYING]
    assert missing_documents(required, with_attached(without, kind)) == ()


@pytest.mark.rule("5.relatives-consent", "5.lump-sum-representative", "5.funeral-representative", "5.martyr-raiser")
@pytest.mark.parametrize(("name", "kind"), REPLACED.items())
def test_consent_in_vneid_or_a_signed_agreement(name: str, kind: D) -> None:
    form, pack = death(name), all_packs()[-1]
    asked = [rule for leg in resolve_plan(pack, form).legs for rule in leg.consent_rules if rule.replaced_by is kind]
    assert asked
    assert all(rule.about and rule.may_change for rule in asked)
    agreed = resolve_plan(pack, with_attached(form, kind))
    assert not [rule for leg in agreed.legs for rule in leg.consent_rules if rule.replaced_by is kind]


@pytest.mark.rule("5.relatives-consent")
def test_every_consent_of_the_group_has_its_agreement_in_the_list_of_documents() -> None:
    for pack in all_packs():
        for leg in pack.death.legs.values():
            for consent in leg.consents:
                papers = [law for law in leg.documents if consent.replaced_by in law.any_of]
                assert papers
                assert consent.role in (PersonRole.RELATIVE, PersonRole.PAYEE)


@pytest.mark.rule("5.recipient")
@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_nobody_is_asked_where_an_organisation_or_a_stranger_receives(name: str) -> None:
    form = death(name)
    if F.FUNERAL_REPRESENTATIVE not in form.facts() and F.SURVIVOR_BENEFIT not in form.facts():
        assert not any(leg.people for leg in resolve_plan(all_packs()[-1], form).legs)


def with_attached(form: DeathDeclaration, kind: D) -> DeathDeclaration:
    return form.model_copy(update={"attachments": (*form.attachments, document(kind))})
