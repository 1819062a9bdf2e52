"""Commands without a server: what they answer, what they refuse, and that nothing typed makes them crash."""

import csv
import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli import output
from cli.offline import register
from models.form_facts import Fact
from starter import application

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples" / "birth"
EXAMPLES = ROOT / "tests" / "models" / "data" / "deadline_examples.csv"
ON = "2026-11-19"

app = application(("deadline",))
runner = CliRunner()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIENTHONG_CALENDAR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> Result:
    """A command's result; anything but an exit is a crash and fails the test."""
    result = runner.invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    return result


def answer(*arguments: str, code: int = 0) -> Any:
    """The JSON of a command that ends with that code and says nothing else on stdout."""
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


# --- deadline ------------------------------------------------------------------------------------------------------


def examples() -> list[dict[str, str]]:
    with EXAMPLES.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if not row["stops"]]


@pytest.mark.rule("6.3-examples")
@pytest.mark.parametrize("row", examples(), ids=lambda row: f"{row['from']}+{row['working_days']}")
def test_deadline_answers_the_published_examples(row: dict[str, str]) -> None:
    citizen = ["--citizen"] if row["kind"] == "citizen_limit" else []
    found = answer("deadline", row["from"], "--working-days", row["working_days"], *citizen)
    assert found["due_at"] == row["ends_at"]
    assert not found["provisional"]
    if row["effective_receipt_day"]:
        assert found["effective_date"] == row["effective_receipt_day"]
    assert all(isinstance(sentence, str) and sentence for sentence in found["explanation"])


@pytest.mark.parametrize(
    "written",
    ["2026-07-10T15:00:01", "2026-07-10 15:00:01", "20260710T150001", "2026-07-10T08:00:01Z", " 2026-07-10t15:00:01 "],
)
def test_deadline_reads_every_iso_form_and_takes_naive_times_as_vietnamese(written: str) -> None:
    found = answer("deadline", written, "--working-days", "3")
    assert found["received_at"] == "2026-07-10T15:00:01+07:00"
    assert (found["effective_date"], found["due_at"]) == ("2026-07-13", "2026-07-16T17:00:00+07:00")


@pytest.mark.parametrize(
    "received",
    [
        "",
        " ",
        "NaN",
        "hôm qua",
        "2026-13-01T10:00",
        "2026-02-30T10:00",
        "2026-07-10T25:00",
        "2026-07-10x14:59",
        "2026-07-10T14:59+99:00",
        "2026-07-10T",
        "0000-01-01T00:00",
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59",
        "9999-12-31T23:59-12:00",
        "10000-01-01T00:00",
        "2026-07-10T14:59\n2026-07-11T10:00",
        "\x1b[31m2026",
        "９９９９-12-31T10:00",
        "9" * 5000,
    ],
)
def test_a_bad_receipt_time_is_one_clear_line(received: str) -> None:
    result = run("deadline", received, "--working-days", "3")
    assert_one_line(result)


def test_a_receipt_day_without_its_hour_is_refused_because_of_the_rule_of_15_hours() -> None:
    result = run("deadline", "2026-07-10", "--working-days", "3")
    assert_one_line(result)
    assert "15 giờ" in result.stderr


@pytest.mark.parametrize(
    "limit", ["-5", "-0", "-1", "", "ba", "2.5", "1e3", "NaN", "0x10", "٣", "9" * 9, "9" * 30, "9" * 5000]
)
def test_a_bad_limit_is_one_clear_line(limit: str) -> None:
    assert_one_line(run("deadline", "2026-07-10T14:59", "--working-days", limit))
    assert_one_line(run("deadline", "2026-07-10T14:59", f"--working-days={limit}"))


def assert_one_line(result: Result) -> None:
    assert result.exit_code == output.Exit.USAGE
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.strip().isprintable()
    assert "Traceback" not in result.stderr


def test_a_refusal_for_scripts_is_json_on_stdout() -> None:
    error = answer("deadline", "2026-07-10T14:59", "--working-days", "-5", code=2)
    assert error == {"error": "“-5”: số ngày làm việc không được âm.", "details": []}


def test_deadline_beyond_the_announced_years_is_marked_provisional() -> None:
    found = answer("deadline", "2030-04-26T10:00", "--working-days", "3")
    assert (found["provisional"], found["due_at"]) == (True, "2030-05-01T17:00:00+07:00")
    assert "tạm tính" in run("deadline", "2030-04-26T10:00", "--working-days", "3").stdout
    assert not answer("deadline", "2026-07-10T10:00", "--working-days", "3")["provisional"]


def calendar_file(folder: Path, *days: str) -> Path:
    path = folder / f"{days[0]}.csv"
    rows = [f"{day},off,Nghỉ bão,QĐ 1,công báo,high" for day in days]
    path.write_text("\n".join(["date,kind,reason,document,source,confidence", *rows]), encoding="utf-8")
    return path


@pytest.mark.rule("6.1-extendable")
def test_deadline_counts_on_the_operators_calendars_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = calendar_file(tmp_path, "2026-07-13"), calendar_file(tmp_path, "2026-07-14")
    asked = ("deadline", "2026-07-10T14:59", "--working-days", "1")
    packaged = answer(*asked)
    assert packaged["due_at"].startswith("2026-07-13")
    given_both = answer(*asked, "--calendar", str(first), "--calendar", str(second))
    assert given_both["due_at"].startswith("2026-07-15")
    monkeypatch.setenv("LIENTHONG_CALENDAR", json.dumps([str(first)]))
    assert answer(*asked)["due_at"].startswith("2026-07-14")
    assert answer(*asked, "--calendar", str(second)) == given_both
    assert given_both["calendar_version"] != packaged["calendar_version"]


def test_an_unusable_calendar_or_setting_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("deadline", "2026-07-10T14:59", "--working-days", "1")
    assert_one_line(run(*asked, "--calendar", str(tmp_path / "none.csv")))
    assert_one_line(run(*asked, "--calendar", str(calendar_file(tmp_path, "13/07/2026".replace("/", ".")))))
    monkeypatch.setenv("LIENTHONG_CALENDAR", "not json")
    assert_one_line(run(*asked))
    monkeypatch.setenv("LIENTHONG_CALENDAR", "[]")
    monkeypatch.setenv("LIENTHONG_CALL_TIMEOUT", "-1")
    assert_one_line(run(*asked))


def test_deadline_for_people_says_the_date_first_and_why() -> None:
    shown = run("deadline", "2026-11-20T15:01", "--working-days", "3").stdout
    assert shown.startswith("Hạn: 17:00 thứ Sáu 27/11/2026.\n")
    assert "sau 15 giờ nên tính từ thứ Hai 23/11/2026" in shown
    assert "Ngày Văn hóa Việt Nam" in shown


@settings(max_examples=300, deadline=None)
@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?", fullmatch=True))
def test_no_text_as_receipt_time_crashes(text: str) -> None:
    for limit in ("0", "7"):
        assert run("deadline", text, "--working-days", limit, "--json").exit_code in {0, 2}


@settings(max_examples=100, deadline=None)
@given(st.text() | st.integers().map(str))
def test_no_text_as_limit_crashes(text: str) -> None:
    assert run("deadline", "2026-07-10T14:59", "--working-days", text).exit_code in {0, 2}


# --- law -----------------------------------------------------------------------------------------------------------

LEG_KEYS = {
    "procedure",
    "code",
    "agency",
    "limit",
    "verification_limit",
    "prerequisites",
    "consent",
    "legal_basis",
    "confidence",
}


def legs_on(day: str, *more: str) -> dict[str, Any]:
    (group,) = answer("law", "--on", day, "--group", "birth", *more)["groups"]
    return {leg["leg"]: leg for leg in group["legs"]}


@pytest.mark.parametrize(
    ("day", "pack", "code", "legs"),
    [
        ("2024-07-01", "2024-07-01", "2.002621", 3),
        ("2025-06-30", "2024-07-01", "2.002621", 3),
        ("2025-07-01", "2025-07-01", "2.002621", 3),
        ("2026-06-30", "2025-07-01", "2.002621", 3),
        ("2026-07-01", "2026-07-01", "2.002621", 3),
        ("2026-08-31", "2026-07-01", "2.002621", 3),
        ("2026-09-01", "2026-09-01", "3.000722", 4),
        ("2027-03-01", "2026-09-01", "3.000722", 4),
    ],
)
def test_law_says_what_is_in_force_on_a_date(day: str, pack: str, code: str, legs: int) -> None:
    report = answer("law", "--on", day, "--group", "birth")
    assert (report["pack"], report["on"], report["provisional"]) == (pack, day, False)
    (group,) = report["groups"]
    assert (group["code"], group["limit"], group["verification_limit"], len(group["legs"])) == (code, 3, 5, legs)
    for leg in group["legs"]:
        assert leg.keys() >= LEG_KEYS
        assert leg["code"] == code
    shown = run("law", "--on", day).stdout
    assert code in shown
    assert all(leg["procedure"] in shown and leg["agency"] in shown for leg in group["legs"])


def test_law_tells_agencies_limits_and_prerequisites_of_each_leg() -> None:
    before, now = legs_on("2025-06-30"), legs_on("2026-11-19")
    assert before["birth_registration"]["agency"] == "Ủy ban nhân dân cấp xã"
    (exception,) = before["birth_registration"]["agency_exceptions"]
    assert (exception["agency"], exception["when"]) == ("Ủy ban nhân dân cấp huyện", ["foreign_element"])
    assert exception["condition"] == "khi có yếu tố nước ngoài"
    assert now["birth_registration"]["agency_exceptions"] == []
    assert [leg["limit"] for leg in now.values()] == [0, 2, 2, 5]
    assert [leg["verification_limit"] for leg in now.values()] == [None, 5, None, None]
    assert [leg["prerequisites"] for leg in now.values()] == [[], *[["birth_registration"]] * 3]
    assert now["identity_card"]["when"] == ["identity_card_requested"]


def test_law_tells_whose_consent_is_needed_and_when() -> None:
    before, now = legs_on("2026-06-30"), legs_on("2026-07-01")
    asked = [(one["role"], one["quorum"], one["condition"]) for one in before["residence_registration"]["consent"]]
    assert asked[:2] == [("householder", "all", None), ("dwelling_owner", "all", None)]
    assert asked[2][2] == "khi trẻ đăng ký thường trú khác nơi thường trú của cha, mẹ"
    for consent in now["residence_registration"]["consent"]:
        assert consent["unless"] == ["registered_with_parent_or_guardian"]
        assert "trừ khi trẻ đăng ký thường trú tại nơi ở của cha, mẹ" in consent["condition"]
        assert consent["working_days"] == 5


@pytest.mark.rule("5.bhxh-limits", "5.btxh-limits", "5.80-plus", "5.ncc-limits")
def test_law_tells_how_long_a_death_may_take_in_each_case() -> None:
    (group,) = answer("law", "--on", ON, "--group", "death")["groups"]
    totals = {tuple(total["when"]): (total["limit"], total["verification_limit"]) for total in group["totals"]}
    assert totals == {
        ("social_insurance",): (9, 12),
        ("aged_on_survivor_benefit",): (11, 14),
        ("social_protection",): (6, 9),
        ("merit",): (18, 21),
    }
    assert (group["limit"], group["verification_limit"]) == (1, 4)
    assert all(total["legal_basis"] and total["condition"] for total in group["totals"])
    verifying = [total["verification"] for total in (*group["totals"], group)]
    assert {one["confidence"] for one in verifying} == {"choice"}, "read in no text, unlike the totals themselves"
    assert {total["confidence"] for total in group["totals"]} == {"Q"}
    shown = run("law", "--on", ON, "--group", "death").stdout
    cells = [[cell.strip() for cell in line.split("│")[2:4]] for line in shown.splitlines() if line.startswith("│")]
    limits = [both for both in cells if all(cell.endswith("ngày làm việc") for cell in both)][:5]
    assert limits == [[f"{days} ngày làm việc", f"{days + 3} ngày làm việc"] for days in (9, 11, 6, 18, 1)]


@pytest.mark.rule("5.graph")
def test_law_shows_the_graph_of_a_death() -> None:
    (group,) = answer("law", "--on", ON, "--group", "death")["groups"]
    legs = {leg["leg"]: leg for leg in group["legs"]}
    assert {key: leg["prerequisites"] for key, leg in legs.items()} == {
        "death_registration": [],
        **{key: ["death_registration"] for key in legs if key not in ("death_registration", "funeral_cost_support")},
        "funeral_cost_support": ["death_registration", "survivor_benefit_end"],
    }
    assert (legs["survivor_benefit_end"]["limit"], legs["funeral_cost_support"]["limit"]) == (2, 5)
    assert legs["funeral_cost_support"]["system"] == "social_affairs"
    shown = run("law", "--on", ON, "--group", "death").stdout
    tree = [line.split("│", 1)[1] for line in shown.splitlines() if "─ " in line]
    drawn = [line[: line.index("─ ") + 2].strip() for line in tree]
    assert drawn == ["├─", "├─", "├─", "├─", "│  └─", "├─", "└─"]
    assert "Thôi hưởng trợ cấp tuất" in tree[3]
    assert "Hỗ trợ chi phí mai táng" in tree[4]
    assert "Đăng ký khai tử, Thôi hưởng trợ cấp tuất hằng tháng (nếu hồ sơ có)" in shown


def test_law_tells_to_what_relatives_consent_and_what_replaces_it() -> None:
    (group,) = answer("law", "--on", ON, "--group", "death")["groups"]
    (funeral,) = next(leg for leg in group["legs"] if leg["leg"] == "merit_funeral_benefit")["consent"]
    assert (funeral["role"], funeral["about"]) == ("relative", "cử người đại diện nhận trợ cấp mai táng")
    assert funeral["replaced_by"]["kind"] == "representative_agreement"
    assert (funeral["quorum"], funeral["may_change"]) == ("all", True)
    papers = [one for leg in group["legs"] for one in leg["documents"]]
    completed = [one["completed_by"] for one in papers if one["completed_by"]]
    assert completed == ["Ủy ban nhân dân xã, phường, đặc khu"]
    shown = run("law", "--on", ON, "--group", "death").stdout
    assert "Thay được bằng: Văn bản thống nhất cử người đại diện" in shown
    assert "Ủy ban nhân dân xã, phường, đặc khu hoàn thiện, không yêu cầu công dân nộp." in shown


def test_the_provisional_pack_is_hinted_at_and_shown_only_when_asked_for() -> None:
    assert answer("law", "--on", "2026-12-31")["provisional_pack"] is None
    hinted = answer("law", "--on", "2027-01-01")
    assert (hinted["pack"], hinted["provisional_pack"]["pack"]) == ("2026-09-01", "2027-01-01")
    assert "--provisional" in run("law", "--on", "2027-01-01").stdout
    asked = answer("law", "--on", "2027-01-01", "--provisional")
    assert (asked["pack"], asked["provisional"], asked["provisional_pack"]) == ("2027-01-01", True, None)
    assert "DỰ KIẾN" in run("law", "--on", "2027-01-01", "--provisional").stdout


def test_law_refuses_what_there_is_not() -> None:
    unknown = run("law", "--group", "marriage")
    assert_one_line(unknown)
    assert "birth" in unknown.stderr
    before = run("law", "--on", "2024-06-30")
    assert (before.exit_code, before.stdout, len(before.stderr.splitlines())) == (4, "", 1)
    assert_one_line(run("law", "--on", "1/7/2026"))
    assert_one_line(run("law", "--on", ""))
    assert run("law", "--on", "0001-01-01").exit_code == 4
    assert run("law", "--on", "9999-12-31").exit_code == 0


def test_law_without_a_date_is_todays() -> None:
    assert answer("law")["on"] >= "2024-07-01"


def test_every_fact_a_law_may_ask_for_has_words_of_its_own() -> None:
    assert len({fact.label for fact in Fact}) == len(Fact)


# --- checklist -----------------------------------------------------------------------------------------------------

SAMPLE_NEEDS = {
    "abandoned-child": (["abandoned_child_record"], False, []),
    "deceased-parent": ([], True, []),
    "foreign-parent": ([], True, []),
    "grandparent-declares": ([], True, []),
    "grandparents-home": (["residence_papers"], True, ["householder", "dwelling_owner"]),
    "identity-card": ([], True, ["legal_representative"]),
    "no-birth-notice": (["witness_statement", "birth_commitment"], False, []),
    "old-hometown": ([], True, []),
    "one-parent": ([], True, []),
    "plain": ([], True, []),
    "shared-ethnic-name": ([], True, []),
    "surrogacy": (["surrogacy_document"], True, []),
    "temporary-residence": ([], True, ["householder", "dwelling_owner"]),
    "twins-1": ([], True, []),
    "twins-2": ([], True, []),
    "unknown-father": ([], True, []),
    "young-mother": ([], True, []),
}
"""Of each sample: attachments its case needs, whether an unusable birth notice would ask for more, who is asked."""


def test_every_sample_is_known_here() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == SAMPLE_NEEDS.keys()


@pytest.mark.parametrize("name", SAMPLE_NEEDS)
def test_checklist_of_every_sample(name: str) -> None:
    needed, more_without_notice, asked = SAMPLE_NEEDS[name]
    found = answer("checklist", str(SAMPLES / f"{name}.json"), "--on", ON)
    assert [kind["kind"] for one in found["required"] for kind in one["any_of"]] == needed
    assert found["complete"]
    assert not any(one["missing"] for one in found["required"])
    assert all(one["attached"] for one in found["required"])
    assert all(by["field"] and by["legal_basis"] for one in found["required"] for by in one["needed_by"])
    without_notice = [kind["kind"] for one in found["if_notice_unusable"] for kind in one["any_of"]]
    assert without_notice == (["witness_statement", "birth_commitment"] if more_without_notice else [])
    assert [consent["role"] for consent in found["consents"]] == asked
    assert run("checklist", str(SAMPLES / f"{name}.json"), "--on", ON).exit_code == 0


def test_a_checklist_names_roles_fee_and_warnings_and_no_person() -> None:
    shown = run("checklist", str(SAMPLES / "grandparents-home.json"), "--on", ON).stdout
    form = json.loads((SAMPLES / "grandparents-home.json").read_text(encoding="utf-8"))
    householder = form["residence_registration"]["householder"]
    assert "Chủ hộ" in shown
    assert "16.000 đồng" in shown
    assert householder["full_name"] not in shown
    assert householder["personal_id"] not in shown
    young = answer("checklist", str(SAMPLES / "young-mother.json"), "--on", ON)
    assert any("13 tuổi" in warning for warning in young["warnings"])
    foreign = answer("checklist", str(SAMPLES / "foreign-parent.json"), "--on", ON)
    assert foreign["fee"]["total_vnd"] == sum(line["amount_vnd"] for line in foreign["fee"]["lines"]) > 0
    assert [one["kind"] for one in foreign["other_attachments"]] == ["foreign_documents"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "samples"))


def edited(folder: Path, name: str, **sections: Any) -> str:
    path = folder / f"{name}.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, **sections}), encoding="utf-8")
    return str(path)


def test_missing_attachments_are_listed_with_their_alternatives_and_exit_3(folder: Path) -> None:
    file = edited(folder, "no-birth-notice", attachments=[])
    (needed,) = answer("checklist", file, "--on", ON, code=3)["required"]
    assert needed["missing"]
    assert [kind["label"] for kind in needed["any_of"]] == [
        "Văn bản của người làm chứng về việc sinh",
        "Giấy cam đoan về việc sinh",
    ]
    assert [by["field"] for by in needed["needed_by"]] == ["Số Giấy chứng sinh"]
    shown = run("checklist", file, "--on", ON)
    assert shown.exit_code == 3
    assert "THIẾU – Văn bản của người làm chứng về việc sinh hoặc Giấy cam đoan về việc sinh" in shown.stdout


@pytest.mark.rule("4.8-fees-are-data", "4.8-late-birth-fee")
def test_a_checklist_says_which_fee_is_waived_and_why(folder: Path) -> None:
    form = json.loads((folder / "no-birth-notice.json").read_text(encoding="utf-8"))
    results = {**form["results"], "birth_certificate_copies": 1}
    late = edited(folder, "no-birth-notice", child={**form["child"], "born_on": "2026-09-01"}, results=results)
    fee = answer("checklist", late, "--on", ON)["fee"]
    assert [line["item"] for line in fee["lines"]] == ["certificate_copy"]
    assert [(free["item"], free["basis"]) for free in fee["waived"]] == [
        ("late_birth_registration", "Luật Hộ tịch 2014 Điều 11(1)(a)")
    ]
    shown = run("checklist", late, "--on", ON).stdout
    assert "Lệ phí đăng ký khai sinh quá hạn: miễn (người thuộc hộ nghèo)." in shown
    assert "khai sinh quá hạn" in shown
    assert "Tổng cộng 8.000 đồng." in shown


def test_the_consents_of_a_checklist_follow_the_law_of_the_day(folder: Path) -> None:
    """Before 2026-07-01 the householder is asked even where the child joins its parents."""
    file = SAMPLES / "plain.json"
    form = json.loads(file.read_text(encoding="utf-8"))
    child = {**form["child"], "born_on": "2026-06-10"}
    notice = {**form["birth_notice"], "issued_on": "2026-06-11"}
    owners = [form["residence_registration"]["householder"]]
    registration = {**form["residence_registration"], "dwelling_owners": owners}
    named = edited(folder, "plain", child=child, birth_notice=notice, residence_registration=registration)
    roles = [consent["role"] for consent in answer("checklist", named, "--on", "2026-06-30")["consents"]]
    assert roles == ["householder", "dwelling_owner"]
    assert answer("checklist", named, "--on", "2026-07-01")["consents"] == []
    unnamed = edited(folder, "twins-1", child=child, birth_notice=notice)
    (problem,) = answer("checklist", unnamed, "--on", "2026-06-30", code=2)["details"]
    assert problem["path"] == "residence_registration.dwelling_owners"


def test_everything_wrong_with_a_declaration_is_said_at_once(folder: Path) -> None:
    file = edited(folder, "plain", applicant=None, attested=False, circumstance="lost", unknown=1)
    error = answer("checklist", file, "--on", ON, code=2)
    assert {problem["path"] for problem in error["details"]} == {"applicant", "attested", "circumstance", "unknown"}
    assert all(problem.keys() == {"path", "field", "message"} for problem in error["details"])
    result = run("checklist", file, "--on", ON)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Người yêu cầu" in result.stderr
    assert "Phải xác nhận lời cam đoan" in result.stderr


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_a_file_that_is_no_declaration_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "form.json"
    file.write_bytes(content)
    assert run("checklist", str(file), "--on", ON).exit_code == 2


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for missing in (str(tmp_path / "none.json"), str(tmp_path), "", "\udcff"):
        result = run("checklist", missing, "--on", ON)
        assert result.exit_code == 2
        assert "Không có tệp này" in result.stderr


def test_a_checklist_needs_a_day_that_has_a_law(folder: Path) -> None:
    assert run("checklist", str(folder / "plain.json"), "--on", "2024-06-30").exit_code == 4
    form = json.loads((SAMPLES / "plain.json").read_text(encoding="utf-8"))
    born, issued = {**form["child"], "born_on": "9999-12-20"}, {**form["birth_notice"], "issued_on": "9999-12-21"}
    assert (
        run("checklist", edited(folder, "plain", child=born, birth_notice=issued), "--on", "9999-12-31").exit_code == 0
    )


# --- all of them ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("deadline", "2026-07-10T14:59", "--working-days", "3"),
        ("law", "--on", ON),
        ("checklist", str(SAMPLES / "grandparents-home.json"), "--on", ON),
    ],
    ids=lambda command: command[0],
)
def test_fifty_runs_give_one_answer(command: tuple[str, ...]) -> None:
    for arguments in (command, (*command, "--json")):
        results = [run(*arguments) for _ in range(50)]
        assert {result.exit_code for result in results} == {0}
        assert len({result.stdout for result in results}) == 1
        assert {result.stderr for result in results} == {""}


@pytest.mark.parametrize("command", ["deadline", "law", "checklist"])
@pytest.mark.parametrize("markup", [None, "rich"])
def test_help_teaches_both_groups_with_examples_that_work(command: str, markup: Literal["rich"] | None) -> None:
    taught = typer.Typer(rich_markup_mode=markup)
    register(taught)
    shown = runner.invoke(taught, [command, "--help"]).stdout
    lines = [line.strip() for line in shown.splitlines()]
    examples = [line.split()[1:] for line in lines if line.startswith(f"lienthong {command} ")]
    assert len(examples) >= 2
    assert command == "deadline" or all(group in " ".join(map(str, examples)) for group in ("birth", "death"))
    assert "\x1b" not in shown
    for example in examples:
        assert run(*example).exit_code in {0, 3}


def test_a_code_is_never_broken_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    code = f"G22.99.08-{'1' * 150}"
    output.table("Hồ sơ", ("Mã", "Tên", "Ngày"), [(code, "tên dài " * 60, date(2026, 7, 1).isoformat())])
    output.facts([("Mã", code), ("Trống", "")])
    output.explain([f"{'lời ' * 100}{code}"])
    output.say(f"{'lời ' * 100}{code}")
    shown = capsys.readouterr().out
    assert shown.count(code) == 4
    assert "2026-07-01" in shown
    assert "Trống" not in shown
    assert "\x1b" not in shown


def starter(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "starter.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60, check=False, **options)


def test_the_script_answers_with_its_own_exit_code(folder: Path) -> None:
    good = starter("deadline", "2026-07-10T15:01", "--working-days", "3", "--json")
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)["due_at"] == "2026-07-16T17:00:00+07:00"
    bad = starter("deadline", "2026-07-10T15:01", "--working-days", "-5")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert len(bad.stderr.splitlines()) == 1
    missing = starter("checklist", edited(folder, "no-birth-notice", attachments=[]), "--on", ON)
    assert missing.returncode == 3
    assert starter("law", "--on", "2020-01-01").returncode == 4
