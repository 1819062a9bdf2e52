"""What people read about a death: nothing of a child, nobody by name, plain words; results and paper (§§5, 11)."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from models.benefit_words import household_after, paid_by, said_besides
from models.clock import Timeliness
from models.consent_words import matter, roles
from models.death import DeathDeclaration
from models.delivery import dispatches, templates
from models.details import attributes, consent_words, details, waiting
from models.documents import DocumentKind
from models.dossier import ConsentState, DossierOutcome, DossierStage, DossierView, Leg, LegOutcome, LegStage
from models.form_parts import PaperPlace
from models.groups import Group
from models.intake import resolve
from models.law import pack
from models.messages import Dispatch, DispatchKind, NoticeState
from models.next_steps import next_steps
from models.plan import Plan, resolve_plan
from models.publication import Notice, NoticeOrder, Publication
from models.replacement_words import state as replacement_state
from models.replacing import correct
from models.start import LawQuery
from models.systems import System
from tests.models.cases import CALENDAR, DEATH_NAMES, NEWEST, ON, changed, death_sample, document, moment, personal_data
from tests.models.test_delivery import filled, papers, publication, results
from tests.models.test_details import fresh
from tests.models.test_replacing import corrected, event

OF_A_CHILD = re.compile(r"\b(trẻ|con của bạn|khai sinh|chứng sinh|cha, mẹ)\b", re.IGNORECASE)
_ROOT = Path(__file__).parents[2]
_WORDS = (
    "details",
    "next_steps",
    "delivery",
    "stopping",
    "acts",
    "appointing",
    "clock_words",
    "chase_words",
    "replacement_words",
    "consents",
)
SHARED = [*sorted((_ROOT / "workflows").glob("*.py")), *(_ROOT / "models" / f"{name}.py" for name in _WORDS)]
_DESCRIBED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
AT = moment("2026-11-19 10:00:00")
DEATH, FUNERAL, SURVIVORS = "death_registration", "insurance_funeral_benefit", "insurance_survivor_benefit"


def plan_of(name: str) -> Plan:
    return resolve_plan(pack(NEWEST), death_sample(name))


def view(name: str, legs: dict[str, Leg], **changes: Any) -> DossierView:
    """The dossier of a sample, in progress unless changed."""
    form = death_sample(name)
    law = resolve(LawQuery(declaration=form, on=ON, notice=NoticeState.UNSIGNED), CALENDAR)
    data = {
        "code": "G22.99.08-261119-000001",
        "province_code": form.recipients.province_code,
        "stage": DossierStage.IN_PROGRESS,
        "plan": law.plan,
        "fee": law.fee,
        "warnings": law.warnings,
        "missing_documents": law.missing_documents,
        "legs": tuple(legs.values()),
    }
    return DossierView.model_validate({**data, **changes})


@cache
def moments(name: str) -> tuple[DossierView, ...]:
    """The dossier of a death when it waits for papers, for relatives, for agencies, and when it has ended."""
    plan = plan_of(name)
    start = fresh(plan)
    unreachable = {
        key: leg.model_copy(
            update={"consents": tuple(c.model_copy(update={"state": ConsentState.UNREACHABLE}) for c in leg.consents)}
        )
        for key, leg in start.items()
    }
    at_agencies = {key: Leg(key=key, stage=LegStage.WAITING_RECEIPT, sent_at=AT) for key in start}
    over = {
        leg.key: Leg(
            key=leg.key,
            stage=LegStage.ENDED,
            outcome=LegOutcome.COMPLETED,
            timeliness=Timeliness.ON_TIME,
            sent_at=AT,
            decided_at=AT,
            ended_at=AT,
            number="1/2026",
            documents=tuple(document(kind) for kind in leg.results),
        )
        for leg in plan.legs
    }
    anew = correct(over, plan, (), event(corrected(document(DocumentKind.DEATH_EXTRACT, "bản 2")), DEATH, plan), AT)
    assert anew is not None
    return (
        view(name, {key: Leg(key=key) for key in start}, stage=DossierStage.WAITING_DOCUMENTS),
        view(name, start),
        view(name, unreachable),
        view(name, at_agencies),
        view(name, over, stage=DossierStage.CONCLUDED, outcome=DossierOutcome.COMPLETED),
        view(name, {**over, DEATH: anew.leg}, replacements=(anew.replacement,)),
    )


@pytest.mark.parametrize("name", DEATH_NAMES)
def test_nothing_an_operator_reads_of_a_death_speaks_of_a_child_or_names_anybody(name: str) -> None:
    secrets = personal_data(death_sample(name))
    for at in moments(name):
        shown = "\n".join((details(at), *next_steps(at), attributes(at).model_dump_json()))
        assert not OF_A_CHILD.findall(shown)
        assert not [secret for secret in secrets if secret in shown]


def test_no_notice_speaks_of_a_child_by_itself() -> None:
    """What is said of a group stands in the plan: names of legs, results, people."""
    for template in templates().values():
        for text in (template.text, template.sms, *template.groups.values()):
            assert not OF_A_CHILD.findall(text or "")


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.stem)
def test_no_words_that_both_groups_share_speak_of_a_child(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    described = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, _DESCRIBED)}
    said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert [text for text in said - described if OF_A_CHILD.search(text)] == []


def test_the_first_notice_to_a_bereaved_family_says_so_and_no_other_does() -> None:
    of_deaths = {notice: template.groups for notice, template in templates().items() if template.groups}
    assert set(of_deaths) == {Notice.SUBMITTED}
    values = {"code": "X", **filled(Notice.SUBMITTED)}
    words = {group: templates()[Notice.SUBMITTED].words(System.PORTAL, group, values) for group in Group}
    assert "xin chia buồn cùng gia đình" in words[Group.DEATH]
    assert "chia buồn" not in words[Group.BIRTH]
    assert filled(Notice.SUBMITTED).keys() == {"group"}


def test_what_the_commune_must_add_itself_is_shown_and_not_asked_of_the_family() -> None:
    shown = details(moments("merit-monthly-orphaned")[1])
    assert "Cơ quan tự hoàn thiện, công dân không phải nộp:" in shown
    assert "- Ủy ban nhân dân xã, phường, đặc khu: Giấy xác nhận sống độc thân" in shown
    assert "tự hoàn thiện" not in details(moments("merit-monthly")[1])


# --- Relatives who are asked ---------------------------------------------------------------------------------------


@pytest.mark.rule("5.relatives-consent", "5.lump-sum-representative")
def test_relatives_are_told_to_what_they_agree_and_counted_by_role() -> None:
    plan = plan_of("insurance-lump-sum").leg(SURVIVORS)
    assert len(plan.people) == 3
    assert roles(plan.people) == "Thân nhân (mục 2, 3, 4)"
    assert matter(plan, plan.people) == f"việc cử người đại diện nhận trợ cấp tuất một lần, thủ tục {plan.name}"
    assert matter(plan, ()) == plan.name, "nobody is asked: the leg as a whole"
    waiting_legs = moments("insurance-lump-sum")[1]
    shown = " ".join(next_steps(waiting_legs))
    assert "**Thân nhân (mục 2, 3, 4)** xác nhận đồng ý “việc cử người đại diện nhận trợ cấp tuất một lần" in shown
    leg = next(leg for leg in waiting_legs.legs if leg.key == SURVIVORS)
    assert waiting(leg, plan, plan_of("insurance-lump-sum")).startswith("Thân nhân (mục 2, 3, 4), đến hết ")
    assert len(tuple(consent_words(leg.consents))) == 3


@pytest.mark.rule("5.payee")
def test_a_payee_is_told_for_whom_and_a_family_together_what_all_are_asked() -> None:
    """Who receives for a child of the deceased agrees in its place."""
    plan = plan_of("insurance-declarant-not-beneficiary").leg(SURVIVORS)
    relative, payee = plan.people
    assert roles(plan.people) == "Thân nhân (mục 1), Người đứng tên nhận trợ cấp"
    assert matter(plan, plan.people) == matter(plan, [relative])
    assert "thay người chưa đủ 15 tuổi" in matter(plan, [payee])


@pytest.mark.rule("5.martyr-raiser")
def test_those_who_recognise_the_person_who_raised_a_martyr_are_told_so() -> None:
    plan = plan_of("merit-raised-martyr").leg("merit_survivor_benefit")
    assert "xác nhận người có công nuôi liệt sĩ" in matter(plan, plan.people)


# --- Results, money, paper -----------------------------------------------------------------------------------------


def sent(change: Publication, name: str, form: DeathDeclaration | None = None) -> tuple[Dispatch, ...]:
    return dispatches(change, plan_of(name), form or death_sample(name))


def completed(name: str) -> Publication:
    """The change in which every leg of a sample was completed."""
    return publication(
        legs=tuple(
            Leg(
                key=leg.key,
                stage=LegStage.ENDED,
                outcome=LegOutcome.COMPLETED,
                ended_at=AT,
                documents=tuple(document(kind) for kind in leg.results),
            )
            for leg in plan_of(name).legs
        )
    )


@pytest.mark.parametrize("name", DEATH_NAMES)
def test_every_result_goes_to_the_declarants_store_the_portal_and_the_province(name: str) -> None:
    expected = {kind for leg in plan_of(name).legs for kind in leg.results}
    found = results(sent(completed(name), name))
    assert set(found) == expected
    assert {tuple(channels) for channels in found.values()} == {(System.DOCUMENTS, System.PORTAL, System.PROVINCIAL)}
    keys = [dispatch.head.key for dispatch in sent(completed(name), name)]
    assert len(keys) == len(set(keys))


@pytest.mark.rule("5.paper")
@pytest.mark.parametrize(("copies", "ordered"), [(0, ""), (3, ", 3 bản sao")])
def test_the_extract_waits_on_paper_at_the_registry_with_its_copies(copies: int, ordered: str) -> None:
    form = changed(death_sample("householder"), results={"death_extract_copies": copies})
    [order] = papers(sent(completed("householder"), "householder", form)).values()
    assert (order.channel, order.document_kind) == (System.PROVINCIAL, DocumentKind.DEATH_EXTRACT)
    assert order.text == f"01 bản chính Trích lục khai tử{ordered}. Nơi nhận: {PaperPlace.CIVIL_STATUS_DESK.label}"


@pytest.mark.rule("5.paper")
@pytest.mark.parametrize(
    ("place", "channel"), [(PaperPlace.AGENCY_DESK, System.PROVINCIAL), (PaperPlace.POST, System.POST)]
)
def test_decisions_on_benefits_come_on_paper_as_form_02_chooses(place: PaperPlace, channel: System) -> None:
    form = death_sample("insurance-lump-sum")
    address = form.applicant.residence.address.model_dump(mode="json") if place is PaperPlace.POST else None
    form = changed(form, results={"benefit_decision_paper": {"place": place.value, "address": address}})
    orders = papers(sent(completed("insurance-lump-sum"), "insurance-lump-sum", form))
    assert set(orders) == {DocumentKind.DEATH_EXTRACT, DocumentKind.FUNERAL_DECISION, DocumentKind.SURVIVOR_DECISION}
    decisions = [orders[kind] for kind in (DocumentKind.FUNERAL_DECISION, DocumentKind.SURVIVOR_DECISION)]
    assert {order.channel for order in decisions} == {channel}
    assert all(bool(order.address) is (place is PaperPlace.POST) for order in decisions)


def test_the_decision_that_ends_a_benefit_is_on_paper_for_nobody() -> None:
    assert DocumentKind.BENEFIT_END_DECISION in results(sent(completed("aged-80"), "aged-80"))
    assert DocumentKind.BENEFIT_END_DECISION not in papers(sent(completed("aged-80"), "aged-80"))


@pytest.mark.parametrize("name", DEATH_NAMES)
def test_the_way_money_comes_is_told_with_its_decision_and_nothing_personal(name: str) -> None:
    form = death_sample(name)
    for leg in plan_of(name).legs:
        said = paid_by(form, leg)
        money = {DocumentKind.FUNERAL_DECISION, DocumentKind.SURVIVOR_DECISION} & set(leg.results)
        assert bool(said) is bool(money)
        assert not [secret for secret in personal_data(form) if secret in said]


def test_the_way_money_comes_is_the_one_on_the_form() -> None:
    plan = plan_of("insurance-lump-sum")
    assert paid_by(death_sample("insurance-lump-sum"), plan.leg(FUNERAL)) == (
        " Tiền trợ cấp được trả theo cách đã khai: tài khoản ngân hàng."
    )
    values = filled(Notice.LEG_COMPLETED) | {
        "besides": said_besides(death_sample("aged-80"), plan_of("aged-80").legs[-1])
    }
    order = NoticeOrder(key="k", template=Notice.LEG_COMPLETED, values=values)
    told = {d.channel: d.text or "" for d in sent(publication(notices=(order,)), "aged-80")}
    assert told[System.PORTAL].endswith(" Tiền trợ cấp được trả theo cách đã khai: tiền mặt tại cơ quan giải quyết.")
    assert "Tiền" not in told[System.SMS]


@pytest.mark.rule("10.householder-deceased")
@pytest.mark.parametrize("name", DEATH_NAMES)
def test_the_family_of_a_householder_is_told_with_the_deregistration(name: str) -> None:
    form = death_sample(name)
    told = [leg.key for leg in plan_of(name).legs if household_after(form, leg)]
    assert told == (["residence_deregistration"] if form.deceased.householder else [])
    assert all("thay đổi chủ hộ" in said_besides(form, plan_of(name).leg(leg)) for leg in told)


@pytest.mark.rule("8.superseded", "8.superseded-told")
def test_a_corrected_extract_is_told_to_everybody_who_has_it() -> None:
    """Residence, insurance and social affairs, each for the part it has."""
    [*_, anew] = moments("aged-80")
    [replacement] = anew.replacements
    assert [t.leg for t in replacement.tellings] == [
        "residence_deregistration",
        "survivor_benefit_end",
        "funeral_cost_support",
    ]
    assert replacement_state(replacement) == "chờ xác nhận"
    assert "xác nhận đã thay Trích lục khai tử bằng bản cấp lại" in " ".join(next_steps(anew))


@pytest.mark.rule("8.superseded-told")
def test_a_corrected_decision_goes_where_the_old_one_travelled() -> None:
    """The end of a monthly benefit went on to social affairs, and through us to the province."""
    plan = plan_of("aged-80")
    over = {leg.key: leg for leg in moments("aged-80")[4].legs}
    new = corrected(document(DocumentKind.BENEFIT_END_DECISION, "bản 2"))
    made = correct(over, plan, (), event(new, "survivor_benefit_end", plan), AT)
    assert made is not None
    assert [telling.leg for telling in made.replacement.tellings] == [DEATH, "funeral_cost_support"]


def test_a_new_version_of_the_extract_goes_to_the_store_naming_the_old_one() -> None:
    [*_, anew] = moments("householder")
    out = sent(publication(legs=anew.legs[:1]), "householder")
    again = [one for one in out if one.kind is DispatchKind.RESULT]
    assert [one.channel for one in again] == [System.DOCUMENTS, System.PORTAL]
    assert {one.supersedes for one in again} == {document(DocumentKind.DEATH_EXTRACT).sha256}
