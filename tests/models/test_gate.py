"""The return gate: what an agency may demand of the citizen, and what it is told when it may not (REQUIREMENTS §7)."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from models.law import all_packs, pack
from tests.models.cases import NEWEST, moment

AT = moment("2026-11-19 10:00:00")
BIRTH, RESIDENCE, HEALTH_CARD = "birth_registration", "residence_registration", "health_insurance_card"
GATE = gate_of(pack(NEWEST))
NOTHING = Held()
KINDS = (SupplementRequested, Returned, Refused)

GOOD: dict[str, Any] = {
    "at": AT,
    "reason_code": "document_missing",
    "documents": ("residence_papers",),
    "legal_basis": "Luật Cư trú Điều 21",
    "text": "Thiếu giấy tờ chứng minh chỗ ở.",
}


def asked(**grounds: Any) -> SupplementRequested:
    return SupplementRequested(**{**GOOD, **grounds})


def verdict(demand: Demand, leg: str = RESIDENCE, gate: Gate = GATE, held: Held = NOTHING) -> Verdict:
    return judge(demand, leg, "Đăng ký thường trú", gate, held, Group.BIRTH)


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
@pytest.mark.parametrize("law", all_packs(), ids=lambda law: law.id)
def test_signatures_on_form_ct01_are_forbidden_from_july_2026_on(law: Any) -> None:
    demand = asked(documents=("ct01_signature",))
    found = verdict(demand, gate=gate_of(law))
    if law.id < "2026-07-01":
        assert found.leads_to is LeadsTo.SUPPLEMENT
        assert cleared(demand, found, gate_of(law)).documents == (DocumentKind.RESIDENCE_PAPERS.value,)
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
)
legs = st.sampled_from([BIRTH, RESIDENCE, HEALTH_CARD])


@settings(deadline=None)
@given(demands, legs, holdings)
def test_a_demand_passes_whole_or_is_explained_whole(demand: Demand, leg: str, held: Held) -> None:
    found = judge(demand, leg, "Thủ tục", GATE, held, Group.BIRTH)
    assert bool(found.leads_to) is not bool(found.findings)
    assert 0 < len(found.text) <= MAX_FINDINGS_TEXT
    if found.leads_to:
        assert demand.legal_basis
        assert demand.text
        assert demand.documents or demand.fields
        passed = cleared(demand, found, GATE)
        assert set(passed.documents) <= set(DocumentKind)
        assert isinstance(passed, Refused) == (found.leads_to is LeadsTo.REFUSAL)
        for code in demand.documents:
            rule = GATE.document(code)
            assert rule is not None
            assert rule.ask


@settings(deadline=None)
@given(demands, legs, holdings)
def test_without_reason_basis_or_text_no_demand_passes(demand: Demand, leg: str, held: Held) -> None:
    for gone in ({"reason_code": None}, {"legal_basis": None}, {"text": None}):
        assert not judge(demand.model_copy(update=gone), leg, "Thủ tục", GATE, held, Group.BIRTH).leads_to


@settings(deadline=None)
@given(demands, legs)
def test_nothing_an_agency_made_up_is_repeated(demand: Demand, leg: str) -> None:
    known = {*CODES, *DOCUMENTS}
    made_up = {code for code in (demand.reason_code, *demand.documents, *demand.fields) if code and code not in known}
    said = set(re.findall(r"[\w.]+", judge(demand, leg, "Thủ tục", GATE, NOTHING, Group.BIRTH).text))
    long_ones = {code for code in made_up if len(code) > 8 and code != "child.full_name"}
    assert not long_ones & said


# --- The data ------------------------------------------------------------------------------------------------------


def rules() -> Iterator[tuple[str, Gate]]:
    for law in all_packs():
        yield law.id, gate_of(law)


def test_the_data_hold_together() -> None:
    for pack_id, gate in rules():
        legs = set(pack(pack_id).birth.legs) | {"identity_card"}
        assert gate.pack == pack_id
        assert len({reason.code for reason in gate.reasons}) == len(gate.reasons)
        assert len({rule.code for rule in gate.documents}) == len(gate.documents)
        for rule in gate.documents:
            assert set(rule.legs) <= legs
            assert rule.ask or rule.why, f"{rule.code}: an agency is told why it may not ask"
            assert not rule.ask or DocumentKind(rule.upload or rule.code)
        for reason in gate.reasons:
            assert set(reason.legs) <= legs
        assert {Concerns.DOCUMENT, Concerns.FIELD} <= {reason.concerns for reason in gate.reasons}


def test_a_gate_is_small_enough_to_be_recorded() -> None:
    assert all(len(gate.model_dump_json()) < 10_000 for _, gate in rules())


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
