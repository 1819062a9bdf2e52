"""The audit trail in the database: what is on it, in which transaction, and that nobody changes or shortens it."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger.engine import check_schema, open_engine
from ledger.roles import RoleUnfit, grant_to
from ledger.store import Ledger
from models.audit import WORKER, Action, Entry, Flaw, InLedger, NumberedEntry, TrailHead
from models.erasure import ErasureOrder
from models.facts import Classification, ClassifiedAs, FactRefusal, InboundFact, PackMigration, digest_of
from models.publication import HeardFact
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, consent, declared, let_in, notice, numbered, opened, plan_of, published
from tests.ledger.databases import Server
from tests.ledger.processes import together, two_processes
from tests.ledger.test_outbox import LEASE
from tests.ledger.test_publications import life_of, publish_all
from tests.ledger.test_two_writers import deadlocks
from workflows.letterbox import told_fact

UNKNOWN = "G22.99.08-261110-999999"
BECAUSE = "Cơ quan viết rõ là từ chối."
ENTRIES = 25
"""How many entries each of two processes writes of every sort."""


def look(code: str | None = None, **changes: Any) -> Entry:
    return Entry.model_validate({"who": "operator:vh-01", "what": Action.LOOKED, "code": code} | changes)


def classified(code: str) -> Classification:
    return Classification(
        message_id="phan-loai-1",
        dossier_code=code,
        leg="residence_registration",
        of="tin-0",
        found=ClassifiedAs.REFUSAL,
        operator="vh-07",
        because=BECAUSE,
        at=OPENED_AT,
    )


def judge(ledger: Ledger, fact: InboundFact, source: str, refusal: FactRefusal | None = None) -> None:
    """A fact comes in and is judged."""
    ledger.store(fact, digest_of(fact), source, OPENED_AT, LEASE)
    ledger.settled(fact.message_id, refusal is None, refusal, "Không đúng người." if refusal else "Đã ghi nhận.")


def newest(ledger: Ledger) -> NumberedEntry:
    [entry] = ledger.entries(limit=1)
    return entry


def test_facts_are_on_it_with_who_when_why_and_under_which_pack(ledger: Ledger) -> None:
    code = opened(ledger)
    judge(ledger, consent(code, "cho-1"), "vneid-01")
    ledger.publish(published(code, 1, plan=plan_of(declared())), ())
    judge(ledger, consent(code, "cho-2"), "vneid-01", FactRefusal.WRONG_PERSON)
    opening, accepted, refused = ledger.entries()
    assert (opening.who, opening.what, opening.code) == (WORKER, Action.OPENED, code)
    assert (accepted.who, accepted.what, accepted.why) == ("sender:vneid-01", Action.FACT_ACCEPTED, None)
    assert accepted.detail == {"kind": "vneid_consent", "message": "cho-1"}
    assert (refused.what, refused.why, refused.code) == (Action.FACT_REFUSED, "Không đúng người.", code)
    assert refused.detail == {"kind": "vneid_consent", "message": "cho-2", "reason": "wrong_person"}
    assert (accepted.pack, refused.pack) == (None, plan_of(declared()).pack)
    assert str(opening.at) <= str(accepted.at) <= str(refused.at)


def test_what_never_became_a_fact_is_on_it_too(ledger: Ledger) -> None:
    ledger.arrived("unreadable:1", "digest", "unknown", UNKNOWN, "vneid-01", OPENED_AT)
    ledger.settled("unreadable:1", False, FactRefusal.MALFORMED, "Sai cấu trúc ở: data.")
    entry = newest(ledger)
    assert (entry.who, entry.what, entry.code) == ("sender:vneid-01", Action.FACT_REFUSED, UNKNOWN)
    assert (entry.why, entry.pack) == ("Sai cấu trúc ở: data.", None)


def test_signals_are_on_it_by_the_publication_that_tells_of_them(ledger: Ledger) -> None:
    code = opened(ledger)
    signals = life_of(code)[2].heard
    looked_up = HeardFact(message_id="tin-3", kind="agency_event", at=OPENED_AT, text="Thấy.", via="lookup:residence")
    act = classified(code)
    acted = HeardFact(
        message_id="tin-4",
        kind="classification",
        at=OPENED_AT,
        text="Đã ghi nhận.",
        operator=act.operator,
        because=act.because,
    )
    change = published(code, 1, heard=(*signals, looked_up, acted))
    ledger.publish(change, ())
    ledger.publish(change, ())
    said = [(entry.who, entry.what, entry.why) for entry in ledger.entries()][1:]
    assert said == [
        ("signal", Action.FACT_REFUSED, "Không chờ."),
        ("signal", Action.FACT_ACCEPTED, None),
        ("lookup:residence", Action.FACT_ACCEPTED, None),
        ("operator:vh-07", Action.ACT_ACCEPTED, BECAUSE),
    ]
    assert newest(ledger).detail["via"] == "signal"


def test_an_update_past_the_inbox_is_on_it_by_the_publication_and_any_other_once(ledger: Ledger) -> None:
    code = opened(ledger)
    judge(ledger, consent(code, "cho-1"), "vneid-01")
    known, forged, act = consent(code, "cho-1"), consent(code, "cho-1", personal_id="001090000998"), classified(code)
    ledger.publish(published(code, 1, heard=[told_fact(fact, OPENED_AT) for fact in (known, forged, act)]), ())
    assert [(entry.who, entry.detail.get("via")) for entry in ledger.entries()][1:] == [
        ("sender:vneid-01", None),
        ("update", None),
        ("operator:vh-07", "update"),
    ]


@pytest.mark.parametrize("refusal", [None, FactRefusal.OUT_OF_TURN])
def test_an_operators_act_has_its_own_reason_and_who_sent_it(ledger: Ledger, refusal: FactRefusal | None) -> None:
    code = opened(ledger)
    judge(ledger, classified(code), "cli:an", refusal)
    entry = newest(ledger)
    assert (entry.who, entry.why, entry.detail["via"]) == ("operator:vh-07", BECAUSE, "cli:an")
    assert entry.what is (Action.ACT_REFUSED if refusal else Action.ACT_ACCEPTED)


def test_a_dossier_that_goes_over_to_another_law_has_that_on_it(ledger: Ledger) -> None:
    code = opened(ledger)
    said = {"message_id": "m1", "dossier_code": code, "operator": "vh-07", "because": BECAUSE, "at": OPENED_AT}
    act = PackMigration.model_validate(said | {"pack": "2026-09-01"})
    judge(ledger, act, "cli:an")
    assert newest(ledger).detail["to_pack"] == "2026-09-01"
    ledger.publish(published(code, 1, heard=[told_fact(act.model_copy(update={"message_id": "m2"}), OPENED_AT)]), ())
    assert (newest(ledger).detail["via"], newest(ledger).detail["to_pack"]) == ("update", "2026-09-01")


def test_that_somebody_is_no_duplicate_is_an_operators_word(ledger: Ledger) -> None:
    first = opened(ledger)
    second = let_in(ledger)
    entry = newest(ledger)
    assert (entry.what, entry.code, entry.detail) == (Action.NOT_DUPLICATE, second, {"other": first})
    assert entry.why == "Hai người trùng tên, đã đối chiếu với bệnh viện."


def test_what_is_repeated_is_on_it_once_and_what_is_judged_anew_again(ledger: Ledger) -> None:
    code = opened(ledger)
    assert opened(ledger) == code
    for _ in range(2):
        judge(ledger, consent(code, "cho-1"), "vneid-01", FactRefusal.OUT_OF_TURN)
    for _ in range(2):
        judge(ledger, consent(code, "cho-1"), "vneid-01")
    assert [entry.what for entry in ledger.entries()] == [
        Action.OPENED,
        Action.FACT_REFUSED,
        Action.FACT_REFUSED,
        Action.FACT_ACCEPTED,
    ]


def test_what_is_rolled_back_leaves_no_entry(ledger: Ledger) -> None:
    code, other = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    ledger.publish(published(other, 1), [notice(other, 1)])
    before = ledger.trail_head()
    with pytest.raises(IntegrityError):
        ledger.publish(life_of(code)[2], [notice(other, 1)])
    assert ledger.trail_head() == before
    ledger.publish(life_of(code)[2], [notice(code, 1)])
    assert ledger.trail_head().number == before.number + 2


def test_it_is_asked_by_dossier_person_act_and_time(ledger: Ledger) -> None:
    code, at = opened(ledger), OPENED_AT
    for number, who in enumerate(("operator:vh-01", "operator:vh-012", "cli:an", "operators")):
        ledger.note(look(code if number < 2 else None, who=who, at=at + timedelta(hours=number)))
    looks = {"what": Action.LOOKED}
    assert [entry.who for entry in ledger.entries(code=code, what=Action.LOOKED)] == [
        "operator:vh-01",
        "operator:vh-012",
    ]
    assert [entry.who for entry in ledger.entries(who="operator")] == ["operator:vh-01", "operator:vh-012"]
    assert [entry.who for entry in ledger.entries(who="operator:vh-01")] == ["operator:vh-01"]
    within = ledger.entries(since=at + timedelta(hours=1), until=at + timedelta(hours=2))
    assert [entry.who for entry in within] == ["operator:vh-012", "cli:an"]
    assert [entry.number for entry in ledger.entries(what=looks["what"], limit=2)] == [4, 5]


def test_why_is_sealed_and_outlived_by_the_entry(ledger: Ledger, engine: Engine) -> None:
    code = opened(ledger)
    publish_all(ledger, life_of(code))
    for row in ledger.notices_of(code):
        ledger.dispatched(row.id, OPENED_AT)
    ledger.note(look(code, why="Bà Nguyễn Thị Mẫu hỏi."))
    assert newest(ledger).why == "Bà Nguyễn Thị Mẫu hỏi."
    with engine.connect() as connection:
        assert "Mẫu" not in "".join(connection.execute(text("SELECT why FROM audit_trail WHERE why <> ''")).scalars())
    ledger.erase(ErasureOrder(code=code, operator="vh-01", because="Hết hạn lưu.", basis="Luật 91/2025"), OPENED_AT)
    ledger.note(look(code, why="Sau khi hủy."))
    looked, erased, again = ledger.entries(limit=3)
    assert (looked.why, erased.why, again.why) == (None, "Hết hạn lưu.", "Sau khi hủy.")
    assert ledger.verify_trail().flaws == ()


_CHANGES = ("UPDATE audit_trail SET who = 'worker'", "DELETE FROM audit_trail")
CHANGES = {
    "sqlite": (*_CHANGES, "INSERT OR REPLACE INTO audit_trail SELECT * FROM audit_trail"),
    "postgresql": (
        *_CHANGES,
        "TRUNCATE audit_trail",
        "INSERT INTO audit_trail SELECT * FROM audit_trail ON CONFLICT (number) DO UPDATE SET who = 'worker'",
    ),
}


def test_the_database_refuses_to_change_or_shorten_it_even_to_its_owner(engine: Engine, ledger: Ledger) -> None:
    opened(ledger)
    ledger.note(look())
    for change in CHANGES[engine.dialect.name]:
        with engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
            connection.execute(text(change))
    assert ledger.verify_trail().entries == 2


@contextmanager
def without_triggers(engine: Engine) -> Iterator[Any]:
    """What an owner of the database can do, who first takes the triggers away."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit_trail DISABLE TRIGGER ALL"))
        else:
            for name in (
                connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            ):
                connection.execute(text(f"DROP TRIGGER {name}"))
        yield lambda *statements: [connection.execute(text(statement)) for statement in statements]


TAMPERINGS = (
    (("UPDATE audit_trail SET who = 'worker' WHERE number = 3",), (Flaw.CHANGED, 3, 3)),
    (("UPDATE audit_trail SET at = 'once' WHERE number = 3",), (Flaw.CHANGED, 3, 3)),
    (("UPDATE audit_trail SET why = NULL WHERE number = 3",), (Flaw.CHANGED, 3, 3)),
    (("DELETE FROM audit_trail WHERE number IN (2, 3)",), (Flaw.MISSING, 2, 3)),
    (("DELETE FROM audit_trail WHERE number > 4",), (Flaw.CUT_OFF, 5, 6)),
    (
        (
            "UPDATE audit_trail SET number = 99 WHERE number = 3",
            "UPDATE audit_trail SET number = 3 WHERE number = 4",
            "UPDATE audit_trail SET number = 4 WHERE number = 99",
        ),
        (Flaw.CHANGED, 3, 4),
    ),
    (
        ("DELETE FROM audit_trail WHERE number = 5", "UPDATE audit_trail SET number = 5 WHERE number = 6"),
        (Flaw.CHANGED, 5, 5),
    ),
)


@pytest.mark.parametrize(("statements", "flaw"), TAMPERINGS)
def test_what_an_owner_does_to_it_all_the_same_is_found(
    engine: Engine, ledger: Ledger, statements: tuple[str, ...], flaw: tuple[Flaw, int, int]
) -> None:
    for number in range(6):
        ledger.note(look(why=f"Việc {number}."))
    kept = ledger.trail_head()
    assert ledger.verify_trail(kept).flaws == ()
    with without_triggers(engine) as run:
        run(*statements)
    found, *_ = ledger.verify_trail(kept).flaws
    assert (found.flaw, found.first, found.last) == flaw


def test_an_entry_that_cannot_be_read_is_shown_so_and_hides_no_other(engine: Engine, ledger: Ledger) -> None:
    ledger.note(look())
    ledger.note(look(why="Việc."))
    with without_triggers(engine) as run:
        run("UPDATE audit_trail SET why = 'sealed:1:torn' WHERE number = 2")
        run(
            "INSERT INTO audit_trail SELECT 3, 'once', 'ai đó', role, 'of_a_newer_release', code, NULL, pack, detail,"
            " key_id, previous, hash FROM audit_trail WHERE number = 1"
        )
    whole, torn, newer = ledger.entries()
    assert (whole.what, torn.what, newer.what) == (Action.LOOKED, None, None)
    assert (torn.number, torn.who, torn.why, newer.number, newer.who, newer.at) == (
        *(2, "operator:vh-01", None),
        *(3, "ai đó", "once"),
    )
    assert [(flaw.flaw, flaw.first, flaw.last) for flaw in ledger.verify_trail().flaws] == [(Flaw.CHANGED, 2, 3)]


def test_what_the_ledger_has_and_no_line_tells_of_is_missed(engine: Engine, ledger: Ledger) -> None:
    """Whoever cuts off the end, or all of it, removes what the ledger still knows of."""
    first, second = opened(ledger, numbered(1)), let_in(ledger)
    ledger.store(consent(first, "cho-0"), "digest", "vneid-01", OPENED_AT, LEASE)
    judge(ledger, consent(first, "cho-1"), "vneid-01")
    publish_all(ledger, life_of(second))
    for row in ledger.notices_of(second):
        ledger.dispatched(row.id, OPENED_AT)
    ledger.erase(ErasureOrder(code=second, operator="vh-01", because="Hết hạn lưu.", basis="Luật 91/2025"), OPENED_AT)
    assert ledger.verify_trail().whole
    with without_triggers(engine) as run:
        run("DELETE FROM audit_trail WHERE what <> 'opened'")
    missed = {untold.what: (untold.count, untold.codes) for untold in ledger.verify_trail().untold}
    assert missed.pop(InLedger.JUDGED) == (1 + len(life_of(second)[2].heard), tuple(sorted((first, second))))
    assert missed == {InLedger.NOT_DUPLICATE: (1, (second,)), InLedger.ERASURE: (1, (second,))}
    with without_triggers(engine) as run:
        run("DELETE FROM audit_trail", f"UPDATE dossiers SET untraced = TRUE WHERE code = '{second}'")
    checked = ledger.verify_trail()
    assert (checked.entries, checked.flaws, checked.whole) == (0, (), False)
    assert {untold.what: untold.codes for untold in checked.untold} == {
        InLedger.DOSSIER: (first,),
        InLedger.JUDGED: (first,),
    }


def writer(url: str, name: str) -> None:
    """One of two processes: looks, and facts judged, from several threads."""
    engine = open_engine(url)
    try:
        ledger = Ledger(engine, MASTERS)
        code = opened(ledger, numbered(int(name)))
        together()
        with ThreadPoolExecutor(3) as threads:
            looking = [threads.submit(ledger.note, look(code)) for _ in range(ENTRIES)]
            facts = [consent(code, f"tin-{name}-{number}") for number in range(ENTRIES)]
            judging = [threads.submit(judge, ledger, fact, "vneid-01") for fact in facts]
            for work in (*looking, *judging):
                work.result()
    finally:
        engine.dispose()


def test_two_writers_at_once_leave_no_gap_and_no_deadlock(database_url: str, engine: Engine, ledger: Ledger) -> None:
    with two_processes() as processes:
        list(processes.map(writer, [database_url] * 2, ["1", "2"]))
    checked = ledger.verify_trail()
    assert (checked.flaws, checked.entries, checked.head.number) == ((), 2 + 4 * ENTRIES, 2 + 4 * ENTRIES)
    assert deadlocks(engine) == 0


@pytest.fixture
def owned(server: Server, postgresql_template: str) -> Iterator[tuple[Engine, str]]:
    """A PostgreSQL database, as its owner sees it, and the name of a role that owns nothing."""
    url, role = server.database(postgresql_template), f"application_{os.getpid()}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        engine = open_engine(url)
        yield engine, role
        engine.dispose()
        server.drop(url)
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_the_role_of_the_application_can_do_its_work_and_not_touch_the_trail(owned: tuple[Engine, str]) -> None:
    owner, role = owned
    grant_to(owner, role)
    grant_to(owner, role)
    engine = open_engine(owner.url.set(username=role).render_as_string(hide_password=False))
    check_schema(engine)
    ledger = Ledger(engine, MASTERS)
    code = opened(ledger)
    publish_all(ledger, life_of(code))
    judge(ledger, consent(code, "cho-1"), "vneid-01")
    for row in ledger.notices_of(code):
        ledger.dispatched(row.id, OPENED_AT)
    ledger.erase(ErasureOrder(code=code, operator="vh-01", because="Hết hạn.", basis="Luật 91/2025"), OPENED_AT)
    ledger.note(look(code))
    kept = ledger.trail_head()
    forbidden = (
        *CHANGES["postgresql"],
        "SELECT 1 FROM audit_trail FOR UPDATE",
        "DROP TABLE audit_trail",
        "DROP TRIGGER audit_trail_is_append_only ON audit_trail",
        "DROP FUNCTION audit_trail_is_append_only CASCADE",
        "CREATE OR REPLACE FUNCTION audit_trail_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "ALTER TABLE audit_trail DISABLE TRIGGER ALL",
        "ALTER TABLE audit_trail OWNER TO CURRENT_USER",
        "SET session_replication_role = replica",
        "UPDATE alembic_version SET version_num = '0001'",
    )
    for statement in forbidden:
        with engine.connect() as connection, pytest.raises(DBAPIError, match=r"denied|must be owner"):
            connection.execute(text(statement))
    assert ledger.verify_trail(kept).flaws == ()
    engine.dispose()


def test_a_role_that_could_change_the_trail_is_not_the_applications(owned: tuple[Engine, str]) -> None:
    owner, role = owned
    with pytest.raises(RoleUnfit, match="không có vai trò"):
        grant_to(owner, f"{role}_2")
    with pytest.raises(RoleUnfit, match="sở hữu"):
        grant_to(owner, str(make_url(owner.url).username))
    with owner.begin() as connection:
        connection.execute(text(f"GRANT pg_write_all_data TO {role}"))
    with pytest.raises(RoleUnfit, match="vai trò khác"):
        grant_to(owner, role)
    with owner.begin() as connection:
        connection.execute(text(f"REVOKE pg_write_all_data FROM {role}"))
        connection.execute(text(f"ALTER TABLE audit_trail OWNER TO {role}"))
    with pytest.raises(RoleUnfit, match="sở hữu"):
        grant_to(owner, role)


def test_sqlite_has_no_roles(tmp_path: Any) -> None:
    with pytest.raises(RoleUnfit, match="SQLite"):
        grant_to(open_engine(f"sqlite:///{tmp_path / 'ledger.db'}"), "application")


def test_an_empty_trail_has_a_head(ledger: Ledger) -> None:
    assert ledger.trail_head() == TrailHead(number=0, hash="0" * 64)
    assert ledger.verify_trail(ledger.trail_head()).entries == 0
