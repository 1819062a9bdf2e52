"""Fees: who pays what, by province, and who pays nothing (Luật Hộ tịch 2014 Điều 11)."""

from datetime import date, timedelta
from itertools import combinations

import pytest

from models import fees
from models.birth import BirthDeclaration
from models.codes import province
from models.death import DeathDeclaration
from models.declaration import Declaration
from models.dossier import Fee
from models.fees import ANY_PROVINCE, FeeRow, assess_fee, fee_law, fee_rows
from models.form_facts import Fact
from models.groups import Group
from models.intake import known_facts, resolve
from models.law import LawError, pack_in_force
from models.plan import declared_late
from models.start import LawQuery
from tests.models.cases import CALENDAR, DEATH_NAMES, ON, SAMPLE_NAMES, changed, death_sample, sample

FIRST_PACK = date(2024, 7, 1)
ON_TIME, LATE, FOREIGN = "timely_birth_registration", "late_birth_registration", "foreign_birth_registration"
COPY = "certificate_copy"
DEATH_ON_TIME, LATE_DEATH, FOREIGN_DEATH, EXTRACT_COPY = (
    "timely_death_registration",
    "late_death_registration",
    "foreign_death_registration",
    "death_extract_copy",
)
COPIES = {COPY, EXTRACT_COPY}
POOR = {"poor_household": {"number": "HN-000001", "issued_on": "2026-01-12"}}


def declared(name: str, *, copies: int = 0, province: str | None = None) -> BirthDeclaration:
    form = changed(sample(name), results={"birth_certificate_copies": copies})
    return changed(form, recipients={"province_code": province}) if province else form


def relieved(form: BirthDeclaration, *grounds: str) -> BirthDeclaration:
    """The form with papers that free the child from the fee on those grounds."""
    papers = [{"ground": ground, "number": f"GT-{ground}", "issued_on": "2026-01-12"} for ground in grounds]
    return changed(form, fee_relief=papers)


def fee_of(form: Declaration, *, late: bool = False, on: date = ON) -> Fee:
    return assess_fee(form, form.facts() | ({Fact.DECLARED_LATE} if late else set()), on)


def items_of(group: Group) -> set[str]:
    return {key for key, item in fee_law().items.items() if item.group is group}


def waived(fee: Fee) -> list[tuple[str, str]]:
    return [(free.item, free.basis) for free in fee.waived]


# --- What is owed --------------------------------------------------------------------------------------------------


@pytest.mark.rule("4.8-late-birth-fee", "4.8-fees-are-data")
@pytest.mark.parametrize(
    ("name", "copies", "late", "province", "expected"),
    [
        ("plain", 0, False, "01", []),
        ("plain", 0, False, "04", []),
        ("plain", 0, True, "01", [(LATE, 5000)]),
        ("plain", 0, True, "04", [(LATE, 8000)]),
        ("plain", 0, True, "48", [(LATE, 6000)]),
        ("plain", 0, True, "79", [(LATE, 4000)]),
        ("plain", 1, False, "01", [(COPY, 8000)]),
        ("plain", 2, False, "01", [(COPY, 16000)]),
        ("plain", 20, False, "04", [(COPY, 160_000)]),
        ("plain", 3, True, "01", [(LATE, 5000), (COPY, 24000)]),
        ("foreign-parent", 0, False, "01", [(FOREIGN, 75000)]),
        ("foreign-parent", 0, True, "01", [(FOREIGN, 75000)]),
        ("foreign-parent", 0, True, "48", [(FOREIGN, 60000)]),
        ("foreign-parent", 1, True, "04", [(FOREIGN, 75000), (COPY, 8000)]),
        ("abandoned-child", 0, False, "01", []),
    ],
)
def test_what_is_owed(name: str, copies: int, late: bool, province: str, expected: list[tuple[str, int]]) -> None:
    fee = fee_of(declared(name, copies=copies, province=province), late=late)
    assert [(line.item, line.amount_vnd) for line in fee.lines] == expected
    assert fee.total_vnd == sum(amount for _, amount in expected)


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_on_time_and_without_copies_only_a_foreign_element_costs(name: str) -> None:
    assert bool(fee_of(declared(name)).lines) is (name == "foreign-parent")


def test_an_amount_holds_from_its_day_on_in_its_own_province_only() -> None:
    form = declared("plain", province="79")
    assert fee_of(form, late=True, on=date(2025, 12, 31)).total_vnd == 5000
    assert fee_of(form, late=True, on=date(2026, 1, 1)).total_vnd == 4000
    assert fee_of(declared("plain", province="75"), late=True, on=date(2026, 1, 1)).total_vnd == 8000


def test_an_amount_that_nobody_has_set_is_no_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> tuple[FeeRow, ...]:
        return tuple(row for row in fee_rows.__wrapped__() if row.province_code == "01")

    monkeypatch.setattr(fees, "fee_rows", rows)
    assert fee_of(declared("plain", province="01"), late=True).total_vnd == 5000
    assert fee_of(declared("plain", province="04")).total_vnd == 0
    with pytest.raises(LawError, match="chưa có mức thu “Lệ phí đăng ký khai sinh quá hạn”"):
        fee_of(declared("plain", province="04"), late=True)


# --- Who is freed --------------------------------------------------------------------------------------------------


@pytest.mark.rule("4.8-fees-are-data")
def test_registration_on_time_is_shown_as_waived_with_its_basis() -> None:
    assert waived(fee_of(declared("plain"))) == [(ON_TIME, "Luật Hộ tịch 2014 Điều 11(1)(b)")]
    assert waived(fee_of(declared("plain"), late=True)) == []
    assert waived(fee_of(declared("foreign-parent"))) == []


@pytest.mark.rule("4.8-fees-are-data")
@pytest.mark.parametrize("foreign", [False, True])
@pytest.mark.parametrize("ground", ["poor_household", "merit_family", "disabled"])
def test_the_law_frees_from_registration_and_never_from_copies(ground: str, foreign: bool) -> None:
    form = declared("foreign-parent" if foreign else "plain", copies=2)
    form = changed(form, health_insurance=POOR) if ground == "poor_household" else relieved(form, ground)
    fee = fee_of(form, late=True)
    assert [(line.item, line.amount_vnd) for line in fee.lines] == [(COPY, 16000)]
    assert waived(fee) == [(FOREIGN if foreign else LATE, "Luật Hộ tịch 2014 Điều 11(1)(a)")]


def test_a_fee_is_waived_once_however_many_grounds_there_are() -> None:
    form = changed(relieved(declared("plain"), "disabled", "merit_family"), health_insurance=POOR)
    assert [free.ground for free in fee_of(form, late=True).waived] == ["người thuộc gia đình có công với cách mạng"]


@pytest.mark.parametrize("name", SAMPLE_NAMES)
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("grounds", [(), ("merit_family",), ("disabled",)])
def test_every_birth_is_either_paid_for_or_waived(name: str, late: bool, grounds: tuple[str, ...]) -> None:
    fee = fee_of(relieved(declared(name), *grounds), late=late)
    of_registration = {line.item for line in fee.lines} | {free.item for free in fee.waived}
    assert len(of_registration) == 1
    assert of_registration < items_of(Group.BIRTH) - COPIES


def test_every_line_says_what_it_is_for_and_on_what_basis() -> None:
    lines = fee_of(declared("plain", copies=1), late=True).lines
    assert [line.name for line in lines] == ["Lệ phí đăng ký khai sinh quá hạn", "Lệ phí cấp bản sao Giấy khai sinh"]
    assert all("Luật Hộ tịch 2014 Điều 11" in line.basis for line in lines)


# --- Declared late -------------------------------------------------------------------------------------------------


@pytest.mark.rule("4.8-late-birth-fee")
@pytest.mark.parametrize(
    ("born_on", "late"),
    [
        (date(2026, 9, 20), False),
        (date(2026, 9, 19), True),
    ],
    ids=["60 days", "61 days"],
)
def test_declared_late_is_a_fact_of_the_day(born_on: date, late: bool) -> None:
    """Thursday 19/11/2026 is the 60th day after 20/9/2026 (Luật Hộ tịch 2014 Điều 15(1))."""
    form = changed(sample("plain"), child={"born_on": born_on.isoformat()}, results={"birth_certificate_copies": 0})
    assert declared_late(pack_in_force(ON), form, ON, CALENDAR) is late
    assert (Fact.DECLARED_LATE in known_facts(form, None, late=late)) is late
    fee = resolve(LawQuery(declaration=form, on=ON), CALENDAR).fee
    assert [line.item for line in fee.lines] == ([LATE] if late else [])
    assert [free.item for free in fee.waived] == ([] if late else [ON_TIME])


def test_a_last_day_that_is_a_day_off_moves_to_the_next_working_day() -> None:
    """Born 23/9/2026: the 60th day is Sunday 22/11/2026, so Monday 23/11 is in time; 24/11/2026 is a holiday."""
    form = changed(sample("plain"), child={"born_on": "2026-09-23"})
    days = [ON + timedelta(days=n) for n in (4, 5)]
    assert [declared_late(pack_in_force(ON), form, day, CALENDAR) for day in days] == [False, True]


# --- A death -------------------------------------------------------------------------------------------------------


def deceased(
    name: str = "householder", *, copies: int = 0, province: str = "01", **sections: object
) -> DeathDeclaration:
    form = changed(death_sample(name), results={"death_extract_copies": copies}, **sections)
    return changed(form, recipients={"province_code": province})


@pytest.mark.rule("4.8-late-death-fee", "4.8-fees-are-data")
@pytest.mark.parametrize(
    ("name", "copies", "late", "province", "expected"),
    [
        ("householder", 0, False, "01", []),
        ("householder", 0, True, "01", [(LATE_DEATH, 5000)]),
        ("householder", 0, True, "04", [(LATE_DEATH, 8000)]),
        ("householder", 0, True, "79", [(LATE_DEATH, 4000)]),
        ("householder", 2, False, "01", [(EXTRACT_COPY, 16000)]),
        ("insurance-lump-sum", 3, True, "48", [(LATE_DEATH, 6000), (EXTRACT_COPY, 24000)]),
        ("foreigner", 0, False, "01", [(FOREIGN_DEATH, 75000)]),
        ("foreigner", 1, True, "48", [(FOREIGN_DEATH, 60000), (EXTRACT_COPY, 8000)]),
    ],
)
def test_what_is_owed_for_a_death(
    name: str, copies: int, late: bool, province: str, expected: list[tuple[str, int]]
) -> None:
    fee = fee_of(deceased(name, copies=copies, province=province), late=late)
    assert [(line.item, line.amount_vnd) for line in fee.lines] == expected
    assert "khai sinh" not in " ".join((*(line.name for line in fee.lines), *(free.name for free in fee.waived)))


@pytest.mark.rule("4.8-late-death-fee")
@pytest.mark.parametrize(
    ("died_on", "on", "late"),
    [
        (date(2026, 11, 4), date(2026, 11, 19), False),  # the 15th day, a Thursday
        (date(2026, 11, 3), date(2026, 11, 19), True),  # the 16th
        (date(2026, 11, 7), date(2026, 11, 23), False),  # the 15th is Sunday 22/11: Monday is in time
        (date(2026, 11, 7), date(2026, 11, 24), True),
        (date(2026, 11, 9), date(2026, 11, 25), False),  # the 15th is 24/11, Vietnam Culture Day
        (date(2026, 11, 9), date(2026, 11, 26), True),
        (date(2026, 8, 7), date(2026, 8, 22), False),  # a Saturday that is worked, itself the 15th
        (date(2026, 8, 7), date(2026, 8, 24), True),
    ],
)
def test_a_death_is_declared_late_after_fifteen_days(died_on: date, on: date, late: bool) -> None:
    """Luật Hộ tịch 2014 Điều 33(1); a last day off moves to the next working day (Bộ luật Dân sự 2015 Điều 148(5))."""
    form = deceased(deceased={"died_on": died_on.isoformat()})
    assert declared_late(pack_in_force(on), form, on, CALENDAR) is late
    fee = resolve(LawQuery(declaration=form, on=on), CALENDAR).fee
    assert [line.item for line in fee.lines] == ([LATE_DEATH] if late else [])
    assert [free.item for free in fee.waived] == ([] if late else [DEATH_ON_TIME])


@pytest.mark.rule("4.8-late-death-fee")
@pytest.mark.parametrize(("died_on", "late"), [("2026-11", False), ("2026-10", True), ("2026", False)])
def test_of_a_day_not_known_the_last_it_can_be_counts(died_on: str, late: bool) -> None:
    form = deceased(deceased={"died_on": died_on, "died_at": None})
    assert declared_late(pack_in_force(ON), form, ON, CALENDAR) is late


@pytest.mark.rule("4.8-fees-are-data")
@pytest.mark.parametrize("ground", ["poor_household", "merit_family", "disabled"])
def test_whom_the_law_frees_pays_for_copies_of_the_extract_alone(ground: str) -> None:
    paper = {"number": "GT-1", "issued_on": "2026-01-12"}
    relief: dict[str, object] = {"fee_relief": [{"ground": ground, **paper}]}
    fee = fee_of(deceased(copies=1, **({"poor_household": paper} if ground == "poor_household" else relief)), late=True)
    assert [line.item for line in fee.lines] == [EXTRACT_COPY]
    assert waived(fee) == [(LATE_DEATH, "Luật Hộ tịch 2014 Điều 11(1)(a)")]


@pytest.mark.parametrize("name", DEATH_NAMES)
@pytest.mark.parametrize("late", [False, True])
def test_every_death_is_either_paid_for_or_waived_and_benefits_cost_nothing(name: str, late: bool) -> None:
    fee = fee_of(death_sample(name), late=late)
    of_registration = ({line.item for line in fee.lines} | {free.item for free in fee.waived}) - COPIES
    assert len(of_registration) == 1
    assert of_registration < items_of(Group.DEATH)


# --- The data ------------------------------------------------------------------------------------------------------


@pytest.mark.rule("4.8-fees-are-data")
def test_every_fee_that_can_be_owed_has_an_amount_for_any_province_from_the_first_pack_on() -> None:
    always_waived = {ON_TIME, DEATH_ON_TIME}
    anywhere = {row.item for row in fee_rows() if row.province_code == ANY_PROVINCE and row.from_ <= FIRST_PACK}
    assert anywhere == {row.item for row in fee_rows()} == set(fee_law().items) - always_waived


def test_waivers_free_from_fees_there_are_and_rows_name_provinces_there_were() -> None:
    assert all(waiver.frees <= set(fee_law().items) for waiver in fee_law().waivers.values())
    assert all(province(row.province_code, row.from_) for row in fee_rows() if row.province_code != ANY_PROVINCE)


@pytest.mark.rule("4.8-fees-are-data")
def test_the_table_says_which_rows_are_samples_and_decides_every_case_once() -> None:
    for row in fee_rows():
        assert row.model_copy(update={"sample": True}).cited == f"{row.basis} (số liệu mẫu)"
        assert row.model_copy(update={"sample": False}).cited == row.basis
        assert "mẫu" not in row.basis
    keys = [(row.item, row.province_code, row.from_) for row in fee_rows()]
    assert len(keys) == len(set(keys))


def test_no_declaration_owes_two_fees_for_one_registration() -> None:
    """Whatever facts hold: of the items owed once per dossier exactly one applies."""
    facts = [Fact.FOREIGN_ELEMENT, Fact.DECLARED_LATE, Fact.POOR_HOUSEHOLD, Fact.MERIT_FAMILY, Fact.DISABLED]
    for size in range(len(facts) + 1):
        for held in combinations(facts, size):
            for form in (declared("plain"), deceased()):
                fee = assess_fee(form, frozenset(held), ON)
                assert len(fee.lines) + len(fee.waived) == 1


@pytest.mark.parametrize("on", [FIRST_PACK, date(2025, 7, 1), date(2027, 1, 1)])
def test_fees_can_be_assessed_under_every_pack(on: date) -> None:
    assert fee_of(declared("plain", copies=1), late=True, on=on).total_vnd == 13000
    assert fee_of(deceased(copies=1), late=True, on=on).total_vnd == 13000
