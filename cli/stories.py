"""The stories that `lienthong demo` tells, chapter by chapter; each takes a scene and says what is seen there.

They play on stated dates by the training offset (REQUIREMENTS §6.10), so that they are the same on any day.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from temporalio.api.sdk.v1 import WorkflowMetadata

from cli.dossiers import print_dossier, print_progress
from cli.otlp import SeenSpan
from cli.output import explain, heading, say
from cli.stage import Condition, Scene, Told, paper, read_by
from cli.trace_tree import tree
from ledger.values import StoredDossier
from models.base import LEGAL_ZONE
from models.details import demand_words, state
from models.documents import DocumentKind
from models.dossier import LegStage
from models.events import EventType
from models.facts import Answer
from models.messages import FollowUp, FollowUpKind
from models.publication import Notice
from models.systems import System
from models.words import last_day, listed, when
from telemetry.traces import trace_id

MAIN_DATE = datetime(2026, 11, 19, 14, 58, tzinfo=LEGAL_ZONE)
"""The first scene plays on Thursday 19 November 2026, 14:58: in time for the day, two minutes before the 15:00 rule."""

SKIPPING_DATE = datetime(2026, 11, 20, 9, 30, tzinfo=LEGAL_ZONE)
"""The second scene starts on Friday 20 November 2026; 24 November is Vietnam Culture Day."""

Grounds = Mapping[str, str | list[str]]
"""What an agency is told to say in a demand (`simulator.instructions.Grounds`)."""

BIRTH, RESIDENCE, HEALTH_CARD = "birth_registration", "residence_registration", "health_insurance_card"
FUNERAL, SURVIVOR = "insurance_funeral_benefit", "insurance_survivor_benefit"

CITIZEN, AGENCY = "công dân", "cơ quan"


# --- The first scene: real time, on the dev server ------------------------------------------------------------------


async def three_dossiers(scene: Scene) -> str:
    """From declaration to result: plainly, with people's consents, with a refusal. The code of the plain one."""
    _chapter("1. Ba hồ sơ, từ tờ khai đến kết quả", f"Ngày trong chuyện: {when(MAIN_DATE)}, ngay trước 15 giờ.")
    plain = await scene.submit("birth/plain", social_insurance={"fail_times": 1, "fail_with": 503})
    say(f"{plain}: cha mẹ khai cho con; hệ thống BHXH báo bận một lần.")
    grandparents = await scene.submit("birth/grandparents-home", vneid={"silent": True})
    say(f"{grandparents}: trẻ về ở với ông bà, nên chủ hộ và chủ sở hữu nhà phải đồng ý trên VNeID.")
    refused = await scene.submit("birth/unknown-father", residence={"refuse": _DWELLING_NOT_LAWFUL})
    say(f"{refused}: công an từ chối đăng ký thường trú, nêu đủ lý do và căn cứ.")
    await scene.follow(plain, refused)
    await scene.follow(grandparents, until=_ONLY_CONSENTS_MISSING)
    await _operators_view(scene, grandparents)
    say("", "Chủ hộ và chủ sở hữu mở VNeID, xác nhận đồng ý:")
    for stored in scene.dossier(grandparents).consents:
        answer = {"personal_id": stored.consent.person.personal_id, "answer": Answer.GRANTED}
        at = (await scene.now()).isoformat()
        await scene.send(grandparents, EventType.VNEID_CONSENT, System.VNEID, {"leg": RESIDENCE, "at": at, **answer})
    await scene.follow(grandparents)
    print_progress(scene.dossier(grandparents))
    print_progress(scene.dossier(refused))
    read_by(CITIZEN, *scene.notices(refused, Notice.LEG_REFUSED))
    say("", "Toàn bộ một hồ sơ, như lệnh `lienthong show` in ra:")
    print_dossier(scene.dossier(plain))
    return plain


async def bad_return(scene: Scene) -> None:
    """The return gate: an agency gives a dossier back without grounds, then asks for what the State has."""
    _chapter(
        "2. Cơ quan trả hồ sơ sai quy định: cổng kiểm soát không cho qua",
        "Lần đầu công an không nêu lý do; lần sau đòi giấy chứng nhận kết hôn và thẻ căn cước, thứ Nhà nước đã có.",
    )
    code = await scene.submit("birth/one-parent", residence={"supplement": _NO_GROUNDS, "returned": _FORBIDDEN})
    await scene.follow(code)
    dossier, leg = scene.dossier(code), scene.leg(code, RESIDENCE)
    answers = await scene.refusals(code)
    for demand, asked, answer in zip(leg.refused_demands, (_NO_GROUNDS, _FORBIDDEN), answers, strict=True):
        say("", f"Cơ quan gửi {demand.kind.label}: “{asked['text']}”")
        read_by(AGENCY, Told(demand.at, answer))
    due, clock = leg.due, leg.clock
    bothered = scene.notices(code, Notice.SUPPLEMENT_NEEDED, Notice.LEG_REFUSED, Notice.LEG_DATES)
    say(
        "",
        f"Hồ sơ không nhúc nhích: đồng hồ của thủ tục chỉ có {len(clock.entries) if clock else 0} mốc (tiếp nhận), "
        f"hạn vẫn {when(due.at) if due and due.at else '–'}, công dân nhận {len(bothered)} thông báo về việc này. "
        f"Rồi công an giải quyết tiếp: {state(leg)}.",
        "Đã đếm, ai xem hồ sơ cũng thấy (và theo tỉnh, trong số liệu lienthong_demands_refused):",
    )
    explain(demand_words(dossier.legs, dossier.plan) if dossier.plan else ())


async def aged_eighty(scene: Scene) -> None:
    """The graph of a death: social insurance ends a monthly benefit first, its decision travels to social affairs."""
    _chapter(
        "3. Một hồ sơ khai tử: người từ đủ 80 tuổi đang hưởng trợ cấp tuất",
        "Khai tử xong mới xóa thường trú và thôi hưởng trợ cấp; có quyết định thôi hưởng mới hỗ trợ mai táng.",
    )
    code = await scene.submit("death/aged-80")
    await scene.follow(code)
    dossier = scene.dossier(code)
    say("", "Hạn chung và hạn từng thủ tục, mỗi thủ tục bắt đầu khi đã có kết quả nó cần:")
    explain(_graph(dossier))
    read_by(CITIZEN, *scene.notices(code, Notice.EXPECTED_DATES))
    print_progress(dossier)


def _graph(dossier: StoredDossier) -> Iterator[str]:
    """Each leg after those it needs, with its limit."""
    plan = dossier.plan
    assert plan is not None
    for leg in plan.legs:
        needed = listed(plan.leg(key).name for key in leg.requires)
        limit = f"{leg.limit} ngày làm việc" if leg.limit else "ngay trong ngày làm việc"
        yield f"{leg.name} ({leg.agency}): {limit}{f', sau {needed}' if needed else ''}"
    yield f"Cả nhóm: {plan.limit} ngày làm việc. {plan.basis}"


def show_trace(code: str, spans: Sequence[SeenSpan]) -> None:
    """What was done for one dossier, by which process, in which order."""
    _chapter(
        f"4. Vết (OpenTelemetry) của hồ sơ {code}",
        f"{len(spans)} bước, trace_id {trace_id(code)}. Việc lặp lại nhiều lần gộp thành một dòng; cơ quan BHXH đã bận "
        "một lần và được gọi lại.",
    )
    for line in tree(spans):
        say(line)


# --- The second scene: days that pass, on the time-skipping server --------------------------------------------------


class FourDossiers:
    """Four dossiers of one Friday morning that do not go straight; a chapter for each, in the order of the days."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def submitted(self) -> None:
        """Submitted, and as far as they get by themselves."""
        _chapter(
            "Bốn hồ sơ cùng nộp một sáng (tua thời gian)",
            f"Ngày trong chuyện: {when(SKIPPING_DATE)}; thứ Ba 24/11/2026 là ngày nghỉ. Mỗi hồ sơ vướng một kiểu:",
        )
        scene = self._scene
        self.lost = await scene.submit("birth/one-parent", provincial={"lose": ["result_document"]})
        say(f"{self.lost}: đã đăng ký khai sinh, nhưng Giấy khai sinh điện tử lạc giữa đường.")
        self.incomplete = await scene.submit("birth/plain", residence={"supplement": _HOMETOWN_UNCLEAR})
        say(f"{self.incomplete}: công an yêu cầu bổ sung.")
        self.late = await scene.submit("birth/unknown-father", social_insurance={"silent": True})
        say(f"{self.late}: bảo hiểm xã hội nhận hồ sơ rồi im lặng.")
        self.silent = await scene.submit("death/insurance-lump-sum", vneid={"silent": True})
        say(f"{self.silent}: hồ sơ khai tử; ba thân nhân được hỏi trên VNeID, một người không trả lời.")
        await scene.follow(self.lost, until=_at(BIRTH, LegStage.WAITING_DOCUMENT))
        await scene.follow(self.incomplete, until=_at(RESIDENCE, LegStage.WAITING_SUPPLEMENT, others_ended=True))
        await scene.follow(self.late, until=_at(HEALTH_CARD, LegStage.IN_PROGRESS, others_ended=True))
        await scene.follow(self.silent, until=_at(SURVIVOR, LegStage.WAITING_CONSENTS))
        await self._all_but_one_answer()

    async def _all_but_one_answer(self) -> None:
        """Everybody agrees to who receives the funeral benefit; to who receives the lump sum, all but one."""
        scene, code = self._scene, self.silent
        asked = {leg: [c.person.personal_id for c in scene.leg(code, leg).consents] for leg in (FUNERAL, SURVIVOR)}
        for leg, people in ((FUNERAL, asked[FUNERAL]), (SURVIVOR, asked[SURVIVOR][:-1])):
            for person in people:
                at = (await scene.now()).isoformat()
                answer = {"leg": leg, "at": at, "personal_id": person, "answer": Answer.GRANTED}
                await scene.send(code, EventType.VNEID_CONSENT, System.VNEID, answer)
        await scene.follow(code, until=_at(SURVIVOR, LegStage.WAITING_CONSENTS, others_ended=True))

    async def lost_certificate(self) -> None:
        """The watchdog asks for the certificate by number; no person does anything."""
        scene, code = self._scene, self.lost
        _chapter(
            "5. Giấy khai sinh điện tử bị lạc, không ai phải đi tìm",
            "Đăng ký xong mà đến 17 giờ chưa có bản điện tử thì hệ thống tự đòi, theo số đăng ký. Tua thời gian…",
        )
        await scene.skip_to(SKIPPING_DATE.replace(hour=17, minute=0))
        await scene.follow(code)
        read_by("cấp tỉnh", *_told(scene.follow_ups(code, FollowUpKind.RESULT_ASKED)))
        read_by(CITIZEN, *scene.notices(code, Notice.RESULT_MISSING))
        chase = scene.leg(code, BIRTH).missing_result
        say(f"Bản điện tử đã về sau {chase.times if chase else 0} lần đòi; hai thủ tục sau chạy tiếp ngay.")
        print_progress(scene.dossier(code))

    async def supplement(self) -> None:
        """A supplement in one leg: the other has long finished; the clock of this one starts anew."""
        scene, code = self._scene, self.incomplete
        _chapter(
            "6. Bổ sung ở một thủ tục, không phải nộp lại từ đầu",
            f"Hồ sơ {code} chờ công dân từ sáng; thẻ BHYT không phải chờ theo, đã xong.",
        )
        read_by(CITIZEN, *scene.notices(code, Notice.SUPPLEMENT_NEEDED))
        print_progress(scene.dossier(code))
        provided_at = SKIPPING_DATE + timedelta(days=3)
        say("", f"Công dân ghi rõ quê quán, nộp giấy lúc {when(provided_at)}. Tua thời gian… Cùng việc ấy bằng lệnh:")
        say(
            f"  lienthong supplement {code} --leg {RESIDENCE} --document residence_papers=giay-to-nha.pdf "
            f'--field {_HOMETOWN}="{_NEW_HOMETOWN}"'
        )
        await scene.skip_to(provided_at)
        provided = {"documents": [paper(DocumentKind.RESIDENCE_PAPERS)], "corrections": {_HOMETOWN: _NEW_HOMETOWN}}
        at = (await scene.now()).isoformat()
        await scene.send(code, EventType.SUPPLEMENT, System.PORTAL, {"leg": RESIDENCE, "at": at, **provided})
        await scene.follow(code)
        leg = scene.leg(code, RESIDENCE)
        if leg.expected and leg.expected.at and leg.due and leg.due.at:
            say(f"Hạn hẹn lúc đầu {when(leg.expected.at)}, nay {when(leg.due.at)}. Vì sao:")
            explain([" ".join(leg.due.explanation)])
        say("Nơi nào đã nhận tờ khai cũ đều được báo quê quán mới:")
        corrected = scene.follow_ups(code, FollowUpKind.CORRECTION)
        explain(f"{sent.system.label}: {change.label}: {change.value}" for sent in corrected for change in sent.changes)

    async def late_agency(self) -> None:
        """A leg past its due date: reminded, marked, apologised for; its late result is taken all the same."""
        scene, code = self._scene, self.late
        due = scene.leg(code, HEALTH_CARD).due
        assert due is not None
        assert due.at is not None
        _chapter(
            "7. Cơ quan để quá hạn: nhắc, gọi tên, xin lỗi, hẹn lại",
            f"Bảo hiểm xã hội im lặng đến hạn, {when(due.at)}. Tua thời gian…",
        )
        await scene.skip_to(due.at)
        await scene.follow(code, until=lambda dossier: any(leg.apologies for leg in dossier.legs))
        read_by(AGENCY, *_told(scene.follow_ups(code, FollowUpKind.REMINDER, FollowUpKind.OVERDUE)))
        read_by(CITIZEN, *scene.notices(code, Notice.LEG_APOLOGY))
        decided_at = due.at + timedelta(hours=17)
        say("", f"{when(decided_at)}: kết quả đến muộn, vẫn được nhận. Tua thời gian…")
        await scene.skip_to(decided_at)
        decided = {
            "kind": "decided",
            "at": (await scene.now()).isoformat(),
            "number": "TE1010000000001",
            "documents": [paper(DocumentKind.HEALTH_INSURANCE_CARD)],
        }
        data = {"source": System.SOCIAL_INSURANCE.value, "leg": HEALTH_CARD, "fact": decided}
        await scene.send(code, EventType.AGENCY_EVENT, System.SOCIAL_INSURANCE, data)
        await scene.follow(code)
        print_progress(scene.dossier(code))

    async def silence(self) -> None:
        """One relative of three is silent: reminders, the written agreement instead, and the end of this one leg."""
        scene, code = self._scene, self.silent
        [silent] = scene.leg(code, SURVIVOR).awaited_consents
        assert silent.due.at is not None
        _chapter(
            "8. Ba thân nhân, một người không trả lời trên VNeID",
            f"Trợ cấp mai táng đã có; chỉ trợ cấp tuất chờ. Nhắc sau 1, 3 và 4 ngày làm việc; hạn là hết "
            f"{last_day(silent.due.at)}. Tua thời gian…",
        )
        print_progress(scene.dossier(code))
        await scene.skip_to(silent.due.at)
        await scene.follow(code, until=_at(SURVIVOR, LegStage.WAITING_AGREEMENT))
        reminded = scene.notices(code, Notice.CONSENTS_REMINDED)
        read_by(CITIZEN, *reminded[-1:])
        say(f"  Đó là lần nhắc thứ {len(reminded)}; trước đó: {listed(when(each.at) for each in reminded[:-1])}.")
        await scene.follow(code, until=lambda _: bool(scene.notices(code, Notice.AGREEMENT_NEEDED)))
        read_by(CITIZEN, *scene.notices(code, Notice.AGREEMENT_NEEDED))
        [silent] = scene.leg(code, SURVIVOR).awaited_consents
        assert silent.limit_ends_at is not None
        say("", f"Cũng không có văn bản thống nhất đến hết {last_day(silent.limit_ends_at)}. Tua thời gian…")
        await scene.skip_to(silent.limit_ends_at)
        await scene.follow(code)
        read_by(CITIZEN, *scene.notices(code, Notice.LEG_CONSENT_EXPIRED))
        print_progress(scene.dossier(code))


async def _operators_view(scene: Scene, code: str) -> None:
    say("", f"Lúc này cán bộ vận hành thấy hồ sơ {code} trong giao diện Temporal như sau:")
    description = await scene.client.get_workflow_handle(code).describe()
    say(f"Tên: {await description.static_summary()}")
    pairs = sorted((pair.key.name, pair.value) for pair in description.typed_search_attributes)
    say("Thuộc tính tìm kiếm: " + "; ".join(f"{name} = {_shown(value)}" for name, value in pairs))
    metadata = await scene.client.get_workflow_handle(code).query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    say(*metadata.current_details.splitlines())


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return when(value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _at(key: str, stage: LegStage, *, others_ended: bool = False) -> Condition:
    """One leg stands there and, if asked for, every other has ended."""

    def holds(dossier: StoredDossier) -> bool:
        legs = {leg.key: leg for leg in dossier.legs}
        others = all(leg.ended for leg in dossier.legs if leg.key != key)
        return key in legs and legs[key].stage is stage and (others or not others_ended)

    return holds


def _told(follow_ups: Iterable[FollowUp]) -> Iterator[Told]:
    for follow_up in follow_ups:
        yield Told(follow_up.head.sent_at, follow_up.text)


_ONLY_CONSENTS_MISSING = _at(RESIDENCE, LegStage.WAITING_CONSENTS, others_ended=True)


def _chapter(title: str, text: str) -> None:
    heading(f"=== {title} ===")
    say(text)


# --- What agencies and citizens say ---------------------------------------------------------------------------------

_HOMETOWN, _NEW_HOMETOWN = "child.hometown.detail", "Thôn Thử Nghiệm"

_DWELLING_NOT_LAWFUL: Grounds = {
    "reason_code": "conditions_not_met",
    "fields": ["residence_registration.address"],
    "legal_basis": "Luật Cư trú 2020 Điều 23",
    "text": "Địa chỉ thuộc khu vực đã có quyết định thu hồi đất.",
}

_NO_GROUNDS: Grounds = {"text": "Hồ sơ chưa đạt, đề nghị bổ sung."}

_FORBIDDEN: Grounds = {
    "reason_code": "document_missing",
    "documents": ["marriage_certificate", "identity_card"],
    "legal_basis": "Luật Cư trú 2020 Điều 21",
    "text": "Đề nghị nộp bản sao giấy chứng nhận kết hôn và thẻ căn cước của cha, mẹ.",
}

_HOMETOWN_UNCLEAR: Grounds = {
    "reason_code": "document_missing",
    "documents": ["residence_papers"],
    "fields": [_HOMETOWN],
    "legal_basis": "Luật Cư trú 2020 Điều 21",
    "text": "Quê quán của trẻ chưa ghi đến thôn; đề nghị ghi đủ và nộp giấy tờ về chỗ ở.",
}
