"""The stories that are played over and over, with a kill at another point each time. A new one is a row of STORIES."""

import base64
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from models.dossier import LegStage
from tests.integration.system import SAMPLES, System

Act = Callable[[System, str], None]
"""What people do while the dossier of that code runs. It runs in a thread, waits for what it needs, and is patient with
processes that are away."""

_LOOK = 0.3
_PATIENCE = 120.0
_PAPERS = {
    "reason_code": "document_missing",
    "documents": ["residence_papers"],
    "legal_basis": "Luật Cư trú 2020 Điều 21",
    "text": "Bổ sung giấy tờ chứng minh chỗ ở hợp pháp.",
}
_LOST = {"fail_times": 1, "fail_with": "drop", "delay": 5}
"""The system does what it is sent, its answer is lost, and it says nothing else before it is asked again."""


def nobody_acts(system: System, code: str) -> None:
    """The dossier goes its way without anybody."""


def the_citizen_supplements(system: System, code: str) -> None:
    """Once the residence office asks for papers, they are sent: again and again, until the gateway has taken them."""
    _until(lambda: any(leg.stage is LegStage.WAITING_SUPPLEMENT for leg in system.dossier(code).legs), "asked for")
    content = base64.b64encode((SAMPLES / "attachments" / "residence-papers.pdf").read_bytes()).decode()
    papers = {"kind": "residence_papers", "file_name": "a.pdf", "media_type": "application/pdf", "content": content}
    data = {"leg": "residence_registration", "documents": [papers], "at": system.now().isoformat()}
    _until(lambda: _taken(system, code, data), "taken")


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"the supplement was never {what}"
        time.sleep(_LOOK)


def _taken(system: System, code: str, data: Mapping[str, Any]) -> bool:
    with suppress(httpx.TransportError):
        answer = system.event(code, "supplement", dict(data), id=f"{code}:supplement")
        assert not answer.is_client_error, answer.text
        return answer.is_success
    return False


@dataclass(frozen=True)
class Story:
    """A sample of either group, how each system treats it (`simulator.instructions`), what people do meanwhile.

    `kills`: how the names of the works begin at which a worker is killed; at all, where it says nothing.
    """

    name: str
    sample: str
    instructions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    act: Act = nobody_acts
    kills: tuple[str, ...] = ("",)


PLAIN = Story("plain", "plain")

STORIES = (
    PLAIN,
    Story(
        "consents", "grandparents-home", kills=("publish", "ask_consent", "citizen_due_date", "due_dates", "send_leg")
    ),
    Story(
        "answers lost",
        "plain",
        dict.fromkeys(("provincial", "residence", "social_insurance", "payment"), _LOST),
        kills=("send_leg", "request_payment"),
    ),
    Story(
        "death chain",
        "aged-80",
        dict.fromkeys(("provincial", "residence", "social_insurance", "social_affairs"), _LOST),
        kills=("send_leg", "look_up_notice", "publish"),
    ),
    Story("relatives", "insurance-lump-sum", kills=("ask_consent", "citizen_due_date", "send_leg insurance")),
    Story(
        "supplement",
        "plain",
        {"residence": {"supplement": _PAPERS}},
        act=the_citizen_supplements,
        kills=("send_leg residence_registration", "send_follow_up", "citizen_due_date", "due_dates", "publish"),
    ),
)
