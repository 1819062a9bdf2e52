"""The operators' questions: queries fit the registry of search attributes; what cannot be asked is said plainly."""

import re

import pytest

from models.questions import QUESTIONS, Parameter, Question, QuestionError, question
from models.search_attributes import SearchAttribute
from tests.models.cases import moment

NOW = moment("2026-11-26 10:00:00")
VALUES = {
    Parameter.PROVINCE: "79",
    Parameter.AGENCY: "residence",
    Parameter.LEG: "birth_registration",
    Parameter.DAYS: "3",
    Parameter.OUTCOME: "unpaid",
    Parameter.CODE: "G22.99.08-261119-000001",
    Parameter.GROUP: "death",
}
BUILT_IN = {"ExecutionStatus", "WorkflowId", "TemporalReportedProblems"}


def given(asked: Question, *parameters: Parameter) -> dict[Parameter, str]:
    return {parameter: VALUES[parameter] for parameter in parameters or asked.parameters}


@pytest.mark.parametrize("asked", QUESTIONS, ids=[asked.key for asked in QUESTIONS])
def test_a_query_names_registered_attributes_and_leaves_nothing_open(asked: Question) -> None:
    query = asked.filled_in(given(asked), NOW)
    assert "{" not in query
    clauses = re.split(r" AND | OR ", query)
    names = [re.match(r"\(?(\w+) (?:=|!=|<|<=|IN|IS NULL|IS NOT NULL)", clause) for clause in clauses]
    assert {name and name[1] for name in names} <= {*SearchAttribute, *BUILT_IN}


def test_keys_are_unique() -> None:
    assert len({asked.key for asked in QUESTIONS}) == len(QUESTIONS)


def test_days_count_from_the_legal_instant_in_viet_nam() -> None:
    assert (
        question("waiting-consent")
        .filled_in({Parameter.DAYS: "3"}, NOW)
        .endswith('WaitingSince <= "2026-11-23T10:00:00+07:00"')
    )
    assert question("due").filled_in({}, NOW).endswith('NextDue < "2026-11-27T00:00:00+07:00"')
    assert question("due").filled_in({}, moment("2026-11-26 23:59:59")) == question("due").filled_in({}, NOW)
    assert question("due").filled_in({Parameter.DAYS: "7"}, NOW).endswith('"2026-12-04T00:00:00+07:00"')
    assert question("stuck").filled_in({}, NOW).endswith('StuckSince <= "2026-11-25"')


def test_an_unknown_question_lists_all() -> None:
    with pytest.raises(QuestionError) as refusal:
        question("qua-han")
    assert all(f"{asked.key}: {asked.title}" in str(refusal.value) for asked in QUESTIONS)


@pytest.mark.parametrize(
    ("key", "parameters", "says"),
    [
        ("unfinished", {}, "cần thêm --leg"),
        ("dossier", {Parameter.PROVINCE: "79"}, "cần thêm --code"),
        (
            "waiting-consent",
            {Parameter.AGENCY: "residence"},
            "không dùng --agency; dùng được: --province, --group, --days",
        ),
        ("overdue", {Parameter.AGENCY: "police"}, "social_insurance, social_affairs, "),
        ("overdue", {Parameter.PROVINCE: 'x" OR Province != "'}, "--province không có giá trị"),
        ("overdue", {Parameter.GROUP: "marriage"}, "--group không có giá trị “marriage”; có: birth, death"),
        ("unfinished", {Parameter.LEG: "khai_sinh"}, "birth_registration"),
        ("unfinished", {Parameter.LEG: "khai_tu"}, "death_registration"),
        ("concluded-badly", {Parameter.OUTCOME: "bad"}, "unpaid"),
        ("due", {Parameter.DAYS: "-1"}, "--days là số ngày từ 0 đến 3650"),
        ("due", {Parameter.DAYS: "9" * 400}, "--days là số ngày"),
        ("dossier", {Parameter.CODE: '" OR WorkflowId != "'}, "Mã hồ sơ không có dấu ngoặc kép"),
    ],
)
def test_what_cannot_be_asked_is_said(key: str, parameters: dict[Parameter, str], says: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(says)):
        question(key).filled_in(parameters, NOW)
