"""No paper is lost that somebody needs, none stays that nobody does: whatever is refused, erased, broken off.

Against the real ledger and a real store; only the dossiers' verdicts are made up.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from temporalio.client import Client

from inbox import Inbox, NotDelivered
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.errors import DuplicateDossier
from ledger.store import Ledger
from models.base import Code
from models.documents import Document, DocumentKind, Sha256, describe
from models.dossier import Leg, LegStage, RefusedPaper
from models.facts import Accepted, AgencyEvent, FactRefusal, FactRefused, InboundFact, ResultDocument
from models.inbox import Hindrance, Progress, SetAside
from models.messages import NoticeState
from models.systems import System
from replacements import Replacements
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, notice_check, numbered, opened, published, submitted
from tests.ledger.test_seals import concluded, order

PAPERS = tuple(f"%PDF-1.7 {name}".encode() for name in ("giấy khai sinh", "thông báo", "đơn"))
SHA = {content: describe(DocumentKind.BIRTH_CERTIFICATE, "a.pdf", content).sha256 for content in PAPERS}
LEG = "birth_registration"


class Judged(Inbox):
    """An inbox whose dossiers say what they are told to say."""

    def __init__(self, ledger: Ledger, documents: DocumentStore) -> None:
        super().__init__(cast(Client, None), ledger, documents, cast(Replacements, None), timedelta(seconds=1))
        self.verdict: Said = NotDelivered(Hindrance.TEMPORAL_AWAY)

    async def _judged(self, fact: InboundFact, update_id: str, until: float) -> Accepted:
        if isinstance(self.verdict, Accepted):
            return self.verdict
        raise self.verdict


ACCEPTED = Accepted(message_id="m", text="Đã ghi nhận.")
BADLY_SIGNED = FactRefused(FactRefusal.BADLY_SIGNED, "Chữ ký số không có giá trị.")
REFUSED = FactRefused(FactRefusal.NOT_AWAITED, "Không chờ giấy này.")
TOO_EARLY = FactRefused(FactRefusal.IN_FUTURE, "Thời điểm ở tương lai.")
AGAIN = FactRefused(FactRefusal.OUT_OF_TURN, "Chưa đến lượt.")
AWAY = NotDelivered(Hindrance.TEMPORAL_AWAY)
NOT_HERE = NotDelivered(Hindrance.NOT_RUNNING)
NEVER = NotDelivered(Hindrance.UNEXPECTED)
Said = Accepted | FactRefused | NotDelivered


def keeps(said: Said) -> bool:
    """Whether the dossier has the paper then."""
    return said is BADLY_SIGNED or isinstance(said, Accepted)


def document(content: bytes) -> Document:
    return describe(DocumentKind.BIRTH_CERTIFICATE, "giay.pdf", content)


class World:
    """Two dossiers, a store, and what must be in it."""

    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.ledger = ledger
        self.folder = folder
        self.documents = DocumentStore(folder, MASTERS)
        self.inbox = Judged(ledger, self.documents)
        self.codes = tuple(opened(ledger, numbered(number)) for number in (1, 2))
        self.kept: dict[Code, set[bytes]] = {code: set() for code in self.codes}
        self.waiting: dict[Code, set[bytes]] = {code: set() for code in self.codes}
        self.erased: set[Code] = set()
        self.messages = 0

    def lie_there(self) -> set[Sha256]:
        """The contents in the store."""
        return {path.name for path in self.folder.glob("??/??/*")}

    def expect_what_is_needed(self) -> None:
        needed = set().union(*self.kept.values(), *self.waiting.values())
        assert self.lie_there() == {SHA[content] for content in needed}

    def message(self, code: Code, content: bytes, verdict: Said, message_id: str | None = None) -> None:
        """An agency sends a paper; so it is judged."""
        self.messages += 1
        fact = ResultDocument(at=OPENED_AT, documents=(document(content),))
        event = AgencyEvent(
            message_id=message_id or f"m{self.messages}",
            source=System.PROVINCIAL,
            dossier_code=code,
            leg=LEG,
            fact=fact,
        )
        self.inbox.verdict = verdict
        with suppress(FactRefused, NotDelivered):
            asyncio.run(self.inbox.deliver(event, "provincial", {SHA[content]: content}))
        behind = bool(self.waiting[code])
        self._judged(code, verdict)
        if verdict in (AWAY, NEVER) or (verdict == NOT_HERE and behind):
            self.waiting[code].add(content)
        elif verdict == NOT_HERE or keeps(verdict):
            self.kept[code].add(content)

    def _judged(self, code: Code, verdict: Said) -> None:
        """So are those before it."""
        if not isinstance(verdict, NotDelivered):
            self.kept[code] |= self.waiting[code] if keeps(verdict) else set()
            self.waiting[code].clear()

    def settle(self, code: Code, verdict: Accepted | FactRefused) -> None:
        """What waits is judged."""
        self.inbox.verdict = verdict
        later = datetime.now(UTC) + timedelta(days=1)
        while delivery := self.ledger.claim_message(code, later, timedelta(days=1)):
            with suppress(FactRefused):
                asyncio.run(self.inbox.put(delivery, time.monotonic() + 60))
        self._judged(code, verdict)

    def refused_certificate(self, code: Code, content: bytes) -> None:
        """A badly signed one: its message is refused on record, and soon the leg tells of it."""
        self.message(code, content, BADLY_SIGNED)
        self.expect_what_is_needed()
        refused = RefusedPaper(at=OPENED_AT, document=document(content))
        leg = Leg(key=LEG, stage=LegStage.IN_PROGRESS, refused_papers=(refused,))
        self.ledger.publish(published(code, self.messages, legs=(leg,)), ())

    def look_up(self, code: Code, content: bytes) -> None:
        """A notice is found."""
        check = notice_check(code, NoticeState.GOOD).model_copy(update={"sha256": SHA[content]})
        with self.ledger.receiving({SHA[content]: content}, self.documents):
            self.ledger.notice_checked(check)
        self.kept[code].add(content)

    def declare_again(self, content: bytes) -> None:
        """The first child once more, with a paper."""
        again = numbered(1).model_copy(update={"submission_id": "lan-nop-khac", "attachments": (document(content),)})
        with (
            pytest.raises(DuplicateDossier),
            self.ledger.receiving({SHA[content]: content}, self.documents),
        ):
            self.ledger.open_dossier(submitted(again), "G22.99.08")

    def erase(self, code: Code) -> None:
        self.settle(code, REFUSED)
        concluded(self.ledger, code)
        self.ledger.let_go(self.documents, self.ledger.erase(order(code), OPENED_AT).documents)
        self.kept[code].clear()
        self.erased.add(code)


VERDICTS: Mapping[str, Said] = {
    "accepted": ACCEPTED,
    "refused": REFUSED,
    "out of turn": AGAIN,
    "away": AWAY,
    "not here": NOT_HERE,
}
EVENTS = (*VERDICTS, "refused certificate", "looked up", "declared again", "erased")
Step = tuple[str, int, int]


def play(world: World, steps: Sequence[Step]) -> None:
    """Live through these steps; after each exactly what somebody needs lies in the store."""
    for event, dossier, paper in steps:
        code, content = world.codes[dossier], PAPERS[paper]
        if event == "declared again":
            world.declare_again(content)
        elif code in world.erased:
            continue
        elif event == "erased":
            world.erase(code)
        elif event == "refused certificate":
            world.refused_certificate(code, content)
        elif event == "looked up":
            world.look_up(code, content)
        else:
            world.message(code, content, VERDICTS[event])
        world.expect_what_is_needed()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 1), st.integers(0, 2)), max_size=8))
def test_exactly_what_somebody_needs_lies_in_the_store(sqlite_template: Path, steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copyfile(sqlite_template, Path(folder, "ledger.db"))
        engine = open_engine(f"sqlite:///{Path(folder, 'ledger.db')}")
        try:
            play(World(Ledger(engine, MASTERS), Path(folder, "documents")), steps)
        finally:
            engine.dispose()


@pytest.fixture
def world(ledger: Ledger, tmp_path: Path) -> World:
    return World(ledger, tmp_path / "documents")


def test_refused_papers_go_with_their_dossier_and_shared_ones_with_the_last(world: World) -> None:
    steps = (("refused certificate", 0, 0), ("accepted", 1, 0), ("looked up", 0, 1), ("refused", 1, 1))
    play(world, (*steps, ("declared again", 0, 2), ("erased", 0, 0), ("erased", 1, 0)))
    assert not world.lie_there()


def test_what_waits_is_let_go_only_once_it_is_refused(world: World) -> None:
    code, (paper, other, _) = world.codes[0], PAPERS
    world.message(code, paper, AWAY)
    world.message(code, other, AWAY)
    world.expect_what_is_needed()
    assert len(world.lie_there()) == 2
    world.settle(code, REFUSED)
    assert not world.lie_there()


def test_what_comes_again_after_it_was_refused_is_kept_while_it_waits(world: World) -> None:
    """The same message, sent again because it came too early."""
    code, (paper, *_) = world.codes[0], PAPERS
    world.message(code, paper, AGAIN)
    assert not world.lie_there()
    world.messages = 0
    world.message(code, paper, AWAY)
    world.ledger.let_go(world.documents, [SHA[paper]])
    world.expect_what_is_needed()


def test_who_lost_the_lease_takes_no_paper_from_who_has_it(world: World) -> None:
    """The same message is too early for the one and, a moment later, right for the other."""
    code, (paper, *_) = world.codes[0], PAPERS
    world.message(code, paper, AWAY)
    lease, later = timedelta(seconds=5), datetime.now(UTC) + timedelta(days=1)
    lost, holder = (world.ledger.claim_message(code, at, lease) for at in (later, later + lease))
    assert lost
    assert holder
    world.inbox.verdict = TOO_EARLY
    with pytest.raises(FactRefused):
        asyncio.run(world.inbox.put(lost, time.monotonic() + 60))
    world.expect_what_is_needed()
    assert world.ledger.inbox_open() == 1
    world.inbox.verdict = ACCEPTED
    asyncio.run(world.inbox.put(holder, time.monotonic() + 60))
    standing = world.ledger.standing_of(holder.message_id)
    assert (standing and standing.status, world.lie_there()) == (Progress.ACCEPTED, {SHA[paper]})


def test_nobody_voids_what_others_hold_by_the_name_of_a_message(world: World) -> None:
    code, (found, sent, _) = world.codes[0], PAPERS
    with world.ledger.receiving({SHA[found]: found}, world.documents):
        world.ledger.hold_papers(f"{code}:look-up:1", code, [SHA[found]])
    world.message(code, sent, REFUSED, f"{code}:look-up:1")
    world.ledger.let_go(world.documents, [SHA[found]])
    assert world.lie_there() == {SHA[found]}


def test_what_was_accepted_before_there_were_holds_is_kept_when_it_comes_again(engine: Engine, world: World) -> None:
    code, (paper, *_) = world.codes[0], PAPERS
    world.message(code, paper, ACCEPTED, "cu")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM paper_holds"))
    world.message(code, paper, ACCEPTED, "cu")
    assert world.lie_there() == {SHA[paper]}


def test_what_a_message_brought_goes_when_it_is_set_aside(world: World) -> None:
    code, (paper, *_) = world.codes[0], PAPERS
    world.message(code, paper, NEVER)
    world.expect_what_is_needed()
    later = datetime.now(UTC) + timedelta(minutes=1)
    world.ledger.set_aside(SetAside(message_id="m1", operator="vh-07", because="Không ai đọc được"), later)
    world.ledger.let_go(world.documents)
    assert not world.lie_there()


def test_what_a_refusal_could_not_let_go_goes_with_the_next(world: World) -> None:
    """Its process died in between; of a dossier that does not exist no erasure ever comes."""
    refused, next_one, _ = PAPERS
    fact = ResultDocument(at=OPENED_AT, documents=(document(refused),))
    code = "G22.99.08-261110-999999"
    event = AgencyEvent(message_id="lac", source=System.PROVINCIAL, dossier_code=code, leg=LEG, fact=fact)
    with world.ledger.receiving({SHA[refused]: refused}, world.documents):
        world.ledger.store(event, "digest", "provincial", OPENED_AT, timedelta(seconds=1))
    world.ledger.settled("lac", False, FactRefusal.UNKNOWN_DOSSIER, "Không có hồ sơ này.")
    assert world.lie_there() == {SHA[refused]}
    world.message(world.codes[0], next_one, ACCEPTED)
    assert world.lie_there() == {SHA[next_one]}


def test_a_paper_that_took_too_long_to_arrive_is_there_all_the_same(engine: Engine, world: World) -> None:
    """Somebody took its process for dead, or their clock is another one."""
    slow, other, _ = PAPERS
    with world.ledger.receiving({SHA[slow]: slow}, world.documents):
        with engine.begin() as connection:
            connection.execute(text("UPDATE paper_holds SET at = :at"), {"at": datetime.now(UTC) - timedelta(hours=2)})
        world.message(world.codes[1], other, ACCEPTED)
        assert world.lie_there() == {SHA[other]}
        world.ledger.publish(published(world.codes[0], 1, attachments=(document(slow),)), ())
    assert world.lie_there() == {SHA[slow], SHA[other]}


def test_a_paper_that_is_just_arriving_is_not_taken_away(world: World) -> None:
    """Whoever declares with the same paper has stored it, and nothing names it yet."""
    code, other = world.codes
    content = PAPERS[0]
    world.message(code, content, ACCEPTED)
    with world.ledger.receiving({SHA[content]: content}, world.documents):
        world.erase(code)
        assert world.lie_there() == {SHA[content]}
        world.ledger.publish(published(other, 3, attachments=(document(content),)), ())
    assert world.lie_there() == {SHA[content]}


def test_what_an_arrival_left_that_broke_off_goes_with_the_next(engine: Engine, world: World) -> None:
    """Its process died: nobody will ever name what it stored."""
    left, next_one, _ = PAPERS
    with engine.begin() as connection:
        arrived = {"sha256": SHA[left], "at": datetime.now(UTC)}
        connection.execute(text("INSERT INTO paper_holds VALUES (:sha256, 'arriving:x', NULL, :at)"), arrived)
    world.documents.keep(left)
    world.message(world.codes[0], next_one, ACCEPTED)
    assert world.lie_there() == {SHA[left], SHA[next_one]}, "it may still be about to be named"
    with engine.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(hours=2)
        connection.execute(text("UPDATE paper_holds SET at = :at WHERE dossier_code IS NULL"), {"at": long_ago})
    world.message(world.codes[0], next_one, ACCEPTED)
    assert world.lie_there() == {SHA[next_one]}


def test_a_dossier_that_was_erased_before_a_restore_lets_go_too(world: World) -> None:
    code = world.codes[0]
    world.refused_certificate(code, PAPERS[0])
    assert world.ledger.erase_again([code], OPENED_AT) == (SHA[PAPERS[0]],)
