"""Personal columns are sealed, each dossier's by a key of its own; old seals are made new; an erased dossier is lost.

On SQLite and PostgreSQL.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import StatementError

from ledger.errors import DossierErased, DuplicateDossier, NotErasable, UnknownDossier
from ledger.keys import MARK
from ledger.known_keys import known_keys
from ledger.store import Ledger
from models.audit import Action
from models.base import Code
from models.dossier import DossierOutcome, DossierStage, Leg, LegOutcome, LegStage
from models.erasure import ErasureOrder
from models.facts import FactRefusal, FactRefused
from models.messages import NoticeState
from models.systems import System
from models.tables import NotDuplicateRow
from settings import Settings
from tests.keys import MASTERS
from tests.ledger.builders import (
    OPENED_AT,
    certificate,
    consent,
    declared,
    demanded,
    keys_of,
    let_in,
    notice,
    notice_check,
    numbered,
    opened,
    plan_of,
    published,
    reissued,
    replaced,
    submitted,
)
from tests.ledger.filled import rows
from tests.ledger.test_replacements import corrected
from trust.key_errors import MasterKeyMixedUp, MasterKeyUnknown
from trust.keys import MASTER_KEYS, master_keys, new_master_key, write_secret
from trust.masters import KeyRing
from trust.vault import Unreadable

DAY = timedelta(days=1)


def stored(engine: Engine) -> str:
    """Everything that stands in the tables, keys apart."""
    content = {name: value for name, value in rows(engine).items() if name != "dossier_keys"}
    return json.dumps(content, ensure_ascii=False, default=str)


def in_progress(ledger: Ledger) -> Code:
    """A dossier with a leg, a demand, a corrected form and something to send."""
    code = opened(ledger)
    ledger.publish(published(code, 1, plan=plan_of(declared())), [notice(code, 1)])
    change = demanded(code, 2)
    ledger.publish(change, (), keys_of(change))
    return code


def concluded(ledger: Ledger, code: Code) -> Code:
    """The same dossier at its end, the birth registered, everything sent."""
    registered = Leg(key="birth_registration", stage=LegStage.ENDED, outcome=LegOutcome.COMPLETED, number="22/2026")
    end = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.COMPLETED, "legs": (registered,)}
    ledger.publish(published(code, 9, **end), ())
    for row in ledger.claim(list(System), OPENED_AT, DAY, 100):
        ledger.dispatched(row.id, OPENED_AT)
    return code


def order(code: Code, **changes: str) -> ErasureOrder:
    given = {"operator": "vh-01", "because": "Hết thời hạn lưu trữ", "basis": "Luật 91/2025/QH15 Điều 14"}
    return ErasureOrder.model_validate({"code": code, **given, **changes})


# --- Seals ------------------------------------------------------------------------------------------------------------


def test_nobody_is_named_in_the_tables(engine: Engine, ledger: Ledger) -> None:
    code = in_progress(ledger)
    form = declared()
    lay = stored(engine)
    for personal in (form.child.full_name, form.applicant.personal_id, form.applicant.full_name, "Thiếu giấy tờ"):
        assert personal
        assert personal not in lay
        assert json.dumps(personal)[1:-1] not in lay
    assert ledger.declaration(code) == form
    assert f"{MARK}test:{code}:" in lay


def test_a_personal_value_is_never_written_without_saying_whose_it_is(ledger: Ledger) -> None:
    code, other = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    row = NotDuplicateRow(dossier_code=code, other_code=other, reason="x", at=OPENED_AT)

    def write() -> None:
        with ledger._writing() as session:
            session.add(row)

    with pytest.raises(StatementError, match="whose"):
        write()


def test_what_belongs_to_one_dossier_does_not_open_as_another_s(engine: Engine, ledger: Ledger) -> None:
    code, other = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    with engine.begin() as connection:
        taken = "SELECT declaration FROM dossiers WHERE code = :other"
        connection.execute(
            text(f"UPDATE dossiers SET declaration = ({taken}) WHERE code = :code"), {"code": code, "other": other}
        )
    with pytest.raises(Unreadable, match="hồ sơ khác"):
        ledger.declaration(code)
    with engine.begin() as connection:
        name = f"replace(CAST(declaration AS text), '{other}', '{code}')"
        value = f"CAST({name} AS json)" if engine.dialect.name == "postgresql" else name
        connection.execute(text(f"UPDATE dossiers SET declaration = {value} WHERE code = :code"), {"code": code})
    with pytest.raises(Unreadable, match="niêm phong đã bị sửa"):
        ledger.declaration(code)


def refused(ledger: Ledger, code: Code, message_id: str) -> str:
    """The status address of a message about a dossier that was refused."""
    token = ledger.store(consent(code, message_id), "digest", "vneid", OPENED_AT, DAY).status_token
    ledger.settled(message_id, False, FactRefusal.ENDED, f"Lý do của {message_id}")
    assert token
    return token


def test_no_status_address_shows_what_was_put_into_its_message(engine: Engine, ledger: Ledger) -> None:
    """Who can write the database and send messages has nothing opened but what their own message was told."""
    own, other = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    token = refused(ledger, own, "m-attacker")
    refused(ledger, other, "m-other")
    text_of_form = "declaration #>> '{}'" if engine.dialect.name == "postgresql" else "trim(declaration, '\"')"
    for stolen in (
        f"SELECT {text_of_form} FROM dossiers WHERE code = '{other}'",
        f"SELECT {text_of_form} FROM dossiers WHERE code = '{own}'",
        "SELECT text FROM messages_in WHERE message_id = 'm-other'",
    ):
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE messages_in SET text = ({stolen}) WHERE message_id = 'm-attacker'"))
        for look in (
            lambda: ledger.standing_at(token),
            lambda: ledger.store(consent(own, "m-attacker"), "digest", "vneid", OPENED_AT, DAY),
        ):
            with pytest.raises(Unreadable):
                look()


def test_a_value_opens_in_its_own_column_only(engine: Engine, ledger: Ledger) -> None:
    code = in_progress(ledger)
    assert ledger.view(code)
    with engine.begin() as connection:
        connection.execute(text("UPDATE dossiers SET troubles = warnings"))
    with pytest.raises(Unreadable, match="của chỗ này"):
        ledger.view(code)


def test_sealing_anew_gives_no_dossier_what_is_another_s(engine: Engine, ledger: Ledger) -> None:
    own, other = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    with engine.begin() as connection:
        taken = f"(SELECT declaration FROM dossiers WHERE code = '{other}')"
        connection.execute(text(f"UPDATE dossiers SET declaration = {taken} WHERE code = '{own}'"))
    both = Ledger(engine, KeyRing({"new": bytes([9]) * 32, "test": bytes(range(32))}))
    assert (both.reseal(), both.sealed_otherwise()) == (1, 1)
    with pytest.raises(Unreadable):
        both.declaration(own)
    assert both.declaration(other) == numbered(2)


def test_what_goes_astray_is_sealed_too(engine: Engine, ledger: Ledger) -> None:
    fact = consent("G22.99.08-261119-999999", "lac-duong")
    arrival = ledger.store(fact, "digest", "vneid", OPENED_AT, DAY)
    assert arrival.delivery is not None
    assert arrival.delivery.fact == fact
    assert fact.personal_id not in stored(engine)


def test_what_was_stored_in_the_clear_is_read_and_sealed_when_asked(engine: Engine, ledger: Ledger) -> None:
    code = in_progress(ledger)
    assert ledger.sealed_otherwise() == 0
    form = declared()
    with engine.begin() as connection:
        plain = json.dumps(form.model_dump(mode="json"), ensure_ascii=False)
        connection.execute(text("UPDATE dossiers SET declaration = :plain"), {"plain": plain})
        connection.execute(text("UPDATE documents SET file_name = 'Trẻ Em Mẫu.pdf'"))
    assert ledger.declaration(code, 0) == form
    assert form.child.full_name in stored(engine)
    assert ledger.sealed_otherwise() == ledger.reseal() > 0
    assert ledger.declaration(code, 0) == form
    assert form.child.full_name not in stored(engine)
    assert ledger.reseal() == 0


def test_a_master_key_can_be_changed_and_the_old_one_retired(engine: Engine, ledger: Ledger) -> None:
    code = in_progress(ledger)
    old, new = bytes(range(32)), bytes([9]) * 32
    both = Ledger(engine, KeyRing({"new": new, "test": old}))
    assert both.declaration(code, 0) == declared()
    before = both.view(code)
    assert both.reseal() > 3
    assert both.sealed_otherwise() == 0
    retired = Ledger(engine, KeyRing({"new": new}))
    assert retired.view(code) == before
    with pytest.raises(MasterKeyUnknown, match="new"):
        ledger.view(code)


# --- Erasing ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def erased(ledger: Ledger) -> Code:
    code = concluded(ledger, in_progress(ledger))
    ledger.erase(order(code), OPENED_AT)
    return code


def test_an_erased_dossier_is_lost_and_stays_in_the_figures(engine: Engine, ledger: Ledger, erased: Code) -> None:
    for look in (ledger.view, ledger.declaration):
        with pytest.raises(DossierErased):
            look(erased)
    [summary] = ledger.summaries()
    assert (summary.code, summary.stage, summary.outcome) == (
        erased,
        DossierStage.CONCLUDED,
        DossierOutcome.COMPLETED,
    )
    assert ledger.opened(erased).concluded
    assert ledger.province_of(erased) == "01"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT seed FROM dossier_keys")).scalar() is None


def test_another_process_has_no_key_either(engine: Engine, erased: Code) -> None:
    other = Ledger(engine, MASTERS)
    with pytest.raises(DossierErased):
        other.view(erased)
    assert other.reseal() == other.sealed_otherwise() == 0


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_seed_is_in_no_file_any_more(tmp_path: Path, engine: Engine, ledger: Ledger) -> None:
    """PostgreSQL's files are its own; there the row is vacuumed."""
    code = in_progress(ledger)
    with engine.connect() as connection:
        seed = connection.execute(text("SELECT seed FROM dossier_keys")).scalar_one()
    files = [file for file in tmp_path.iterdir() if file.is_file()]
    assert any(seed in file.read_bytes() for file in files)
    ledger.erase(order(concluded(ledger, code)), OPENED_AT)
    assert not any(seed in file.read_bytes() for file in files if file.exists())


def test_who_erased_why_and_under_which_law_stays_readable(ledger: Ledger, erased: Code) -> None:
    entries = ledger.entries(code=erased, what=Action.ERASED)
    assert [(entry.who, entry.why) for entry in entries] == [("operator:vh-01", "Hết thời hạn lưu trữ")]
    assert entries[0].detail["basis"] == "Luật 91/2025/QH15 Điều 14"
    assert not ledger.verify_trail().flaws
    assert ledger.erase(order(erased, because="lần nữa"), OPENED_AT + DAY).at == OPENED_AT
    assert len(ledger.entries(code=erased, what=Action.ERASED)) == 1


def test_what_is_not_over_is_not_erased(ledger: Ledger) -> None:
    code = in_progress(ledger)
    with pytest.raises(NotErasable, match="chưa kết thúc"):
        ledger.erase(order(code), OPENED_AT)
    end = {"stage": DossierStage.CONCLUDED, "outcome": DossierOutcome.COMPLETED}
    ledger.publish(published(code, 8, **end), ())
    with pytest.raises(NotErasable, match="chưa gửi xong"):
        ledger.erase(order(code), OPENED_AT)
    concluded(ledger, code)
    fact = consent(code, "m-1")
    ledger.store(fact, "digest", "vneid", OPENED_AT, DAY)
    with pytest.raises(NotErasable, match="thông điệp"):
        ledger.erase(order(code), OPENED_AT)
    ledger.settled("m-1", False, FactRefusal.ENDED, "Hồ sơ đã kết thúc.")
    assert ledger.erase(order(code), OPENED_AT).code == code
    with pytest.raises(UnknownDossier):
        ledger.erase(order("G22.99.08-261119-999999"), OPENED_AT)


def test_a_replacement_that_agencies_have_yet_to_acknowledge_keeps_the_dossier(ledger: Ledger) -> None:
    code = in_progress(ledger)
    ledger.publish(replaced(code, 3), ())
    with pytest.raises(NotErasable, match="xác nhận"):
        ledger.erase(order(concluded(ledger, code)), OPENED_AT)


def test_nobody_is_registered_twice_because_of_an_erasure(ledger: Ledger, erased: Code) -> None:
    with pytest.raises(DuplicateDossier):
        opened(ledger, declared(submission_id="lan-nop-khac"))
    again = ledger.open_dossier(submitted(declared()), "G22.99.08")
    assert (again.code, again.created) == (erased, False)


def test_what_comes_for_an_erased_dossier_is_refused_and_leaves_nothing(ledger: Ledger, erased: Code) -> None:
    event = corrected(erased)
    with pytest.raises(FactRefused, match="hủy"):
        ledger.open_replacement(event, OPENED_AT)
    fact = consent(erased, "m-2")
    assert ledger.store(fact, "digest", "vneid", OPENED_AT, DAY).delivery is not None
    assert not ledger.settled("m-2", False, FactRefusal.ENDED, "Hồ sơ đã kết thúc.").accepted


def test_only_contents_that_no_other_dossier_has_are_to_be_removed(ledger: Ledger) -> None:
    shared, own = certificate("chung"), certificate("riêng")
    code = in_progress(ledger)
    other = let_in(ledger, reissued())
    ledger.publish(published(code, 3, attachments=(shared, own)), ())
    ledger.publish(published(other, 1, attachments=(shared,)), ())
    assert ledger.erase(order(concluded(ledger, code)), OPENED_AT).documents == (own.sha256,)


def test_an_order_says_who_why_and_by_which_law() -> None:
    for missing in ("operator", "because", "basis"):
        with pytest.raises(ValueError, match=missing):
            order("G22.99.08-261119-000001", **{missing: ""})


def test_every_dossier_has_a_seed_of_its_own(engine: Engine, ledger: Ledger) -> None:
    opened(ledger, numbered(1)), opened(ledger, numbered(2))
    with engine.connect() as connection:
        seeds = connection.execute(text("SELECT seed FROM dossier_keys")).scalars().all()
    assert len({bytes(seed) for seed in seeds}) == 2


# --- What fresh eyes found --------------------------------------------------------------------------------------------


def test_a_notice_goes_with_its_dossier_too(ledger: Ledger) -> None:
    code = in_progress(ledger)
    ledger.notice_checked(notice_check(code, NoticeState.GOOD).model_copy(update={"sha256": "a" * 64}))
    assert ledger.erase(order(concluded(ledger, code)), OPENED_AT).documents == ("a" * 64,)


def test_what_belongs_to_no_dossier_is_sealed_anew_also_after_an_erasure(engine: Engine, ledger: Ledger) -> None:
    ledger.arrived("lac", "digest", "agency_event", None, "vneid", OPENED_AT)
    ledger.settled("lac", False, FactRefusal.MALFORMED, "Sai cấu trúc.")
    code = concluded(ledger, in_progress(ledger))
    ledger.erase(order(code), OPENED_AT)
    ledger.arrived("muon", "digest", "agency_event", code, "vneid", OPENED_AT)
    ledger.settled("muon", False, FactRefusal.ENDED, "Hồ sơ đã kết thúc.")
    both = Ledger(engine, KeyRing({"new": bytes([9]) * 32, "test": bytes(range(32))}))
    assert (both.reseal(), both.sealed_otherwise()) == (2, 0)
    retired = Ledger(engine, KeyRing({"new": bytes([9]) * 32}))
    assert {fact.message_id: fact.text for fact in retired.refused_facts(code)} == {"muon": "Hồ sơ đã kết thúc."}


def test_a_verdict_outlives_its_words(ledger: Ledger) -> None:
    code = in_progress(ledger)
    ledger.store(consent(code, "m-9"), "digest", "vneid", OPENED_AT, DAY)
    ledger.settled("m-9", True, None, "Đã ghi nhận.")
    ledger.erase(order(concluded(ledger, code)), OPENED_AT)
    again = ledger.store(consent(code, "m-9"), "digest", "vneid", OPENED_AT, DAY)
    assert again.delivery is None
    assert again.verdict is not None
    assert again.verdict.accepted


def test_what_cannot_be_opened_in_the_outbox_holds_up_its_own_dossier_only(engine: Engine, ledger: Ledger) -> None:
    code, other = opened(ledger, numbered(1)), opened(ledger, numbered(2))
    for one in (code, other):
        ledger.publish(published(one, 1), [notice(one, 1)])
    with engine.begin() as connection:
        spoilt = "replace(CAST(dispatch AS text), 'sealed:1:test', 'sealed:1:gone')"
        value = f"CAST({spoilt} AS json)" if engine.dialect.name == "postgresql" else spoilt
        connection.execute(text(f"UPDATE notices SET dispatch = {value} WHERE dossier_code = :code"), {"code": code})
    for _ in range(2):
        taken = ledger.claim([System.PORTAL], OPENED_AT, timedelta(seconds=0), 100)
        assert [claimed.dispatch.head.dossier_code for claimed in taken] == [other]
    assert ledger.outbox_open(code) == 1


def test_processes_that_start_at_once_all_know_their_key(engine: Engine) -> None:
    ledgers = [Ledger(engine, MASTERS) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda ledger: ledger.keys.masters.expect_right(), ledgers))
    assert known_keys(engine) == {"test"}


def test_a_key_changed_in_its_file_while_we_run_seals_nothing(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / MASTER_KEYS
    right = new_master_key("k1")
    write_secret(file, right)
    running = Ledger(engine, master_keys(Settings(state=tmp_path)))
    running.keys.masters.expect_right()
    write_secret(file, new_master_key("k1"))
    code = opened(running)
    assert Ledger(engine, KeyRing.read([right])).declaration(code) == declared()
    with pytest.raises(MasterKeyMixedUp):
        Ledger(engine, master_keys(Settings(state=tmp_path))).keys.masters.expect_right()


def test_another_key_of_the_same_id_seals_nothing(engine: Engine, ledger: Ledger) -> None:
    ledger.keys.masters.expect_right()
    ledger.keys.masters.expect_right()
    code = opened(ledger)
    other = Ledger(engine, KeyRing({"test": bytes([9]) * 32}))
    with pytest.raises(MasterKeyMixedUp, match="chép cho mọi máy"):
        other.keys.masters.expect_right()
    with pytest.raises(MasterKeyMixedUp):
        opened(other, numbered(1))
    assert ledger.opened(code)
    assert ledger.keys.masters.with_others(KeyRing({"new": bytes([9]) * 32})).current == "new"
