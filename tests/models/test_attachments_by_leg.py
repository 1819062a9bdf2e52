"""Who gets which attachment: each agency what its own leg needs and what no leg names, nobody another's (§§5, 10)."""

import pytest

from models.documents import DocumentKind
from models.gate import gate_of
from models.groups import Group
from models.law import LegLaw, all_packs, pack
from models.messages import Head, LegOrder
from models.plan import resolve_plan
from tests.models.cases import NEWEST, moment, plan_of
from tests.models.cases import document as attached
from tests.models.death_cases import death

AGREEMENT, INVOICE = DocumentKind.REPRESENTATIVE_AGREEMENT, DocumentKind.ASSESSMENT_INVOICE
ASSESSMENT, INCOME = DocumentKind.CAPACITY_ASSESSMENT, DocumentKind.INCOME_CERTIFICATE
SCHOOL, DISABILITY = DocumentKind.SCHOOL_CERTIFICATE, DocumentKind.DISABILITY_CERTIFICATE
UNCLAIMED = DocumentKind.FOREIGN_DOCUMENTS


def sent(name: str, *also: DocumentKind) -> dict[str, set[DocumentKind]]:
    """The attachments that the agency of each leg gets, where it gets any."""
    form = death(name)
    form = form.model_copy(update={"attachments": (*form.attachments, *map(attached, also))})
    plan = resolve_plan(pack(NEWEST), form)
    carried = frozenset(document.kind for document in form.attachments)
    head = Head(
        key="test", dossier_code="test", procedure_code=plan.procedure_code, sent_at=moment("2026-11-19 09:00:00")
    )
    parts = (
        LegOrder(
            head=head, system=leg.system, leg=leg.key, agency=leg.agency, withheld=plan.withheld(leg.key, carried)
        ).message(form)
        for leg in plan.legs
    )
    for_each = {part.leg: {document.kind for document in part.documents} for part in parts}
    return {leg: kinds for leg, kinds in for_each.items() if kinds}


@pytest.mark.rule("5.attachments-are-data", "5.sensitive")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("insurance-monthly", {"insurance_survivor_benefit": {ASSESSMENT, INVOICE}}),
        ("merit-monthly", {"merit_survivor_benefit": {SCHOOL, DISABILITY, INCOME}}),
        ("organisation-declares", {"death_registration": {DocumentKind.DEATH_NOTICE_SUBSTITUTE}}),
        (
            "insurance-agreement",
            {"insurance_funeral_benefit": {AGREEMENT}, "insurance_survivor_benefit": {AGREEMENT}},
        ),
    ],
)
def test_papers_of_relatives_go_where_they_are_needed(name: str, expected: dict[str, set[DocumentKind]]) -> None:
    assert sent(name) == expected


def test_what_no_leg_names_goes_to_all_but_residence() -> None:
    everybody = {"death_registration", "merit_funeral_benefit", "merit_survivor_benefit"}
    assert {leg for leg, kinds in sent("merit-monthly", UNCLAIMED).items() if UNCLAIMED in kinds} == everybody


def test_the_same_holds_for_births() -> None:
    plan = plan_of("plain")
    carried = frozenset({DocumentKind.WITNESS_STATEMENT, DocumentKind.RESIDENCE_PAPERS, UNCLAIMED})
    withheld = {leg.key: set(plan.withheld(leg.key, carried)) for leg in plan.legs}
    assert withheld["birth_registration"] == {DocumentKind.RESIDENCE_PAPERS}
    assert withheld["residence_registration"] == {DocumentKind.WITNESS_STATEMENT}
    assert withheld["health_insurance_card"] == {DocumentKind.RESIDENCE_PAPERS, DocumentKind.WITNESS_STATEMENT}


def test_no_agency_asks_in_vain_for_what_it_was_not_given() -> None:
    """The gate says “the dossier has it” of every attachment; so who may ask for one also gets it."""

    def named(leg: LegLaw) -> set[str]:
        agreements = {rule.replaced_by for rule in leg.consents if rule.replaced_by}
        return {kind for document in leg.documents for kind in document.any_of} | agreements

    for law in all_packs():
        for group in Group:
            legs = law.group(group).legs
            of_some_leg = {kind for leg in legs.values() for kind in named(leg)}
            for rule in (rule for rule in gate_of(law, group).documents if rule.ask):
                for key, leg in legs.items():
                    kind, asks = rule.upload or rule.code, not rule.legs or key in rule.legs
                    withheld = leg.own_attachments_only or kind in of_some_leg
                    assert not (asks and withheld) or kind in named(leg), f"{law.id}: {key} asks for {kind}"
