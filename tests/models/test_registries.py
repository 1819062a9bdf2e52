"""The lists that name things once: search attributes, systems, statuses, facts, and every word operators read."""

import csv
import re
from collections import Counter
from enum import StrEnum
from importlib import resources
from operator import attrgetter

import pytest

from models.address import ResidenceKind
from models.agency_codes import CodeSystem, IdentityPaper, UnknownCode, code_of, word_of
from models.birth_form import ApplicantRelation, Circumstance
from models.documents import DocumentKind
from models.dossier import ConsentState, DossierOutcome, DossierStage, LegOutcome, LegStage
from models.events import EventType
from models.facts import FactKind, FactRefusal, OperatorAct
from models.form_facts import PersonRole
from models.form_parts import PaperPlace
from models.identity import Sex
from models.messages import NoticeState
from models.search_attributes import AttributeType, SearchAttribute
from models.statuses import (
    PortalStatus,
    Status,
    StatusSystem,
    status_label,
    status_rows,
    status_words,
)
from models.systems import System, system_queue
from workflows.visibility import attribute_key

# --- Search attributes ---------------------------------------------------------------------------------------------

ROOM = {AttributeType.KEYWORD_LIST: 3, AttributeType.DATETIME: 3, AttributeType.KEYWORD: 10}
"""The columns SQL visibility has for each type (DESIGN §3.7)."""

TEMPORALS_OWN = {
    "WorkflowId",
    "WorkflowType",
    "RunId",
    "StartTime",
    "CloseTime",
    "ExecutionTime",
    "ExecutionStatus",
    "ExecutionDuration",
    "TaskQueue",
    "BuildIds",
    "HistoryLength",
    "StateTransitionCount",
    "ParentWorkflowId",
    "RootWorkflowId",
}


def test_search_attributes_have_room_in_sql_visibility() -> None:
    used = Counter(attribute.type for attribute in SearchAttribute)
    assert {kind: count for kind, count in used.items() if count > ROOM[kind]} == {}


def test_search_attribute_names_are_unique_and_not_temporals_own() -> None:
    names = [attribute.value for attribute in SearchAttribute]
    assert len({name.casefold() for name in names}) == len(SearchAttribute.__members__)
    assert all(re.fullmatch("[A-Z][A-Za-z]+", name) for name in names)
    assert not TEMPORALS_OWN & set(names)


@pytest.mark.parametrize("attribute", SearchAttribute)
def test_a_search_attribute_has_a_meaning_and_a_key_of_its_type(attribute: SearchAttribute) -> None:
    assert attribute.meaning
    key = attribute_key(attribute)
    assert key.name == attribute.value
    assert key.indexed_value_type.name == attribute.type.name


# --- Systems -------------------------------------------------------------------------------------------------------


def test_the_systems_around_us_and_no_direct_road_to_civil_status() -> None:
    assert {system.value for system in System} == {
        "portal",
        "vneid",
        "sms",
        "payment",
        "provincial",
        "population",
        "residence",
        "social_insurance",
        "social_affairs",
        "health",
        "identity",
        "documents",
        "post",
    }


def test_every_system_has_a_task_queue_of_its_own_beside_the_workflows() -> None:
    queues = [system_queue("lienthong", system) for system in System]
    assert len({"lienthong", *queues}) == len(System) + 1
    assert system_queue("lienthong", System.SOCIAL_INSURANCE) == "lienthong-social_insurance"


# --- Statuses ------------------------------------------------------------------------------------------------------


def status(system: StatusSystem, code: str) -> Status:
    return Status(system=system, code=code)


def test_the_codes_of_the_three_vocabularies() -> None:
    codes = {
        system: [row.status.code for row in status_rows() if row.status.system is system] for system in StatusSystem
    }
    assert codes == {
        StatusSystem.PORTAL: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"],
        StatusSystem.LINKING: ["1", "2", "3", "4", "5", "6", "7"],
        StatusSystem.CIVIL_STATUS: ["1", "2", "3", "4", "6"],
    }


@pytest.mark.parametrize(
    ("code", "portal", "linking", "civil_status"),
    [
        ("1", "Mới đăng ký", "Một cửa điện tử đã tạo/nhận hồ sơ", "Gửi lên, chờ tiếp nhận"),
        ("2", "Được tiếp nhận", "Yêu cầu bổ sung (kèm hanBoSungHoSo)", "Yêu cầu bổ sung"),
        ("4", "Đang xử lý", "Có kết quả (ketQuaXuLy)", "Đã hoàn thành / ban hành kết quả"),
        ("5", "Yêu cầu bổ sung giấy tờ", "Trả kết quả", None),
        ("7", "Công dân yêu cầu rút hồ sơ", "Gửi hồ sơ qua hệ thống Bộ Tư pháp", None),
        ("10", "Đã trả kết quả", None, None),
        ("0", None, None, None),
    ],
)
def test_the_same_number_means_something_else_in_each_system(
    code: str, portal: str | None, linking: str | None, civil_status: str | None
) -> None:
    assert status_label(status(StatusSystem.PORTAL, code)) == portal
    assert status_label(status(StatusSystem.LINKING, code)) == linking
    assert status_label(status(StatusSystem.CIVIL_STATUS, code)) == civil_status


def test_an_unknown_status_is_said_to_be_unknown_to_us() -> None:
    """One adapter shows it as “không tồn tại trên BTP” (STANDARDS §3.2)."""
    shown = status_words(status(StatusSystem.CIVIL_STATUS, "5"))
    assert "chưa có trong danh mục" in shown
    assert "không tồn tại" not in shown
    assert status_words(status(StatusSystem.CIVIL_STATUS, "6")) == "Từ chối"


def test_no_code_is_listed_twice() -> None:
    listed = [row.status for row in status_rows()]
    assert len(set(listed)) == len(listed)


PORTAL_STATES = {
    PortalStatus.SUBMITTED: "submitted",
    PortalStatus.ACCEPTED: "accepted",
    PortalStatus.NOT_ACCEPTED: "rejected_at_intake",
    PortalStatus.IN_PROGRESS: "in_progress",
    PortalStatus.NEEDS_DOCUMENTS: "needs_more_documents",
    PortalStatus.NEEDS_PAYMENT: "needs_payment",
    PortalStatus.WITHDRAWN: "withdrawn_by_citizen",
    PortalStatus.STOPPED: "stopped",
    PortalStatus.DECIDED: "decided",
    PortalStatus.DELIVERED: "result_delivered",
}


def test_our_words_for_the_portals_numbers_are_those_of_the_list() -> None:
    neutral = {row.status.code: row.neutral_state for row in status_rows() if row.status.system is StatusSystem.PORTAL}
    assert neutral == {code.value: state for code, state in PORTAL_STATES.items()}


def test_where_a_status_maps_to_the_portals_both_mean_the_same() -> None:
    """Rows of the other vocabularies name the portal code they become (LAW §F: 2→5, 4→9, 6→3)."""
    text = (resources.files("models") / "data" / "dossier_statuses.csv").read_text("utf-8")
    mapped = {
        (row["system"], row["code"]): row["maps_to_dvcqg"]
        for row in csv.DictReader(text.splitlines())
        if row["maps_to_dvcqg"]
    }
    assert set(mapped.values()) <= {code.value for code in PortalStatus}
    assert (mapped["DVCLT-HOTICH", "2"], mapped["DVCLT-HOTICH", "4"], mapped["DVCLT-HOTICH", "6"]) == ("5", "9", "3")


# --- Numbers of agencies -------------------------------------------------------------------------------------------

BHXH, BTP = CodeSystem.SOCIAL_INSURANCE, CodeSystem.JUSTICE


@pytest.mark.parametrize(
    ("code", "insurance", "justice"),
    [
        ("1", IdentityPaper.CITIZEN_CARD, IdentityPaper.BIRTH_CERTIFICATE),
        ("2", IdentityPaper.OLD_IDENTITY_CARD, IdentityPaper.OLD_IDENTITY_CARD),
        ("3", IdentityPaper.PASSPORT, IdentityPaper.ARMY_OFFICER_CARD),
        ("4", IdentityPaper.PERSONAL_NUMBER, IdentityPaper.POLICE_CARD),
    ],
)
def test_the_same_number_is_another_paper_in_another_system(
    code: str, insurance: IdentityPaper, justice: IdentityPaper
) -> None:
    assert (word_of(BHXH, IdentityPaper, code), word_of(BTP, IdentityPaper, code)) == (insurance, justice)


@pytest.mark.parametrize("system", CodeSystem)
def test_every_number_of_a_system_is_read_back_from_its_word(system: CodeSystem) -> None:
    papers = [paper for paper in IdentityPaper if has(system, paper)]
    assert papers
    assert [word_of(system, IdentityPaper, code_of(system, paper)) for paper in papers] == papers


def test_every_paper_has_a_number_somewhere() -> None:
    assert all(has(BHXH, paper) or has(BTP, paper) for paper in IdentityPaper)


def test_the_three_sexes_of_social_insurance() -> None:
    assert [code_of(BHXH, sex) for sex in (Sex.MALE, Sex.FEMALE, Sex.UNDETERMINED)] == ["1", "2", "3"]
    assert word_of(BHXH, Sex, "3") is Sex.UNDETERMINED


def test_an_unknown_number_or_word_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownCode, match="Bảo hiểm xã hội không có mã này; có: 0, 1, 2, 3, 4"):
        word_of(BHXH, IdentityPaper, "6")
    with pytest.raises(UnknownCode, match="không có mã cho “Khác”; có: 0, 1, 2, 3, 4"):
        code_of(BHXH, IdentityPaper.OTHER)
    with pytest.raises(UnknownCode, match="không mã nào"):
        word_of(BTP, Sex, "1")


def has(system: CodeSystem, word: IdentityPaper) -> bool:
    try:
        return bool(code_of(system, word))
    except UnknownCode:
        return False


# --- Facts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FactKind)
def test_every_way_in_has_one_model_and_one_event_type(kind: FactKind) -> None:
    by_operators = issubclass(kind.model, OperatorAct)
    assert [event.fact_kind for event in EventType].count(kind) == (0 if by_operators else 1)
    assert [other.model for other in FactKind].count(kind.model) == 1
    assert {"message_id", "dossier_code"} <= set(kind.model.model_fields)


def test_reasons_of_refusal_are_words_a_sender_can_switch_on() -> None:
    assert all(re.fullmatch("[a-z_]+", reason.value) for reason in FactRefusal)


# --- Words ---------------------------------------------------------------------------------------------------------

LABELLED: tuple[type[StrEnum], ...] = (
    ApplicantRelation,
    NoticeState,
    Circumstance,
    CodeSystem,
    ConsentState,
    DocumentKind,
    DossierOutcome,
    DossierStage,
    IdentityPaper,
    LegOutcome,
    LegStage,
    PaperPlace,
    PersonRole,
    ResidenceKind,
    Sex,
    System,
)


@pytest.mark.parametrize("words", LABELLED, ids=lambda words: words.__name__)
def test_every_word_of_ours_has_a_vietnamese_name_of_its_own(words: type[StrEnum]) -> None:
    labels: list[str] = list(map(attrgetter("label"), words))
    assert all(label.strip() == label and label for label in labels)
    assert len(set(labels)) == len(labels)
    assert not set(labels) & {word.value for word in words}
