"""What happens to marked dossiers before the scan: all that goes well, and all that does not."""

import asyncio
import base64
import json
import sqlite3
import subprocess
import uuid
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client, WorkflowUpdateFailedError

from cli.files import load_declaration_file
from cli.output import Exit
from models.dossier import DossierOutcome, LegOutcome, LegStage
from models.events import EVENT_MEDIA_TYPE
from models.systems import System as AgencySystem
from processes.temporal import connect_as_set
from tests.integration.system import DEATH_NAMES, DEATHS, SAMPLES, USUAL_SENDERS, System, eventually
from tests.integration.test_replacement import corrected
from tests.leaks.markers import Markers
from tests.leaks.meddler import Meddler, Mischief
from tests.models.cases import born

RESIDENCE, HEALTH = "residence_registration", "health_insurance_card"
ELSEWHERE = "provincial-elsewhere"
"""A sender of the provincial system of another province than every sample's."""

_STRANGE_HEADERS = ("traceparent", "webhook-id", "webhook-signature", "X-Forwarded-For", "Client-Cert", "User-Agent")


class Stories:
    """Dossiers on their way through a running system, and what strangers and others tried meanwhile.

    `outside` is a folder of the citizens' and operators' own: nothing in it is ours.
    """

    def __init__(self, system: System, meddler: Meddler, markers: Markers, outside: Path) -> None:
        self._system = system
        self._meddler = meddler
        self._markers = markers
        self._outside = outside
        self.answers: list[tuple[str, httpx.Response]] = []
        """What the gateway said, and to whom."""
        self.printed: list[tuple[str, subprocess.CompletedProcess[str]]] = []
        """What commands have printed."""
        self.codes: dict[str, str] = {}
        self.files: dict[str, Path] = {}

    # --- Dossiers ------------------------------------------------------------------------------------------------

    def open(self, story: str, sample: str, instructions: Mapping[str, dict[str, Any]] | None = None) -> str:
        """Open a marked dossier of a sample, with what systems do with it; its workflow is started too."""
        file = self.files[story] = self.form(sample)
        declaration, contents = load_declaration_file(file, self._system.now().date())
        code = self._system.submissions.open(declaration, contents).code
        for system, instruction in (instructions or {}).items():
            self._system.instruct(code, system, **instruction)
        self.codes[story] = code
        return code

    def form(self, sample: str) -> Path:
        """The file of a marked form with attachments of marked names and contents."""
        folder = DEATHS if sample in DEATH_NAMES else SAMPLES
        form = self._markers.plant(json.loads((folder / f"{sample}.json").read_text("utf-8")))
        own = self._outside / uuid.uuid4().hex
        own.mkdir()
        for attachment in form.get("attachments", ()):
            attachment["file"] = self.paper(own).name
        file = own / "form.json"
        file.write_text(json.dumps(form, ensure_ascii=False), "utf-8")
        return file

    def paper(self, folder: Path) -> Path:
        """A paper of marked name and content."""
        file = folder / f"{self._markers.word('file_name')}.pdf"
        said = self._markers.text("paper")
        file.write_bytes(f"%PDF-1.4\n% {said}\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n".encode())
        return file

    def wire_paper(self, kind: str) -> dict[str, str]:
        """The same as events carry it."""
        file = self.paper(self._outside)
        content = base64.b64encode(file.read_bytes()).decode()
        return {"kind": kind, "file_name": file.name, "media_type": "application/pdf", "content": content}

    def grounds(self, reason: str = "document_missing", **more: Any) -> dict[str, Any]:
        """What an agency demands, explained in marked words."""
        return {
            "reason_code": reason,
            "documents": ["residence_papers"],
            "legal_basis": self._markers.text("legal_basis", "Luật Cư trú Điều 21"),
            "text": self._markers.text("demand", "Thiếu giấy tờ của bà"),
            **more,
        }

    def _number_registrations(self) -> None:
        """Agencies number what they register as nothing else is numbered."""
        with closing(sqlite3.connect(self._system.settings.state / "simulator.db")) as book, book:
            first = [(f"{system}:registration", self._markers.serial()) for system in AgencySystem]
            book.executemany("INSERT INTO counters VALUES (?, ?)", first)

    def begin(self) -> None:
        """Every dossier on its way."""
        self._number_registrations()
        text = self._markers.text
        silent = {"silent": True}
        fields = ["child.hometown.detail", "applicant.email"]
        self.open(
            "supplement",
            "plain",
            {
                "residence": {"supplement": self.grounds(fields=fields)},
                "social_insurance": {
                    "unclassified": text("unclassified", "Đề nghị bổ sung cho cháu"),
                    "insists": False,
                },
            },
        )
        trouble = self.open("trouble", "plain")
        self._meddler.answer(trouble, "residence", Mischief.AWAY, Mischief.PAGE)
        self._meddler.answer(trouble, "social_insurance", Mischief.OTHER_JSON, Mischief.ELSEWHERE)
        self._meddler.answer(trouble, "sms", Mischief.AWAY, Mischief.CUT)
        rejected = self.open("rejected", "identity-card")
        for system in ("residence", "documents", "vneid"):
            self._meddler.answer(rejected, system, Mischief.REJECTED)
        refusal = {"refuse": self.grounds("conditions_not_met", documents=(), fields=["deceased.full_name"])}
        self.open("refused", "householder", {"residence": refusal})
        self.open("declined", "grandparents-home", {"vneid": silent})
        self.open("withdrawn", "plain", {"residence": silent})
        self.open("benefits", "insurance-monthly")
        for code in self.codes.values():
            self._system.start(code)

    def mark(self, kind: str) -> str:
        """A new marked text."""
        return self._markers.text(kind)

    # --- What people and agencies say ----------------------------------------------------------------------------

    def go_on(self) -> None:
        """What citizens, agencies and operators do while the dossiers are on their way."""
        see, codes, text = self._system.see, self.codes, self._markers.text
        code = codes["supplement"]
        see(code, lambda d: d.legs and d.legs[1].supplements and d.legs[1].supplements[0].limit, "asked")
        paper = self.wire_paper("residence_papers")
        self.tell(code, "supplement", {"leg": RESIDENCE, "documents": [paper]})
        correction = {
            "child.hometown.detail": text("correction", "Thôn"),
            "applicant.email": f"{self._markers.word('correction')}@vidu.vn",
        }
        self.tell(code, "supplement", {"leg": RESIDENCE, "corrections": correction})
        [note] = see(code, lambda d: d.legs[2].notes, "free text heard").legs[2].notes
        self.command("classify", code, "--leg", HEALTH, "--message", note.message_id, "--as", "no_action",
                     "--operator", "vh-01", "--because", text("because", "Đã gọi cho ông"))  # fmt: skip

        code = codes["declined"]
        see(code, lambda d: d.legs and d.legs[1].stage is LegStage.WAITING_CONSENTS, "asked for consent")
        home = born(self._system.ledger.declaration(code)).residence_registration
        householder, owner = home.householder.personal_id, home.dwelling_owners[0].personal_id
        attested = {"leg": RESIDENCE, "personal_id": owner, "answer": "granted", "official": "cb-1", "office": "MC-1"}
        self.tell(code, "attested_consent", {**attested, "attestation": self.wire_paper("consent_attestation")})
        self.tell(code, "vneid_consent", {"leg": RESIDENCE, "personal_id": householder, "answer": "declined"})

        code = codes["withdrawn"]
        see(code, lambda d: d.legs and d.legs[2].stage is LegStage.ENDED, "registered, health card issued")
        applicant = self._system.ledger.declaration(code).applicant.personal_id
        self.tell(code, "withdrawal", {"personal_id": applicant, "reason": text("withdrawal", "Vì bà")})

    def finish(self) -> None:
        """Wait for every dossier to come where it should, then have a result issued anew."""
        ends = {
            "supplement": DossierOutcome.COMPLETED,
            "trouble": DossierOutcome.COMPLETED,
            "benefits": DossierOutcome.COMPLETED,
        }
        for story, outcome in ends.items():
            assert self._system.concluded(self.codes[story]).summary.outcome is outcome, story
        refused = self._system.concluded(self.codes["refused"])
        assert LegOutcome.REFUSED in {leg.outcome for leg in refused.legs}
        self._system.concluded(self.codes["declined"])
        self._system.concluded(self.codes["decided"])
        withdrawn = self._system.concluded(self.codes["withdrawn"])
        assert withdrawn.legs[1].outcome is LegOutcome.WITHDRAWN
        self._system.see(self.codes["rejected"], lambda d: d.summary.outcome, "cancelled")

        code = self.codes["trouble"]
        anew = corrected(self._system, text=self._markers.text("correction", "Sai tên đệm của"))
        anew["fact"]["documents"][0]["file_name"] = f"{self._markers.word('file_name')}.pdf"
        assert self.tell(code, "agency_event", anew, source="provincial").status_code == 200
        see = self._system.see
        see(code, lambda d: d.replacements and not any(one.awaited for one in d.replacements), "issued anew")
        see(code, lambda _: not self._system.ledger.outbox_open(code), "outbox empty")
        for leg in (leg for code in self.codes.values() for leg in self._system.dossier(code).legs):
            for number in filter(None, (leg.number, leg.identity_number)):
                self._markers.registered(number)

    def back_up(self, folder: Path) -> None:
        """A backup, as one keeps it elsewhere than its keys."""
        run = self.command("backup", str(folder), "--without-keys")
        assert run.returncode == 0, run.stderr

    def tell(self, code: str, type_: str, data: dict[str, Any], **envelope: Any) -> httpx.Response:
        """A fact as who may tell it sends it, now unless stated."""
        stated = data if "fact" in data else {"at": self._system.now().isoformat(), **data}
        answer = self._system.event(code, type_, stated, **envelope)
        self.answers.append((f"sender of {type_}", answer))
        return answer

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command, and what it printed."""
        run = self._system.command(*arguments)
        self.printed.append((arguments[0], run))
        return run

    # --- What strangers and clumsy people do ---------------------------------------------------------------------

    def forge(self) -> None:
        """Everything wrong that can be sent to the gateway, marked wherever something can be said."""
        code, word, number = self.codes["declined"], self._markers.word, self._markers.number
        consent = {"leg": RESIDENCE, "personal_id": number("forged"), "answer": "granted"}
        note = self._markers.text("forged")
        for said in (
            {**consent, "personal_id": number("forged")},
            {**consent, "leg": word("forged")},
            {**consent, "answer": note},
            {**consent, "at": note},
            {**consent, note: note},
            {word("forged"): {word("forged"): note}, "documents": [{"content": note, word("forged"): note}]},
        ):
            self.tell(code, "vneid_consent", said)
            self._send("stranger", code, "vneid_consent", said)
            self._send("sender of another system", code, "vneid_consent", said, signer="residence")
        self.tell(word("forged"), "vneid_consent", consent)
        self.tell(number("forged"), "vneid_consent", consent)
        self.tell(code, "vneid_consent", consent, id=f"answer:{consent['personal_id']}")
        self.tell(code, "vneid_consent", {**consent, note: note}, id=word("forged"))
        self.tell(code, "vneid_consent", consent, traceparent=note, **{word("forged"): note})
        event = {"leg": RESIDENCE, "source": "provincial", "fact": {"kind": "received", "at": note}}
        self._send("sender of another province", code, "agency_event", event, signer=ELSEWHERE)
        fact = {"kind": "returned", "at": self._system.now().isoformat(), "text": note, "reason_code": word("forged")}
        self.tell(code, "agency_event", {"source": "residence", "leg": RESIDENCE, "fact": fact})
        self.tell(code, "agency_event", {"source": "residence", "leg": word("forged"), "fact": fact})
        self.tell(code, "withdrawal", {"personal_id": number("forged"), "reason": note})
        self.tell(code, "supplement", {"leg": RESIDENCE, "corrections": {word("forged"): note}})
        bad = {"kind": "residence_papers", "file_name": note, "media_type": "application/pdf", "content": "bm8="}
        self.tell(code, "documents", {"documents": [bad]})
        self._post("stranger", note.encode("utf-16"), self._strange_headers())
        for body in (note.encode(), json.dumps({"type": note, note: note}).encode()):
            self._post("stranger", body, self._strange_headers())
            signed = self._system.signed(body, "vneid", word("forged"))
            self._post("stranger", body, {**signed, "content-type": word("forged")})
            self._post("sender of nonsense", body, signed)
        wrong = json.dumps({**self._envelope(code, "vneid_consent", consent), "source": note, "id": note}).encode()
        self._post("stranger", wrong, self._system.signed(wrong, "vneid", "x"))
        wrong = json.dumps({**self._envelope(code, "vneid_consent", consent), "specversion": note, note: 1}).encode()
        self._post("sender of nonsense", wrong, self._system.signed(wrong, "vneid", "x"))
        for path in (word("forged"), number("forged"), f"inbox/{word('forged')}", f"events?x={word('forged')}", note):
            answer = self._system.http.get(f"{self._system.gateway}/{path}", headers=self._strange_headers())
            self.answers.append(("stranger", answer))

    def _envelope(self, code: str, type_: str, data: dict[str, Any], source: str | None = None) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": f"forged-{uuid.uuid4()}",
            "source": source or data.get("source") or USUAL_SENDERS[type_],
            "type": f"vn.lienthong.{type_}.v1",
            "subject": code,
            "data": data,
        }

    def _send(self, who: str, code: str, type_: str, data: dict[str, Any], signer: str | None = None) -> None:
        event = self._envelope(code, type_, data, signer)
        body = json.dumps(event).encode()
        headers = self._system.signed(body, signer, event["id"]) if signer else self._strange_headers()
        self._post(who, body, headers)

    def _post(self, who: str, body: bytes, headers: Mapping[str, str]) -> None:
        posted = {"content-type": EVENT_MEDIA_TYPE, **headers}
        answer = self._system.http.post(f"{self._system.gateway}/events", content=body, headers=posted)
        self.answers.append((who, answer))

    def _strange_headers(self) -> dict[str, str]:
        return {name: self._markers.word("forged") for name in _STRANGE_HEADERS}

    def decide(self) -> None:
        """An operator lets in who may be somebody else's double, and cancels another dossier, for stated reasons."""
        form = json.loads(self.files["trouble"].read_text("utf-8"))
        again = self._outside / "again.json"
        again.write_text(json.dumps(form | self._markers.plant({"birth_notice": form["birth_notice"]})), "utf-8")
        assert self.command("submit", str(again)).returncode == Exit.REFUSED
        reason = self._markers.text("not_duplicate", "Đã đối chiếu với mẹ")
        run = self.command("submit", str(again), "--confirmed-not-duplicate", reason, "--json")
        assert run.returncode == 0, run.stderr
        self.codes["decided"] = json.loads(run.stdout)["code"]
        rejected = self.codes["rejected"]
        self._system.see(rejected, lambda d: any(trouble.rejected for trouble in d.troubles), "rejected")
        reason = self._markers.text("because", "Theo đơn của bố")
        run = self.command("operator", "cancel", rejected, "--operator", "vh-07", "--because", reason)
        assert run.returncode == 0, run.stderr

    def blunder(self) -> None:
        """Commands with wrong input, and those that show nothing of a person."""
        word, number, note = self._markers.word, self._markers.number, self._markers.text("blunder")
        broken = self._outside / "broken.json"
        broken.write_text(json.dumps({"child": {"full_name": note, note: note}, note: note}), "utf-8")
        for arguments in (
            ("submit", str(broken)),
            ("consent", word("blunder"), "--leg", word("blunder"), "--person", number("blunder")),
            ("withdraw", self.codes["declined"], "--person", number("blunder"), "--reason", note),
        ):
            run = self.command(*arguments)
            assert run.returncode not in (0, 1), run.stdout + run.stderr
        for shown in (("list",), ("inbox",), ("gaps",), ("facilities",)):
            assert self.command(*shown).returncode == 0, shown

    def misuse(self) -> None:
        """What can be done wrong by Temporal itself, with a client that seals as ours do."""
        asyncio.run(self._misused())

    async def _misused(self) -> None:
        client = await connect_as_set(self._system.settings, self._system.ledger.keys)
        handle = client.get_workflow_handle(self.codes["rejected"])
        note = self._markers.text("misuse")
        for name in ("vneid_consent", "agency_event", "withdrawal"):
            for said in (note, {"leg": note, note: note}):
                await handle.signal(name, said)
                with suppress(WorkflowUpdateFailedError):
                    await handle.execute_update(name, said)
        await self._started_wrongly(client, note)

    async def _started_wrongly(self, client: Client, note: str) -> None:
        malformed = {"code": self.codes["rejected"], "declaration": {"applicant": {"full_name": note}}, note: note}
        for kind in ("BirthProcedureGroup", "DeathProcedureGroup"):
            id_ = f"{self.codes['rejected']}/{kind}"
            queue = self._system.settings.queue
            await client.start_workflow(kind, malformed, id=id_, task_queue=queue)

    def reachable(self) -> bool:
        """Whether a gateway is ready."""
        with suppress(httpx.TransportError):
            return self._system.http.get(f"{self._system.gateway}/ready").is_success
        return False


def wait_until_ready(stories: Stories) -> None:
    """Wait for the gateway."""
    eventually(stories.reachable, "the gateway is ready")
