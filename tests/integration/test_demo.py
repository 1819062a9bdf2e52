"""`lienthong demo` as a newcomer runs it: every story is told, nothing goes wrong, nothing is left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.system import ROOT

_CHAPTERS = ("=== 1.", "=== 2.", "=== 3.", "=== 4.", "=== 5.", "=== 6.", "=== 7.", "=== 8.", "=== Xem tiếp")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the demo prints, by chapter; its temporary files in a folder of their own, none of which it may leave."""
    folder = tmp_path_factory.mktemp("demo")
    demo = subprocess.run(
        [sys.executable, str(ROOT / "starter.py"), "demo"],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
    )
    assert (demo.returncode, demo.stderr) == (0, ""), demo.stdout[-3000:] + demo.stderr
    assert list(folder.iterdir()) == []
    assert _left_running(folder) == []
    places = [demo.stdout.index(chapter) for chapter in _CHAPTERS]
    assert places == sorted(places)
    ends = [*places[1:], len(demo.stdout)]
    return {name: demo.stdout[at:end] for name, at, end in zip(_CHAPTERS, places, ends, strict=True)}


def _left_running(folder: Path) -> list[str]:
    """Processes of a system that lived in that folder: it stands in the environment of each."""
    mark, found = os.fsencode(folder), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().decode())
        except OSError:
            continue  # it has ended, or is another user's
    return found


def _in_order(text: str, *parts: str) -> None:
    """Each of the parts is there, after the one before."""
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0, f"“{part}” is missing or out of order in:\n{text}"
        at = found + len(part)


def test_three_dossiers_one_trace_and_the_operators_view(told: dict[str, str]) -> None:
    first = told["=== 1."]
    _in_order(first, "Thuộc tính tìm kiếm:", "WaitingFor = consent", "### Tiếp theo", "Chủ hộ, Chủ sở hữu")
    _in_order(first, "000002 – hoàn thành tất cả thủ tục", "000003 – hoàn thành một phần", "từ chối Đăng ký thường trú")
    _in_order(first, "000001 – hoàn thành tất cả thủ tục", "Đã gửi cho công dân và các hệ thống", "đã kết thúc")
    _in_order(told["=== 4."], "workflow BirthProcedureGroup", "LỖI: AgencyUnavailable", "(lần 2)", "gateway")


def test_the_gate_refuses_two_bad_demands(told: dict[str, str]) -> None:
    _in_order(
        told["=== 2."],
        "Cơ quan gửi yêu cầu bổ sung: “Hồ sơ chưa đạt, đề nghị bổ sung.”",
        "cơ quan đọc: “Chưa được chấp nhận, hồ sơ giữ nguyên: (1) Phải nêu mã lý do.",
        "Cơ quan gửi trả lại hồ sơ:",
        "Không được yêu cầu công dân nộp “Giấy chứng nhận kết hôn”.",
        "chỉ có 1 mốc (tiếp nhận), hạn vẫn 17:00 thứ Hai 23/11/2026, công dân nhận 0 thông báo",
        "2 yêu cầu của cơ quan không được chấp nhận",
    )


def test_a_death_goes_through_its_chain_of_agencies(told: dict[str, str]) -> None:
    _in_order(
        told["=== 3."],
        "Thôi hưởng trợ cấp tuất hằng tháng: hoàn thành",
        "Hỗ trợ chi phí mai táng (bảo trợ xã hội): hoàn thành",
        "5 ngày làm việc, sau Đăng ký khai tử, Thôi hưởng trợ cấp tuất hằng tháng",
        "Cả nhóm: 11 ngày làm việc.",
        "hoàn thành tất cả thủ tục",
    )


def test_a_lost_certificate_comes_back(told: dict[str, str]) -> None:
    _in_order(
        told["=== 5."],
        "17:00 20/11",
        "Đề nghị gửi lại bản điện tử, lần 1:",
        "Bản điện tử đã về sau 1 lần đòi",
        "000001 – hoàn thành tất cả thủ tục",
    )


def test_a_supplement_stops_one_leg_and_starts_its_clock_anew(told: dict[str, str]) -> None:
    chapter = told["=== 6."]
    _in_order(chapter, "yêu cầu bổ sung cho Đăng ký thường trú trước 24 giờ ngày thứ Tư 2/12/2026")
    _in_order(chapter, "chờ công dân bổ sung", "tạm dừng", "hoàn thành (sớm hạn)")
    _in_order(chapter, "Hạn hẹn lúc đầu 17:00 thứ Tư 25/11/2026, nay 17:00 thứ Năm 26/11/2026")
    _in_order(chapter, "Tính lại từ đầu toàn bộ thời hạn (2 ngày làm việc)", "Thôn Thử Nghiệm")


def test_a_late_agency_is_named_and_the_citizen_gets_a_new_date(told: dict[str, str]) -> None:
    _in_order(
        told["=== 7."],
        "quá hạn từ 17:00 thứ Tư 25/11/2026",
        "17:00 thứ Hai 23/11/2026, cơ quan đọc:",
        "Cơ quan chịu trách nhiệm: Bảo hiểm xã hội cơ sở.",
        "VĂN BẢN XIN LỖI",
        "Hẹn lại ngày trả kết quả: 17:00 thứ Sáu 27/11/2026.",
        "hoàn thành (quá hạn)",
    )


def test_one_silent_relative_opens_the_agreement_and_ends_one_leg(told: dict[str, str]) -> None:
    _in_order(
        told["=== 8."],
        "Trợ cấp mai táng đã có",
        "chờ văn bản đồng ý",
        "Đó là lần nhắc thứ 3",
        "Bạn có thể nộp văn bản đồng ý",
        "hết hạn xác nhận đồng ý",
        "000004 – hoàn thành một phần",
    )
