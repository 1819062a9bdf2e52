"""The simulator's wires, as unfriendly as the real ones, its book in numbers, and the process it is."""

import asyncio
import json
import signal
import socket
import sys
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from activities.adapters import Adapters
from activities.child_card import CHILD_CARD
from activities.dvclt import civil_status_record
from activities.field_map import laid_out
from activities.wire import leg_body
from models.systems import System
from tests.activities.simulated import (
    CODE,
    SENT_AT,
    Stage,
    declared,
    leg_message,
    read,
    settings_for,
    stage,
)

# As unfriendly as the real wires


def in_data(**changes: object) -> str:
    """`data` with some fields of the record otherwise than the wire has them."""
    return json.dumps({"hoTich": {**civil_status_record(declared()), **changes}})


PROVINCIAL_BODY: dict[str, Any] = {
    "maHoSo": CODE,
    "maDonVi": "00070",
    "maTTHC": "2.002621",
    "module": "LTKS",
    "techId": "birth_registration",
    "ngayGui": "19/11/2026 09:30:00",
    "data": in_data(),
    "fileDinhKem": [],
}
CONTENT: dict[str, Any] = {
    "toKhai": laid_out(CHILD_CARD, declared()),
    "soDangKyKhaiSinh": None,
    "soDinhDanh": None,
    "xacNhanVNeID": [],
}
INSURANCE_BODY: dict[str, Any] = {
    "MaHoSo": CODE,
    "MaHoSoMCDT": None,
    "MaTTHC": "2.002621",
    "MaKyThuat": "health_insurance_card",
    "MaCoQuan": "BHXH.01",
    "ThoiGianGui": "20261119093000",
    "DuLieu": json.dumps(CONTENT),
    "GiayTo": [],
}


async def test_the_province_says_that_it_has_the_dossier_and_takes_it_once() -> None:
    async with stage() as play:
        first, second = [await play.http.post("/provincial/ho-so-lien-thong", json=PROVINCIAL_BODY) for _ in range(2)]
        book = await play.settled()
    assert (first.status_code, first.json()["maKetQua"]) == (200, "00")
    assert (second.status_code, second.json()["thongBao"]) == (200, "Hồ sơ đã tồn tại trong một cửa điện tử")
    assert len(book.intakes) == len(book.registrations) == 1
    assert [seen.repeat for seen in book.requests] == [False, True]


@pytest.mark.parametrize(
    "change",
    [
        {"maDonVi": 4},
        {"ngayGui": "2026-11-19T09:30:00"},
        {"data": "{}"},
        {"data": "x"},
        {"data": in_data(nksHoTen="")},
        {"data": in_data(nksNoiSinhDVHC="Không có thông tin")},
        {"data": in_data(meHoTen="Không có thông tin")},
        {"data": in_data(nksHoTen=unicodedata.normalize("NFD", "Trần Minh Mẫu"))},
        {"data": in_data(nksGioiTinh="Nam")},
        {"data": in_data(nksNgaySinh="2026-11-09")},
        {"data": in_data(nksQueQuan="Xã Hương Sơn, thành phố Hà Nội")},
        {
            "fileDinhKem": [
                {"loaiGiayTo": "birth_notice", "tenGiayTo": "a", "tenTepDinhKem": "b", "duLieuTepDinhKem": "?"}
            ]
        },
        {"module": "LTKT"},
        {"thua": 1},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_the_province_answers_200_even_to_nonsense(change: dict[str, Any]) -> None:
    async with stage() as play:
        reply = await play.http.post("/provincial/ho-so-lien-thong", json=PROVINCIAL_BODY | change)
        book = await play.book()
    assert (reply.status_code, reply.json()["thongBao"]) == (200, "Logic xử lý không hợp lệ")
    assert book.intakes == ()


async def test_social_insurance_registers_twice_what_it_is_sent_twice() -> None:
    """What our adapter must prevent by looking up first can really happen."""
    async with stage() as play:
        token = (await play.http.post("/social_insurance/api/token", json={"MaDonVi": "G22"})).json()["Token"]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "same"}
        for _ in range(2):
            reply = await play.http.post(
                "/social_insurance/api/lienthong/guiHoSo", json=INSURANCE_BODY, headers=headers
            )
            assert reply.json()["MaKetQua"] == 200
        wrong = await play.http.post(
            "/social_insurance/api/lienthong/guiHoSo", json=INSURANCE_BODY | {"ThoiGianGui": "now"}, headers=headers
        )
        unknown = await play.http.post("/social_insurance/api/lienthong/guiHoSo", json=INSURANCE_BODY)
        book = await play.settled()
    assert len(book.intakes) == len(book.registrations) == 2
    assert len({registration.number for registration in book.registrations}) == 2
    assert len({event.id for event in play.gateway.events}) == 2
    assert (wrong.status_code, wrong.json()) == (200, {"MaKetQua": 205})
    assert (unknown.status_code, unknown.json()) == (200, {"MaKetQua": 401})


async def test_a_friendly_system_insists_on_keys_and_on_the_contract() -> None:
    message = leg_message(System.RESIDENCE)
    body = await leg_body(message, read)
    headers = {"Idempotency-Key": message.head.key}
    async with stage() as play:
        without = await play.http.post("/residence/dossiers", json=body)
        taken = await play.http.post("/residence/dossiers", json=body, headers=headers)
        other = await play.http.post("/residence/dossiers", json=body | {"agency": "Công an"}, headers=headers)
        nonsense = await play.http.post("/residence/dossiers", json={"head": 1}, headers=headers)
        book = await play.settled()
    assert [reply.status_code for reply in (without, taken, other, nonsense)] == [400, 202, 422, 422]
    assert {reply.headers["content-type"] for reply in (without, other, nonsense)} == {"application/problem+json"}
    assert other.json()["type"].endswith("key-reused")
    assert len(book.intakes) == 1


# The book and the process


async def submit(play: Stage, system: System, code: str = CODE, sent_at: datetime = SENT_AT) -> None:
    """Send a leg's part."""
    await play.adapters.agencies[system].submit(leg_message(system, code, sent_at), read)


async def test_the_book_in_numbers_and_the_contract_in_writing() -> None:
    async with stage() as play:
        for _ in range(2):
            await submit(play, System.RESIDENCE)
        await play.settled()
        summary = (await play.http.get("/book")).json()
        contract = (await play.http.get("/openapi.json")).json()
        empty = await play.book("G22.99.08-261119-999999")
    assert summary["dossiers"] == [CODE]
    assert summary["systems"]["residence"] == {
        "requests": 2,
        "repeats": 1,
        "intakes": 1,
        "registrations": 1,
        "deliveries": 0,
        "answers": {"accepted": 2},
    }
    assert {path.split("/")[1] for path in contract["paths"]} >= {system.value for system in System}
    assert (empty.intakes, empty.offset_seconds) == ((), None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_process_starts_serves_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ("--port", str(port), "--gateway", "http://127.0.0.1:1", "--book", str(tmp_path / "state" / "book.db"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", *options, stderr=asyncio.subprocess.PIPE
    )
    try:
        await ready(process)
        async with Adapters(settings_for(f"http://127.0.0.1:{port}")) as adapters:
            await adapters.agencies[System.RESIDENCE].submit(leg_message(System.RESIDENCE), read)
        process.send_signal(number)
        _, log = await asyncio.wait_for(process.communicate(), 10)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    assert b"Traceback" not in log
    with socket.create_server(("127.0.0.1", port)):
        pass


async def ready(process: asyncio.subprocess.Process) -> None:
    """Wait for the line that says so."""
    assert process.stderr is not None
    async with asyncio.timeout(20):
        while b"ready" not in (line := await process.stderr.readline()):
            assert line, "the simulator did not start"


async def test_a_taken_port_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulator", "--port", port, stderr=asyncio.subprocess.PIPE
        )
        _, log = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert port.encode() in log
    assert b"Traceback" not in log
