"""The return gate: what an agency may demand of the citizen, and what it is told when it may not (REQUIREMENTS §7)."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.death import DeathDeclaration
from models.documents import DocumentKind
from models.facts import Demand, FactRefusal, Refused, Returned, SupplementRequested
from models.gate import (
    MAX_FINDINGS_TEXT,
    Concerns,
    DocumentRule,
    Fault,
    Gate,
    Held,
    LeadsTo,
    Verdict,
    cleared,
    concerned,
    field_label,
    gate_of,
    judge,
    kind_of_demand,
)
from models.groups import Group
from models.law import LawPack, all_packs, pack
from models.systems import System
from tests.models.cases import NEWEST, moment

AT = moment("2026-11-19 10:00:00")
BIRTH, RESIDENCE, HEALTH_CARD = "birth_registration", "residence_registration", "health_insurance_card"
DEREGISTRATION, FUNERAL, SURVIVORS = (
    "residence_deregistration",
    "insurance_funeral_benefit",
    "insurance_survivor_benefit",
)
MERIT_SURVIVORS, SUPPORT = "merit_survivor_benefit", "funeral_cost_support"
GATE = gate_of(pack(NEWEST), Group.BIRTH)
OF_DEATHS = gate_of(pack(NEWEST), Group.DEATH)
NOTHING = Held()
KINDS = (SupplementRequested, Returned, Refused)

every_pack = pytest.mark.parametrize("law", all_packs(), ids=lambda law: law.id)

GOOD: dict[str, Any] = {
    "at": AT,
    "reason_code": "document_missing",
    "documents": ("residence_papers",),
    "legal_basis": "Luật Cư trú Điều 21",
    "text": "Thiếu giấy tờ chứng minh chỗ ở.",
}


def asked(**grounds: Any) -> SupplementRequested:
    return SupplementRequested(**{**GOOD, **grounds})


def verdict(
    demand: Demand, leg: str = RESIDENCE, gate: Gate = GATE, held: Held = NOTHING, hidden: tuple[str, ...] = ()
) -> Verdict:
    return judge(demand, leg, "Đăng ký thường trú", gate, held, hidden)


def faults(demand: Demand, **where: Any) -> set[Fault]:
    return {finding.fault for finding in verdict(demand, **where).findings}


def test_a_demand_with_everything_passes() -> None:
    assert verdict(asked()) == Verdict(leads_to=LeadsTo.SUPPLEMENT)


@pytest.mark.rule(
    "7.gate-reason-code", "7.gate-field-or-document", "7.gate-legal-basis", "7.gate-text", "7.gate-every-kind"
)
@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_is_missing_is_said_at_once(kind: type[Demand]) -> None:
    found = verdict(kind(at=AT))
    assert [finding.fault for finding in found.findings] == [
        Fault.NO_REASON,
        Fault.NO_CONCERN,
        Fault.NO_BASIS,
        Fault.NO_TEXT,
    ]
    assert found.leads_to is None
    assert found.refusal is FactRefusal.GROUNDS_MISSING
    assert all(f"({number})" in found.text for number in range(1, 5))


@pytest.mark.rule("7.gate-reason-code", "7.gate-field-or-document", "7.gate-legal-basis", "7.gate-text")
@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"reason_code": None}, Fault.NO_REASON),
        ({"reason_code": "khac"}, Fault.UNKNOWN_REASON),
        ({"reason_code": "conditions_not_met"}, Fault.REASON_MISUSED),
        ({"documents": (), "fields": ("child.full_name",)}, Fault.NO_CONCERN),
        ({"reason_code": "field_wrong"}, Fault.NO_CONCERN),
        ({"legal_basis": None}, Fault.NO_BASIS),
        ({"legal_basis": "---"}, Fault.NO_BASIS),
        ({"text": None}, Fault.NO_TEXT),
        ({"text": "…"}, Fault.NO_TEXT),
        ({"documents": ("so_do",)}, Fault.UNKNOWN_DOCUMENT),
        ({"documents": ("witness_statement",)}, Fault.DOCUMENT_OF_ANOTHER_LEG),
        ({"fields": ("child.birth_place",)}, Fault.UNKNOWN_FIELD),
        ({"fields": ("child.0",)}, Fault.UNKNOWN_FIELD),
        ({"fields": ("attachments",)}, Fault.UNKNOWN_FIELD),
        ({"fields": ("attested",)}, Fault.UNKNOWN_FIELD),
    ],
)
def test_each_fault_by_its_name(change: dict[str, Any], fault: Fault) -> None:
    assert faults(asked(**change)) == {fault}


@pytest.mark.rule("7.gate-forbidden-documents", "7.gate-list-is-data")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "code",
    [
        "identity_card",
        "marriage_certificate",
        "tk01_ts",
        "signed_form_print",
        "birth_certificate",
        "health_insurance_card",
        "residence_notice",
        "payment_receipt",
    ],
)
def test_what_the_state_holds_is_never_asked(kind: type[Demand], code: str) -> None:
    found = verdict(kind(**{**GOOD, "documents": (code,)}))
    rule = GATE.document(code)
    assert rule is not None
    assert Fault.FORBIDDEN_DOCUMENT in {finding.fault for finding in found.findings}
    assert found.refusal is FactRefusal.FORBIDDEN_DOCUMENT
    assert rule.label in found.text
    assert rule.why is not None
    assert rule.why in found.text
    assert rule.basis in found.text


@pytest.mark.parametrize(
    ("reason", "code"), [("already_done", "residence_notice"), ("false_information", "birth_certificate")]
)
def test_a_refusal_for_good_may_be_about_any_document(reason: str, code: str) -> None:
    """Nobody is asked for anything."""
    refusal = Refused(**{**GOOD, "reason_code": reason, "documents": (code,)})
    assert verdict(refusal).findings == ()
    returned = Returned(**{**GOOD, "reason_code": reason, "documents": (code,)})
    assert verdict(returned).leads_to is LeadsTo.REFUSAL


@pytest.mark.rule("7.gate-list-is-data")
def test_a_document_is_forbidden_by_an_entry_in_the_data() -> None:
    """Until the list has it nobody may ask for it either, but not because the State holds it."""
    demand = asked(documents=("household_book",))
    assert faults(demand) == {Fault.UNKNOWN_DOCUMENT}
    entry = """
        code = "household_book"
        label = "Sổ hộ khẩu"
        ask = false
        why = "Thông tin cư trú có trong Cơ sở dữ liệu quốc gia về dân cư."
        basis = "Luật Cư trú 2020 Điều 38(3)"
    """
    rule = DocumentRule.model_validate(tomllib.loads(entry))
    found = verdict(demand, gate=GATE.model_copy(update={"documents": (*GATE.documents, rule)}))
    assert [finding.fault for finding in found.findings] == [Fault.FORBIDDEN_DOCUMENT]
    assert rule.why is not None
    assert rule.why in found.text


@pytest.mark.rule("7.gate-ct01")
@every_pack
def test_signatures_on_form_ct01_are_forbidden_from_july_2026_on(law: Any) -> None:
    demand = asked(documents=("ct01_signature",))
    found = verdict(demand, gate=gate_of(law, Group.BIRTH))
    if law.id < "2026-07-01":
        assert found.leads_to is LeadsTo.SUPPLEMENT
        assert cleared(demand, found, gate_of(law, Group.BIRTH)).documents == (DocumentKind.RESIDENCE_PAPERS.value,)
    else:
        assert found.refusal is FactRefusal.FORBIDDEN_DOCUMENT


@pytest.mark.rule("7.gate-forbidden-documents")
def test_a_signed_birth_notice_spares_the_paper_one() -> None:
    demand = asked(documents=("birth_notice",))
    assert not faults(demand, leg=BIRTH)
    assert faults(demand, leg=BIRTH, held=Held(by_state=frozenset({"birth_notice"}))) == {Fault.ALREADY_HELD}


def test_what_the_dossier_carries_is_asked_again_only_when_it_is_faulty() -> None:
    held = Held(attached=frozenset({"residence_papers"}))
    assert faults(asked(), held=held) == {Fault.ALREADY_HELD}
    for reason in ("document_unreadable", "document_not_valid", "supplement_insufficient"):
        assert not faults(asked(reason_code=reason), held=held)
    refusal = Refused(**{**GOOD, "reason_code": "document_not_valid"})
    assert not faults(refusal, held=held), "a refusal may be about what the dossier carries"


@pytest.mark.rule("5.sensitive", "7.gate-forbidden-documents")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["deceased.cause", "benefits.relatives.0.monthly_income_vnd", "benefits"])
def test_no_agency_asks_for_what_it_may_not_hear_of(kind: type[Demand], path: str) -> None:
    hidden = DeathDeclaration.hidden_from(System.RESIDENCE)
    grounds = {**GOOD, "reason_code": "field_wrong", "documents": (), "fields": ("deceased.full_name", path)}
    found = verdict(kind(**grounds), leg=DEREGISTRATION, gate=OF_DEATHS, hidden=hidden)
    assert Fault.FORBIDDEN_FIELD in {finding.fault for finding in found.findings}
    assert found.refusal is FactRefusal.FORBIDDEN_DOCUMENT
    assert "Cơ quan không cần thông tin này" in found.text
    demand = kind(**{**grounds, "fields": ("deceased.full_name",)})
    assert Fault.FORBIDDEN_FIELD not in faults(demand, leg=DEREGISTRATION, gate=OF_DEATHS, hidden=hidden)


@pytest.mark.rule("5.relatives-consent")
def test_relatives_who_have_agreed_sign_no_paper_unless_something_is_wrong_with_it() -> None:
    held = Held(agreed=frozenset({"representative_agreement"}))
    paper = {"documents": ("representative_agreement",)}
    assert faults(asked(**paper), leg=SURVIVORS, gate=OF_DEATHS, held=held) == {Fault.ALREADY_HELD}
    disagree = asked(**paper, reason_code="relatives_disagree")
    assert not faults(disagree, leg=SURVIVORS, gate=OF_DEATHS, held=held)


@pytest.mark.parametrize(
    ("reason", "becomes"),
    [("field_wrong", SupplementRequested), ("conditions_not_met", Refused), ("agency_not_competent", Refused)],
)
def test_a_return_becomes_what_its_reason_means(reason: str, becomes: type[Demand]) -> None:
    demand = Returned(**{**GOOD, "documents": (), "fields": ("child.full_name",), "reason_code": reason})
    found = verdict(demand)
    assert not found.findings
    assert type(cleared(demand, found, GATE)) is becomes


def test_what_can_be_cured_is_no_ground_for_refusal() -> None:
    found = verdict(Refused(**GOOD))
    assert {finding.fault for finding in found.findings} == {Fault.REASON_MISUSED}
    assert "yêu cầu bổ sung" in found.text


def test_a_cleared_demand_keeps_its_grounds() -> None:
    demand = asked(fields=("child.full_name",), documents=("residence_papers", "residence_papers"))
    assert cleared(demand, verdict(demand), GATE) == asked(fields=("child.full_name",))


# --- Group 2 -------------------------------------------------------------------------------------------------------

OF_A_CHILD = re.compile(r"\b(trẻ|chứng sinh|thường trú|khai sinh|cha, mẹ)\b", re.IGNORECASE)


def of_death(demand: Demand, leg: str, held: Held = NOTHING) -> Verdict:
    return judge(demand, leg, "Thủ tục", OF_DEATHS, held)


@pytest.mark.rule("7.gate-forbidden-documents", "7.gate-list-is-data")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "code",
    [
        "identity_card",
        "marriage_certificate",
        "birth_certificate",
        "agency_form",
        "signed_form_print",
        "death_extract",
        "deregistration_notice",
        "benefit_end_decision",
        "funeral_decision",
        "survivor_decision",
        "alone_or_orphan_certificate",
        "social_insurance_book",
        "merit_decision",
        "payment_receipt",
    ],
)
def test_a_bereaved_family_is_not_asked_for_what_the_state_holds_or_must_add_itself(
    kind: type[Demand], code: str
) -> None:
    rule = OF_DEATHS.document(code)
    assert rule is not None
    assert rule.why is not None
    for leg in pack(NEWEST).death.legs:
        found = of_death(kind(**{**GOOD, "documents": (code,)}), leg)
        assert found.refusal is FactRefusal.FORBIDDEN_DOCUMENT
        assert rule.why in found.text


@pytest.mark.parametrize(
    ("code", "asked_in"),
    [
        ("death_notice", {"death_registration"}),
        ("death_notice_substitute", {"death_registration"}),
        ("capacity_assessment", {SURVIVORS}),
        ("assessment_invoice", {SURVIVORS}),
        ("disability_certificate", {SURVIVORS, MERIT_SURVIVORS}),
        ("school_certificate", {MERIT_SURVIVORS}),
        ("income_certificate", {MERIT_SURVIVORS}),
        ("martyr_raiser_agreement", {MERIT_SURVIVORS}),
        ("representative_agreement", {FUNERAL, SURVIVORS, "merit_funeral_benefit", MERIT_SURVIVORS}),
    ],
)
def test_what_the_lists_of_the_decision_name_may_be_asked_where_they_name_it(code: str, asked_in: set[str]) -> None:
    """Lists a.1 and a.2 of QĐ 296/QĐ-VPCP, II.4."""
    legs = pack(NEWEST).death.legs
    passed = {leg for leg in legs if not of_death(asked(documents=(code,)), leg).findings}
    assert passed == asked_in


@every_pack
def test_every_attachment_the_law_wants_of_a_family_may_be_asked_for_and_no_other_is(law: LawPack) -> None:
    """The gate and the packs name the same attachments, in the same legs; foreign papers are the one exception."""
    gate = gate_of(law, Group.DEATH)
    documents = [(key, one) for key, leg in law.death.legs.items() for one in leg.documents]
    wanted = {(kind.value, key) for key, one in documents if not one.completed_by for kind in one.any_of}
    askable = {(rule.code, leg) for rule in gate.documents if rule.ask for leg in rule.legs if leg in law.death.legs}
    extra = {("foreign_documents", "death_registration"), ("death_notice", "death_registration")}
    assert askable == wanted | extra
    for _, one in documents:
        for kind in one.any_of if one.completed_by else ():
            rule = gate.document(kind.value)
            assert rule is not None
            assert not rule.ask


@pytest.mark.rule("7.gate-forbidden-documents")
def test_a_signed_death_notice_spares_the_paper_one() -> None:
    demand = asked(documents=("death_notice",))
    assert not of_death(demand, "death_registration").findings
    held = Held(by_state=frozenset({Group.DEATH.notice.value}))
    [finding] = of_death(demand, "death_registration", held).findings
    assert finding.fault is Fault.ALREADY_HELD
    assert "Giấy báo tử điện tử đã ký số" in finding.says


@pytest.mark.parametrize(
    ("reason", "leg", "leads_to"),
    [
        ("relative_missing", SURVIVORS, LeadsTo.SUPPLEMENT),
        ("relatives_disagree", FUNERAL, LeadsTo.SUPPLEMENT),
        ("benefit_elsewhere", SUPPORT, LeadsTo.REFUSAL),
        ("conditions_not_met", MERIT_SURVIVORS, LeadsTo.REFUSAL),
    ],
)
def test_reasons_of_benefits(reason: str, leg: str, leads_to: LeadsTo) -> None:
    demand = Returned(**{**GOOD, "documents": (), "fields": ("benefits.relatives",), "reason_code": reason})
    assert of_death(demand, leg).leads_to is leads_to
    if reason != "conditions_not_met":
        elsewhere = of_death(demand, DEREGISTRATION)
        assert [finding.fault for finding in elsewhere.findings] == [Fault.REASON_OF_ANOTHER_LEG]


def test_each_group_has_the_fields_of_its_own_form() -> None:
    about_a_child = asked(reason_code="field_wrong", documents=(), fields=("child.full_name",))
    [finding] = of_death(about_a_child, "death_registration").findings
    assert finding.fault is Fault.UNKNOWN_FIELD
    assert "deceased.full_name" in finding.says
    about_the_deceased = asked(reason_code="field_wrong", documents=(), fields=("deceased.died_on",))
    assert not of_death(about_the_deceased, "death_registration").findings
    assert faults(about_the_deceased) == {Fault.UNKNOWN_FIELD}


def test_nothing_in_the_gate_of_deaths_speaks_of_a_child() -> None:
    for gate in (gate for gate in rules() if gate.group is Group.DEATH):
        spoken = [one.label for one in gate.reasons]
        spoken += [text for one in gate.documents for text in (one.label, one.why or "")]
        about_relatives = {"birth_certificate", "deregistration_notice"}
        allowed = {text for code in about_relatives if (rule := gate.document(code)) for text in (rule.label, rule.why)}
        assert [text for text in spoken if OF_A_CHILD.search(text) and text not in allowed] == []


# --- Any demand ----------------------------------------------------------------------------------------------------

CODES = [reason.code for reason in GATE.reasons]
DOCUMENTS = [rule.code for rule in GATE.documents]
words = st.one_of(st.none(), st.sampled_from(["Luật Cư trú Điều 21", "…", "Thiếu giấy tờ."]))
some_code = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
demands = st.builds(
    lambda kind, **grounds: kind(at=AT, **grounds),
    st.sampled_from(KINDS),
    reason_code=st.one_of(st.none(), st.sampled_from(CODES), some_code),
    documents=st.lists(st.one_of(st.sampled_from(DOCUMENTS), some_code), max_size=20).map(tuple),
    fields=st.lists(st.one_of(st.sampled_from(["child.full_name", "mother"]), some_code), max_size=20).map(tuple),
    legal_basis=words,
    text=words,
)
holdings = st.builds(
    Held,
    by_state=st.frozensets(st.sampled_from(DOCUMENTS), max_size=4),
    attached=st.frozensets(st.sampled_from(DOCUMENTS), max_size=4),
    agreed=st.frozensets(st.sampled_from(DOCUMENTS), max_size=4),
)
legs = st.sampled_from([BIRTH, RESIDENCE, HEALTH_CARD])


@settings(deadline=None)
@given(demands, legs, holdings)
def test_a_demand_passes_whole_or_is_explained_whole(demand: Demand, leg: str, held: Held) -> None:
    found = judge(demand, leg, "Thủ tục", GATE, held)
    assert bool(found.leads_to) is not bool(found.findings)
    assert 0 < len(found.text) <= MAX_FINDINGS_TEXT
    if found.leads_to:
        assert demand.legal_basis
        assert demand.text
        assert demand.documents or demand.fields
        passed = cleared(demand, found, GATE)
        assert isinstance(passed, Refused) == (found.leads_to is LeadsTo.REFUSAL)
        rules = [GATE.document(code) for code in demand.documents]
        assert all(rules)
        if isinstance(passed, SupplementRequested):
            assert set(passed.documents) <= set(DocumentKind)
            assert all(rule.ask for rule in rules if rule)


@settings(deadline=None)
@given(demands, legs, holdings)
def test_without_reason_basis_or_text_no_demand_passes(demand: Demand, leg: str, held: Held) -> None:
    for gone in ({"reason_code": None}, {"legal_basis": None}, {"text": None}):
        assert not judge(demand.model_copy(update=gone), leg, "Thủ tục", GATE, held).leads_to


@settings(deadline=None)
@given(demands, legs)
def test_nothing_an_agency_made_up_is_repeated(demand: Demand, leg: str) -> None:
    known = {*CODES, *DOCUMENTS}
    made_up = {code for code in (demand.reason_code, *demand.documents, *demand.fields) if code and code not in known}
    said = set(re.findall(r"[\w.]+", judge(demand, leg, "Thủ tục", GATE, NOTHING).text))
    long_ones = {code for code in made_up if len(code) > 8 and code != "child.full_name"}
    assert not long_ones & said


# --- The data ------------------------------------------------------------------------------------------------------


def rules() -> Iterator[Gate]:
    for law in all_packs():
        for group in Group:
            yield gate_of(law, group)


def test_the_data_hold_together() -> None:
    every_leg = {key for law in all_packs() for group in Group for key in law.group(group).legs}
    for gate in rules():
        legs = set(pack(NEWEST).group(gate.group).legs)
        assert len({reason.code for reason in gate.reasons}) == len(gate.reasons)
        assert len({rule.code for rule in gate.documents}) == len(gate.documents)
        for rule in gate.documents:
            assert set(rule.legs) <= every_leg
            assert not rule.legs or legs & set(rule.legs), f"{rule.code} is asked for in some leg of the group"
            assert rule.ask or rule.why, f"{rule.code}: an agency is told why it may not ask"
            assert not rule.ask or DocumentKind(rule.upload or rule.code)
        for reason in gate.reasons:
            assert set(reason.legs) <= legs
        assert {Concerns.DOCUMENT, Concerns.FIELD} <= {reason.concerns for reason in gate.reasons}


def test_a_gate_is_small_enough_to_be_recorded() -> None:
    assert all(len(gate.model_dump_json()) < 12_000 for gate in rules())


def test_citizens_read_names_and_not_codes() -> None:
    text = concerned(
        ("residence_papers",), ("child.hometown.detail", "residence_registration.dwelling_owners.0"), Group.BIRTH
    )
    assert DocumentKind.RESIDENCE_PAPERS.label in text
    assert "Quê quán" in text
    assert "Chủ sở hữu chỗ ở hợp pháp (mục 1)" in text
    assert field_label("mother.personal_id", Group.BIRTH) == "Người mẹ – Số định danh cá nhân"


def test_what_an_agency_wants_by_its_name() -> None:
    assert [kind_of_demand(kind(at=AT)).value for kind in KINDS] == ["supplement", "return", "refusal"]
