"""Rules of form 02 about relatives: the two tables, who claims what, adult children (REQUIREMENTS §5).

They judge the parts of `benefits`, each as soon as it is valid itself.
"""

from collections.abc import Iterator
from datetime import date

from models.codes import fold
from models.days import full_years
from models.death import DeathDeclaration
from models.death_form import (
    ADULT,
    LAWFUL_RELATIVES,
    MAX_MONTHLY,
    AdultChild,
    Benefits,
    Circumstances,
    Claim,
    InsuredRelative,
    MeritRelative,
    Regime,
    RelationToDeceased,
    Relative,
    Scope,
)
from models.death_rows import REGIME, ROWS, SURVIVOR_CLAIMS, living_rows, of_benefits, of_rows, rows_of
from models.form_rules import Breach, Rule

# --- The tables ----------------------------------------------------------------------------------------------------


def _tables_fit_the_regime(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Each regime has its own table; social protection has none, since nobody survives on it."""
    allowed = {
        "relatives": {Regime.SOCIAL_INSURANCE},
        "merit_relatives": {Regime.MERIT},
        "adult_children": {Regime.MERIT},
        "payees": {Regime.SOCIAL_INSURANCE, Regime.MERIT},
    }
    for part, regimes in allowed.items():
        if getattr(benefits, part) and benefits.regime not in regimes:
            whose = " hoặc ".join(regime.label.lower() for regime in Regime if regime in regimes)
            yield Breach(("benefits", part), f"Chỉ ghi khi người chết thuộc đối tượng {whose}.")


def _insured_relatives_are_lawful(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    for at, relative in enumerate(benefits.relatives):
        if relative.relation not in LAWFUL_RELATIVES:
            words = "; ".join(one.label.lower() for one in RelationToDeceased if one in LAWFUL_RELATIVES)
            yield Breach(
                ("benefits", "relatives", at, "relation"), f"Thân nhân theo Luật Bảo hiểm xã hội gồm: {words}."
            )


def _relatives_are_named_once(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    seen: set[object] = set()
    for path, relative in rows_of(benefits):
        who = relative.personal_id or (fold(relative.full_name), relative.born.root, relative.relation)
        if who in seen:
            yield Breach(
                (*path, "personal_id" if relative.personal_id else "full_name"), "Đã ghi thân nhân này ở trên."
            )
        seen.add(who)


def _all_relatives_are_declared(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """A survivor benefit needs the whole table, attested by the declarant."""
    if form.scope is not Scope.FOUR or benefits.regime not in (Regime.SOCIAL_INSURANCE, Regime.MERIT):
        return
    if not getattr(benefits, _table(benefits)[1]):
        yield Breach(_table(benefits), "Liên thông giải quyết tử tuất thì phải kê khai tất cả thân nhân.")
    if not benefits.all_relatives_declared:
        yield Breach(("benefits", "all_relatives_declared"), "Phải cam đoan đã kê khai tất cả thân nhân.")


def _somebody_claims(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Scope 4 is about a survivor benefit, so some living relative claims one."""
    rows, living = rows_of(benefits), living_rows(benefits)
    if form.scope is Scope.FOUR and rows and not any(row.relative.claim in SURVIVOR_CLAIMS for row in living):
        text = "Phải có thân nhân đề nghị hưởng trợ cấp tuất; nếu không ai đề nghị, hãy chọn liên thông ba thủ tục."
        yield Breach((*living[0].path, "claim") if living else rows[0].path[:2], text)


def _claims_fit_the_scope(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """With scope 2 the whole section is too much, which is said once."""
    for path, relative in rows_of(benefits):
        if form.scope is Scope.THREE and relative.claim in SURVIVOR_CLAIMS:
            yield Breach((*path, "claim"), "Chỉ đề nghị hưởng trợ cấp tuất khi liên thông bốn thủ tục.")


def _at_most_four_monthly(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    monthly = [row for row in rows_of(benefits) if row.relative.claim is Claim.MONTHLY]
    for row in monthly[MAX_MONTHLY:]:
        text = f"Không quá {MAX_MONTHLY:02d} thân nhân được đề nghị hưởng trợ cấp tuất hằng tháng."
        yield Breach((*row.path, "claim"), text)


def _columns_of_the_dead_are_empty(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Of a dead relative “đã chết” stands in column 7, and columns 8–10 stay empty."""
    columns = (
        "address",
        "phone",
        "monthly_income_vnd",
        "claim",
        "receipt",
        "circumstances",
        "lacks_capacity",
        "capacity_reduced",
        "assessment_fee",
    )
    for path, relative in rows_of(benefits):
        for column in columns:
            filled = getattr(relative, column, None)
            if relative.deceased and filled is not None and filled is not False:
                yield Breach((*path, column), "Không ghi với thân nhân đã chết.")


def _columns_of_the_living_are_filled(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    for path, relative in living_rows(benefits):
        for column in ("address", "claim"):
            if getattr(relative, column) is None:
                yield Breach((*path, column), "Bắt buộc ghi (trừ thân nhân đã chết).")
        monthly = relative.claim is Claim.MONTHLY
        if monthly and isinstance(relative, InsuredRelative) and relative.monthly_income_vnd is None:
            text = "Bắt buộc ghi khi đề nghị hưởng trợ cấp tuất hằng tháng (ghi 0 nếu không có)."
            yield Breach((*path, "monthly_income_vnd"), text)
        if relative.claim is Claim.NONE and relative.receipt is not None:
            yield Breach((*path, "receipt"), "Không ghi khi không đề nghị hưởng trợ cấp.")


def _monthly_benefits_can_be_paid(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Who has a monthly benefit says how it is received; of one with a payee the payee does."""
    for path, relative in living_rows(benefits):
        if form.needs_payee(relative):
            if relative.receipt is not None:
                yield Breach((*path, "receipt"), "Không ghi: người đứng tên nhận trợ cấp ghi hình thức nhận.")
        elif relative.claim is Claim.MONTHLY and relative.receipt is None:
            yield Breach((*path, "receipt"), "Bắt buộc ghi khi đề nghị hưởng trợ cấp tuất hằng tháng.")


def _assessment_is_of_reduced_capacity(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Reduced capacity opens a monthly benefit, and only its assessment is paid back (list a.1)."""
    for at, relative in enumerate(benefits.relatives):
        path = ("benefits", "relatives", at)
        if relative.capacity_reduced and not relative.deceased and relative.claim is not Claim.MONTHLY:
            yield Breach((*path, "capacity_reduced"), "Chỉ ghi khi đề nghị hưởng trợ cấp tuất hằng tháng.")
        if relative.assessment_fee and not relative.deceased and not relative.capacity_reduced:
            yield Breach((*path, "assessment_fee"), "Chỉ ghi với thân nhân suy giảm khả năng lao động.")


def _orphans_are_children(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    for at, relative in enumerate(benefits.merit_relatives):
        if relative.circumstances is Circumstances.ORPHANED and relative.relation is not RelationToDeceased.CHILD:
            yield Breach(("benefits", "merit_relatives", at, "circumstances"), "Chỉ ghi với con của người chết.")


# --- Adult children of a person with merit -------------------------------------------------------------------------


def _adult_children_are_relatives(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Each is a living child of the table above, of that year of birth, at least 18 and claiming monthly; once."""
    named: set[str] = set()
    for at, child in enumerate(benefits.adult_children):
        path = ("benefits", "adult_children", at)
        if fold(child.full_name) in named:
            yield Breach((*path, "full_name"), "Đã ghi người con này ở trên.")
        named.add(fold(child.full_name))
        row = _row_of(child, benefits)
        if row is None:
            yield Breach((*path, "full_name"), "Phải là con còn sống có tên trong danh sách thân nhân người có công.")
        elif row.born.year != child.birth_year:
            yield Breach((*path, "birth_year"), "Khác năm sinh đã ghi trong danh sách thân nhân người có công.")
        elif _certainly_under(ADULT, row, form):
            yield Breach((*path, "birth_year"), f"Chưa đủ {ADULT} tuổi vào ngày người có công chết.")
        elif row.claim is not Claim.MONTHLY:
            yield Breach((*path, "full_name"), "Chỉ ghi với con đề nghị hưởng trợ cấp tuất hằng tháng.")


def _adult_children_are_detailed(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    detailed = {fold(child.full_name) for child in benefits.adult_children}
    for at, relative in enumerate(benefits.merit_relatives):
        adult = full_years(relative.born.latest, form.deceased.died_on.earliest) >= ADULT
        monthly = relative.claim is Claim.MONTHLY and relative.relation is RelationToDeceased.CHILD
        if adult and monthly and fold(relative.full_name) not in detailed:
            text = f"Con từ đủ {ADULT} tuổi phải được khai chi tiết (đang đi học hoặc khuyết tật) ở bảng dưới."
            yield Breach(("benefits", "merit_relatives", at, "claim"), text)


def _row_of(child: AdultChild, benefits: Benefits) -> MeritRelative | None:
    rows = (
        relative
        for relative in benefits.merit_relatives
        if fold(relative.full_name) == fold(child.full_name)
        and relative.relation is RelationToDeceased.CHILD
        and not relative.deceased
    )
    return next(rows, None)


def _certainly_under(age: int, relative: Relative, form: DeathDeclaration) -> bool:
    return full_years(relative.born.earliest, form.deceased.died_on.latest) < age


def _table(benefits: Benefits) -> tuple[str, str]:
    """Where the relatives of the regime are declared."""
    return ("benefits", "merit_relatives" if benefits.regime is Regime.MERIT else "relatives")


_CHILDREN = "benefits.adult_children"

FAMILY_RULES: tuple[Rule, ...] = (
    of_rows("tables_fit_the_regime", _tables_fit_the_regime, REGIME, *ROWS, _CHILDREN, "benefits.payees"),
    of_rows("insured_relatives_are_lawful", _insured_relatives_are_lawful, "benefits.relatives"),
    of_rows("relatives_are_named_once", _relatives_are_named_once, *ROWS),
    of_benefits(
        "all_relatives_are_declared",
        _all_relatives_are_declared,
        *("scope", REGIME, *ROWS, "benefits.all_relatives_declared"),
    ),
    of_benefits("somebody_claims", _somebody_claims, "scope", *ROWS),
    of_rows("claims_fit_the_scope", _claims_fit_the_scope, "scope", *ROWS),
    of_rows("at_most_four_monthly", _at_most_four_monthly, *ROWS),
    of_rows("columns_of_the_dead_are_empty", _columns_of_the_dead_are_empty, *ROWS),
    of_rows("columns_of_the_living_are_filled", _columns_of_the_living_are_filled, *ROWS),
    of_rows("monthly_benefits_can_be_paid", _monthly_benefits_can_be_paid, "deceased", *ROWS),
    of_rows("assessment_is_of_reduced_capacity", _assessment_is_of_reduced_capacity, "benefits.relatives"),
    of_rows("orphans_are_children", _orphans_are_children, "benefits.merit_relatives"),
    of_benefits(
        "adult_children_are_relatives",
        _adult_children_are_relatives,
        *("deceased", "benefits.merit_relatives", _CHILDREN),
    ),
    of_benefits(
        "adult_children_are_detailed",
        _adult_children_are_detailed,
        *("deceased", "benefits.merit_relatives", _CHILDREN),
    ),
)
"""Every check about relatives, in the order problems are reported."""
