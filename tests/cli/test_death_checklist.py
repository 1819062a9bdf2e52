"""`checklist` of form 02: what to attach, what agencies add themselves, whose consent is asked or already given."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from starter import application

SAMPLES = Path(__file__).parents[2] / "samples" / "death"
ON = "2026-11-19"
AGREEMENT, MARTYR = "representative_agreement", "martyr_raiser_agreement"
FUNERAL, SURVIVORS = "insurance_funeral_benefit", "insurance_survivor_benefit"
MERIT_FUNERAL, MERIT_SURVIVORS = "merit_funeral_benefit", "merit_survivor_benefit"

ASSESSED = ["capacity_assessment", "disability_certificate"]
STUDYING = ["school_certificate", "graduation_diploma", "school_end_certificate"]
NEEDS: dict[str, list[list[str]]] = {
    "insurance-agreement": [[AGREEMENT]],
    "insurance-monthly": [ASSESSED, ["assessment_invoice"]],
    "merit-monthly": [STUDYING, ["disability_certificate"], ["income_certificate"]],
    "merit-monthly-orphaned": [["alone_or_orphan_certificate"], ["disability_certificate"]],
    "organisation-declares": [["death_notice_substitute"]],
    "protection-emergency": [["death_notice_substitute"]],
    "time-unknown": [["death_notice_substitute"]],
    "year-only": [["death_notice_substitute"]],
}
"""What the samples must have attached; the others nothing."""
ASKED: dict[str, list[tuple[str, str, int, str]]] = {
    "insurance-declarant-not-beneficiary": [
        (SURVIVORS, "relative", 1, AGREEMENT),
        (SURVIVORS, "payee", 1, AGREEMENT),
    ],
    "insurance-funeral-relative": [(FUNERAL, "relative", 1, AGREEMENT)],
    "insurance-lump-sum": [(FUNERAL, "relative", 3, AGREEMENT), (SURVIVORS, "relative", 3, AGREEMENT)],
    "insurance-monthly": [(FUNERAL, "relative", 1, AGREEMENT)],
    "merit-lump-sum": [(MERIT_FUNERAL, "relative", 1, AGREEMENT), (MERIT_SURVIVORS, "relative", 1, AGREEMENT)],
    "merit-monthly": [(MERIT_FUNERAL, "relative", 2, AGREEMENT)],
    "merit-raised-martyr": [(MERIT_FUNERAL, "relative", 2, AGREEMENT), (MERIT_SURVIVORS, "relative", 2, MARTYR)],
}
"""Who is asked in VNeID: the leg, the role, how many people, and the agreement that may be attached instead."""

app = application(("checklist",))
runner = CliRunner()


def run(*arguments: str) -> Result:
    return runner.invoke(app, ["checklist", *arguments, "--on", ON])


def answer(file: Path, code: int = 0) -> Any:
    result = run(str(file), "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def shown(file: Path) -> str:
    return " ".join(run(str(file)).stdout.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "samples"))


def attaching(folder: Path, name: str, *attached: tuple[str, str]) -> Path:
    """The sample with exactly these attachments."""
    path = folder / f"{name}.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["attachments"] = [{"kind": kind, "file": f"attachments/{file}.pdf"} for kind, file in attached]
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.rule("5.attachments-are-data", "5.relatives-consent")
@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.json")))
def test_checklist_of_every_sample(name: str) -> None:
    found = answer(SAMPLES / f"{name}.json")
    assert [[kind["kind"] for kind in one["any_of"]] for one in found["required"]] == NEEDS.get(name, [])
    asked = [(one["leg"], one["role"], one["people"], one["instead"]["kind"]) for one in found["consents"]]
    assert asked == ASKED.get(name, [])
    assert found["complete"]
    assert all(one["about"] and one["working_days"] == 5 for one in found["consents"])
    without_notice = [kind["kind"] for one in found["if_notice_unusable"] for kind in one["any_of"]]
    assert without_notice == ([] if ["death_notice_substitute"] in NEEDS.get(name, []) else ["death_notice_substitute"])


@pytest.mark.rule("5.relatives-consent")
def test_consent_or_agreement_is_offered_and_nobody_is_named(folder: Path) -> None:
    text = shown(folder / "insurance-lump-sum.json")
    assert "Thân nhân, 3 người, tất cả phải đồng ý đồng ý" not in text
    assert "Thân nhân, 3 người, tất cả phải đồng ý: cử người đại diện nhận trợ cấp tuất một lần" in text
    assert "Hoặc đính kèm: Văn bản thống nhất cử người đại diện" in text
    form = json.loads((SAMPLES / "insurance-lump-sum.json").read_text(encoding="utf-8"))
    for relative in form["benefits"]["relatives"]:
        assert relative["full_name"] not in text
        assert relative["personal_id"] not in text


@pytest.mark.rule("5.relatives-consent")
def test_a_signed_agreement_attached_leaves_nobody_to_ask(folder: Path) -> None:
    path = attaching(folder, "insurance-lump-sum", (AGREEMENT, "representative-agreement"))
    found = answer(path)
    assert found["consents"] == found["other_attachments"] == []
    assert [(one["leg"], one["role"]) for one in found["agreements"]] == [
        (FUNERAL, "relative"),
        (SURVIVORS, "relative"),
    ]
    text = shown(path)
    assert "Không hỏi thân nhân" in text
    assert "representative-agreement.pdf" in text
    assert "Không phải hỏi ai." not in text


@pytest.mark.rule("5.relatives-consent")
def test_who_cannot_be_asked_makes_the_agreement_missing(folder: Path) -> None:
    found = answer(attaching(folder, "insurance-agreement"), code=3)
    (needed,) = found["required"]
    assert needed["missing"]
    assert [by["leg"] for by in needed["needed_by"]] == [FUNERAL, SURVIVORS]
    text = shown(folder / "insurance-agreement.json")
    assert text.count("THIẾU – Văn bản thống nhất cử người đại diện") == 1
    assert "Còn thiếu 1 loại giấy tờ." in text


@pytest.mark.parametrize(
    ("name", "stated"),
    [("unsigned-notice", True), ("householder", True), ("year-only", False)],
)
def test_a_notice_is_only_stated_before_it_is_looked_up(name: str, stated: bool) -> None:
    text = shown(SAMPLES / f"{name}.json")
    assert ("có ghi số Giấy báo tử" in text) is stated
    assert "dùng được" not in text


@pytest.mark.rule("10.householder-deceased")
def test_the_family_of_a_householder_learns_that_the_household_needs_another() -> None:
    text = shown(SAMPLES / "householder.json")
    assert "người chết là chủ hộ" in text
    assert "người khác trong hộ đổi chủ hộ bằng thủ tục riêng" in text
    assert "chủ hộ" not in shown(SAMPLES / "unsigned-notice.json").lower()


def test_words_for_officials_are_not_in_the_checklist_of_a_citizen() -> None:
    text = shown(SAMPLES / "insurance-declarant-not-beneficiary.json")
    assert "Không có trong bảng kê thân nhân và không nhận trợ cấp; được phép." in text
    assert "nên hỏi" not in text


@pytest.mark.rule("5.attachments-are-data")
def test_what_the_commune_adds_itself_is_not_asked_of_the_citizen(folder: Path) -> None:
    found = answer(attaching(folder, "merit-monthly-orphaned"), code=3)
    certificate, disability = found["required"]
    assert disability["missing"]
    assert (certificate["missing"], certificate["completed_by"]) == (False, "Ủy ban nhân dân xã, phường, đặc khu")
    text = shown(folder / "merit-monthly-orphaned.json")
    assert "Còn thiếu 1 loại giấy tờ." in text
    assert "Cơ quan tự bổ sung, không phải nộp - Giấy xác nhận sống độc thân" in text


@pytest.mark.rule("5.80-plus")
def test_the_decision_of_social_insurance_is_not_asked_of_the_citizen(folder: Path) -> None:
    (handed,) = answer(folder / "aged-80.json")["handed_over"]
    assert (handed["kind"], handed["from_leg"], handed["leg"]) == (
        "benefit_end_decision",
        "survivor_benefit_end",
        "funeral_cost_support",
    )
    assert "Quyết định thôi hưởng trợ cấp tuất hằng tháng: kết quả của" in shown(folder / "aged-80.json")


def test_a_missing_substitute_is_asked_for_under_its_name(folder: Path) -> None:
    found = answer(attaching(folder, "year-only"), code=3)
    (substitute,) = found["required"]
    (by,) = substitute["needed_by"]
    assert (substitute["missing"], by["field"]) == (True, "Số Giấy báo tử/Giấy tờ thay thế Giấy báo tử")
    assert "Nếu không tìm thấy giấy báo tử" in shown(folder / "householder.json")


def test_what_is_wrong_in_files_and_form_is_told_together_by_the_names_of_form_02(folder: Path) -> None:
    path = attaching(folder, "insurance-lump-sum", ("passport", "nothing"))
    data = json.loads(path.read_text(encoding="utf-8"))
    data["benefits"]["all_relatives_declared"] = False
    path.write_text(json.dumps(data), encoding="utf-8")
    told = {one["path"]: one["field"] for one in answer(path, code=2)["details"]}
    assert told["attachments.0.kind"] == "Giấy tờ đính kèm (mục 1) – Loại giấy tờ"
    assert "Cam đoan đã kê khai tất cả thân nhân" in told["benefits.all_relatives_declared"]
