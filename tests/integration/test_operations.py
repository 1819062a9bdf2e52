"""`docs/operations.md` holds: every query on the page, run on a real server, finds exactly the dossiers it promises.

One server, one worker, some twenty dossiers around Thursday 26 November 2026, 10:00; 24 November is a day off. Each
has its own legal clock, set by the training offset and sent forward where days must pass; the test plays the agencies.
"""

import asyncio
import itertools
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import split
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client
from typer.testing import CliRunner, Result

from models.documents import DocumentKind
from models.dossier import DossierStage, LegStage
from models.facts import SupplementRequested, Unclassified
from models.questions import QUESTIONS, Parameter, question
from models.search_attributes import SearchAttribute
from models.systems import System
from starter import application
from tests.workflows.forwarding import ForwardedPlay, forwarding_server
from tests.workflows.harness import QUEUE, Play, stage
from tests.workflows.inputs import BIRTH, DEATH, HEALTH, RESIDENCE, died, free, moment, sample

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
NOW = moment("2026-11-26 10:00:00")
_PATIENCE = 30.0


@dataclass(frozen=True)
class Asked:
    """A question of the page: its query, and the command that asks the same."""

    query: str
    command: str

    @property
    def key(self) -> str:
        return split(self.command)[3]

    @property
    def given(self) -> Mapping[Parameter, str]:
        options = split(self.command)[4:]
        return {
            Parameter(name.removeprefix("--")): value for name, value in zip(options[::2], options[1::2], strict=True)
        }


def asked_on_the_page() -> tuple[Asked, ...]:
    """Each query block of the page with the command under it."""
    found = re.findall(r"```sql\n(.+?)\n```\n+`(lienthong list --preset .+?)`", PAGE.read_text("utf-8"))
    return tuple(Asked(query, command) for query, command in found)


# --- The dossiers ----------------------------------------------------------------------------------------------------


class Cast:
    """The dossiers on stage, by name."""

    def __init__(self, play: Play) -> None:
        self.client: Client = play.env.client
        self.codes: dict[str, str] = {}
        self._play = play
        self._children = itertools.count(1)

    async def declared(
        self, name: str, at: str, of: str = "plain", *, province: str = "79", fee: bool = False, **sections: Any
    ) -> ForwardedPlay:
        """A dossier of that name declared then; each is another child."""
        play = ForwardedPlay(self._play.env, self._play.ledger, self._play.world, self._play.law)
        number = next(self._children)
        declaration = (sample if fee else free)(of, moment(at).date(), **sections)
        form = declaration.model_dump(mode="json") | {"submission_id": f"op-{number}"}
        form["recipients"]["province_code"] = province
        form["child"]["full_name"] += f" {chr(ord('A') + number)}"
        form["child"]["born_at"] = f"{number // 60:02d}:{number % 60:02d}"
        if form["birth_notice"]:
            form["birth_notice"]["number"] = f"{number:05d}.GCS.01901.26"
        await play.submit(type(declaration).model_validate(form), moment(at))
        self.codes[name] = play.code
        return play

    async def registered(self, name: str, at: str, *, province: str = "79") -> ForwardedPlay:
        """The same, received and registered at once, certificate and all."""
        play = await self.declared(name, at, province=province)
        await play.register()
        return play

    async def late(self, name: str, leg: str, *, province: str = "79") -> ForwardedPlay:
        """Registered on Thursday 19/11; that leg's agency lets Monday 23/11, 17:00 pass, the other does not."""
        play = await self.registered(name, "2026-11-19 09:00:00", province=province)
        await play.receive(leg)
        await play.complete(HEALTH if leg == RESIDENCE else RESIDENCE)
        await play.forward(moment("2026-11-23 17:00:30"))
        await play.see(lambda view: any(each.overdue_since for each in view.legs), f"{leg} overdue")
        return play

    async def without_certificate(self) -> None:
        """Registered in time, but the certificate does not come, so nothing else can begin before the group is due."""
        play = await self.declared("no certificate", "2026-11-19 09:00:00")
        await play.receive(BIRTH)
        await play.decide(BIRTH)
        await play.forward(moment("2026-11-25 17:00:30"))
        await play.see(lambda view: view.overdue_since is not None, "the group overdue")

    async def waiting_for_consents(self, name: str, at: str) -> None:
        """Everything done but the residence registration, which two people have not agreed to."""
        play = await self.declared(name, at, of="grandparents-home")
        await play.receive(BIRTH)
        await play.asked(RESIDENCE, 2)
        await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
        await play.complete(HEALTH)
        await play.see(lambda view: view.legs[1].stage is LegStage.WAITING_CONSENTS, "only consents missing")

    async def waiting_for_citizen(self, name: str, at: str, stage: DossierStage) -> ForwardedPlay:
        """Documents or a fee are asked for."""
        if stage is DossierStage.WAITING_PAYMENT:
            play = await self.declared(name, at, fee=True)
        else:
            play = await self.declared(name, at, of="no-birth-notice", attachments=[])
        await play.see(lambda view: view.stage is stage, stage.label)
        return play

    async def unpaid(self) -> None:
        """Nobody pays in five working days."""
        play = await self.waiting_for_citizen("unpaid", "2026-11-12 08:00:00", DossierStage.WAITING_PAYMENT)
        await play.forward(moment("2026-11-20 00:00:30"))
        await play.ended()

    async def due_today(self) -> None:
        """Received this morning, hence registered by 17:00."""
        await (await self.declared("due today", "2026-11-26 09:00:00")).receive(BIRTH)

    async def death_due_today(self) -> None:
        """A death received this morning, hence registered by 17:00."""
        form = died("householder", moment("2026-11-26 09:00:00").date())
        recipients = form.recipients.model_copy(update={"province_code": "79"})
        play = ForwardedPlay(self._play.env, self._play.ledger, self._play.world, self._play.law)
        await play.submit(form.model_copy(update={"recipients": recipients}), moment("2026-11-26 09:00:00"))
        self.codes["death due today"] = play.code
        await play.receive(DEATH)

    async def due_tomorrow(self) -> None:
        """Two working days from yesterday."""
        play = await self.registered("due tomorrow", "2026-11-25 09:00:00")
        await play.receive(RESIDENCE)
        await play.receive(HEALTH)

    async def sent(self, name: str, at: str) -> ForwardedPlay:
        """Sent to the province, which has not received it."""
        play = await self.declared(name, at)
        await play.sent(BIRTH)
        return play

    async def waiting_for_operator(self) -> None:
        """Insurance has written something that only a person can read."""
        play = await self.registered("operator", "2026-11-26 08:00:00")
        await play.complete(RESIDENCE)
        await play.receive(HEALTH)
        await play.agency(HEALTH, Unclassified(at=await play.now(), text="Hồ sơ chưa đạt."))

    async def waiting_for_supplement(self, name: str, at: str) -> None:
        """Insurance is done; the police have asked the citizen for more."""
        play = await self.registered(name, at)
        await play.complete(HEALTH)
        await play.receive(RESIDENCE)
        asked = SupplementRequested(
            at=await play.now(),
            reason_code="document_missing",
            documents=("residence_papers",),
            legal_basis="Luật Cư trú 2020 Điều 21",
            text="Thiếu giấy tờ về chỗ ở.",
        )
        await play.agency(RESIDENCE, asked)
        await play.see(lambda view: view.legs[1].stage is LegStage.WAITING_SUPPLEMENT, "a supplement asked for")

    async def not_taken(self, name: str, leg: str, by: System, systems: set[System]) -> None:
        """One agency's system does not take its part, and after a minute of trying that is trouble."""
        play = await self.declared(name, "2026-11-26 08:00:00")
        await play.receive(BIRTH)
        systems.add(by)
        await play.decide(BIRTH, DocumentKind.BIRTH_CERTIFICATE)
        await play.complete(HEALTH if leg == RESIDENCE else RESIDENCE)
        await play.forward(moment("2026-11-26 08:03:00"))
        await play.see(lambda view: bool(view.troubles), f"{by} in trouble")

    async def concluded(self, name: str, *, refused: bool = False) -> None:
        """Everything on one morning, residence registered or refused."""
        play = await self.registered(name, "2026-11-26 08:00:00")
        await play.complete(HEALTH)
        await (play.refuse(RESIDENCE) if refused else play.complete(RESIDENCE))
        await play.ended()

    async def completed_late(self) -> None:
        """Residence registered only after the group was due."""
        play = await self.late("completed late", RESIDENCE)
        await play.forward(moment("2026-11-26 08:00:00"))
        await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
        await play.ended()

    async def stopped(self) -> None:
        """Somebody terminated it."""
        await (await self.sent("stopped", "2026-11-26 08:00:00")).handle.terminate()

    async def failing(self) -> None:
        """A workflow whose tasks fail."""
        self.codes["failing"] = "G22.99.08-261126-999999"
        await self.client.start_workflow("KhongCoQuyTrinhNay", id=self.codes["failing"], task_queue=QUEUE)

    async def take_places(self) -> None:
        """Every dossier brought to where it is to stand."""
        documents, payment = DossierStage.WAITING_DOCUMENTS, DossierStage.WAITING_PAYMENT
        first = await self.late("residence late", RESIDENCE)
        assert first.code == "G22.99.08-261119-000001", "the page names it"
        await asyncio.gather(
            self.late("residence late in Hà Nội", RESIDENCE, province="01"),
            self.late("insurance late", HEALTH),
            self.without_certificate(),
            self.completed_late(),
            self.unpaid(),
            self.waiting_for_consents("consent old", "2026-11-19 09:00:00"),
            self.waiting_for_consents("consent new", "2026-11-25 14:00:00"),
            self.waiting_for_citizen("documents", "2026-11-25 09:00:00", documents),
            self.waiting_for_citizen("documents old", "2026-11-20 09:00:00", documents),
            self.waiting_for_citizen("fee", "2026-11-25 09:00:00", payment),
            self.due_today(),
            self.death_due_today(),
            self.due_tomorrow(),
            self.sent("no receipt", "2026-11-25 09:00:00"),
            self.sent("just sent", "2026-11-26 09:30:00"),
            self.waiting_for_supplement("supplement", "2026-11-25 09:00:00"),
            self.waiting_for_supplement("supplement old", "2026-11-20 09:00:00"),
            self.waiting_for_operator(),
            self.concluded("completed"),
            self.concluded("residence refused", refused=True),
            self.stopped(),
            self.failing(),
        )
        world = self._play.world
        await self.not_taken("rejected", HEALTH, System.SOCIAL_INSURANCE, world.rejecting)
        world.rejecting.clear()
        await self.not_taken("unreached", RESIDENCE, System.RESIDENCE, world.away)
        world.away.add(System.HEALTH)
        await self.declared("checking", "2026-11-26 09:50:00")


EXPECTED = {
    "--preset overdue --province 79": {"residence late", "insurance late", "no certificate"},
    "--preset overdue --province 79 --agency residence": {"residence late"},
    "--preset overdue --agency residence": {"residence late", "residence late in Hà Nội"},
    "--preset overdue --agency no_agency": {"no certificate"},
    "--preset waiting-operator": {"operator"},
    "--preset rejected": {"rejected"},
    "--preset unreached": {"unreached"},
    "--preset unreached --agency residence": {"unreached"},
    "--preset checking": {"checking", "failing"},
    "--preset waiting-consent": {"consent old", "consent new"},
    "--preset waiting-consent --days 3": {"consent old"},
    "--preset waiting-documents": {"documents", "documents old"},
    "--preset waiting-documents --days 3": {"documents old"},
    "--preset waiting-supplement": {"supplement", "supplement old"},
    "--preset waiting-supplement --days 3": {"supplement old"},
    "--preset waiting-payment": {"fee"},
    "--preset due": {"due today", "death due today"},
    "--preset due --days 1": {"due today", "death due today", "due tomorrow"},
    "--preset stuck": {"no receipt", "no certificate"},
    "--preset unfinished --leg birth_registration --province 79": {"no certificate", "due today"},
    "--preset unfinished --leg death_registration --province 79": {"death due today"},
    "--preset concluded-badly": {"residence refused", "unpaid"},
    "--preset concluded-badly --outcome unpaid": {"unpaid"},
    "--preset concluded-late": {"completed late"},
    "--preset failing": {"failing"},
    "--preset broken": {"stopped"},
    "--preset dossier --code G22.99.08-261119-000001": {"residence late"},
}
"""Which dossiers answer each question of the page; no other may."""

ON_THE_PAGE = asked_on_the_page()

on_stage = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cast]:
    """Every dossier in its place."""
    async with stage(tmp_path_factory.mktemp("operations"), server=forwarding_server) as play:
        cast = Cast(play)
        await cast.take_places()
        yield cast


async def answering(client: Client, query: str, expected: set[str]) -> set[str]:
    """The codes the server finds, once they are the expected ones or it is too late; visibility lags a second."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        codes = {workflow.id async for workflow in client.list_workflows(query)}
        if codes == expected or time.monotonic() > deadline:
            return codes
        await asyncio.sleep(0.2)


async def command(cast: Cast, *arguments: str) -> Result:
    """`lienthong` with these arguments against the stage, at NOW."""
    environment = {
        "LIENTHONG_TEMPORAL_ADDRESS": cast.client.service_client.config.target_host,
        "LIENTHONG_TRAINING": "true",
        "LIENTHONG_TRAINING_OFFSET_SECONDS": str((NOW - datetime.now(UTC)).total_seconds()),
    }

    def run() -> Result:
        return CliRunner().invoke(application(arguments), arguments, env=environment)

    return await asyncio.to_thread(run)


def test_the_page_asks_every_question_and_no_other() -> None:
    asked = [found.command.removeprefix("lienthong list ") for found in ON_THE_PAGE]
    assert asked == list(EXPECTED)
    assert {found.key for found in ON_THE_PAGE} == {each.key for each in QUESTIONS}
    page = PAGE.read_text("utf-8")
    assert page.count("```sql") == len(ON_THE_PAGE)
    assert all(each.title in page for each in QUESTIONS)
    assert all(f"| `{name}` | {name.type} | {name.meaning} |" in page for name in SearchAttribute)


@on_stage
@pytest.mark.parametrize("asked", ON_THE_PAGE, ids=[asked.command.partition("--preset ")[2] for asked in ON_THE_PAGE])
async def test_the_query_on_the_page_finds_exactly_its_dossiers(cast: Cast, asked: Asked) -> None:
    assert question(asked.key).filled_in(asked.given, NOW) == asked.query
    expected = {cast.codes[name] for name in EXPECTED[asked.command.removeprefix("lienthong list ")]}
    assert await answering(cast.client, asked.query, expected) == expected
    result = await command(cast, *split(asked.command)[1:], "--json")
    assert result.exit_code == 0, result.output
    assert {dossier["code"] for dossier in json.loads(result.stdout)} == expected


@on_stage
async def test_people_read_the_longest_wait_first_and_for_whom(cast: Cast) -> None:
    result = await command(cast, "list", "--preset", "waiting-consent")
    old, new = (result.stdout.index(cast.codes[name]) for name in ("consent old", "consent new"))
    assert old < new
    assert "09:00 thứ Năm 19/11/2026" in result.stdout
    assert "người được hỏi" in result.stdout
    [oldest] = json.loads((await command(cast, "list", "--preset", "waiting-consent", "--limit", "1", "--json")).stdout)
    assert oldest["code"] == cast.codes["consent old"]


@on_stage
async def test_people_read_which_agency_is_overdue(cast: Cast) -> None:
    found = json.loads((await command(cast, "list", "--preset", "overdue", "--province", "79", "--json")).stdout)
    assert {dossier["code"]: dossier["overdue_at"] for dossier in found} == {
        cast.codes["residence late"]: ["hệ thống quản lý cư trú"],
        cast.codes["insurance late"]: ["hệ thống ngành Bảo hiểm xã hội"],
        cast.codes["no certificate"]: ["không cơ quan nào"],
    }
    shown = (await command(cast, "list", "--preset", "overdue", "--province", "79")).stdout
    assert "Hồ sơ nào đang quá hạn, ở cơ quan nào?" in shown
    nothing = (await command(cast, "list", "--preset", "overdue", "--province", "66")).stdout
    assert nothing == "Hồ sơ nào đang quá hạn, ở cơ quan nào? Không có hồ sơ nào.\n"


@on_stage
async def test_a_dossier_without_attributes_is_listed_too(cast: Cast) -> None:
    result = await command(cast, "list", "--preset", "failing")
    assert result.exit_code == 0, result.output
    assert cast.codes["failing"] in result.stdout
