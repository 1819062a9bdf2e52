"""Rules between the sections of form 02, each a named check that says which sections it needs (REQUIREMENTS §5).

Those about people stand in `death_family_rules`, `death_receiving_rules` and `death_people_rules`. Messages never
repeat a name or number.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial

from models.days import full_years
from models.death import DeathDeclaration
from models.death_family_rules import FAMILY_RULES
from models.death_form import AGED, Benefits, ProtectionKind, Regime, Scope
from models.death_people_rules import PEOPLE_RULES
from models.death_receiving_rules import RECEIVING_RULES
from models.death_rows import REGIME, of_benefits, of_rows
from models.form_parts import PaperPlace
from models.form_rules import (
    Breach,
    Rule,
    after_submission,
    fee_relief_is_certified,
    in_todays_codes,
    not_after_submission,
    post_goes_to_todays_codes,
    recipient_province_exists,
)
from models.identity import has_social_insurance
from models.law import LawError, pack_in_force
from models.systems import System

# --- Scope and regime ----------------------------------------------------------------------------------------------


def _benefits_fit_the_scope(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    if form.scope is Scope.TWO and form.benefits is not None:
        yield Breach(("benefits",), "Không ghi khi chỉ liên thông khai tử, xóa đăng ký thường trú.")
    if form.scope is not Scope.TWO and form.benefits is None:
        yield Breach(("benefits",), "Bắt buộc ghi khi liên thông giải quyết mai táng phí, tử tuất.")


def _deceased_is_in_a_regime(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Whoever is outside the three regimes (dân công hỏa tuyến) is told so and offered scope 2."""
    if form.scope is not Scope.TWO and benefits.regime is Regime.NONE:
        text = (
            "Người chết không thuộc đối tượng bảo hiểm xã hội, bảo trợ xã hội hay người có công (ví dụ dân công hỏa"
            " tuyến) thì không liên thông giải quyết mai táng phí, tử tuất được. Hãy chọn nội dung đề nghị 2: khai tử,"
            " xóa đăng ký thường trú, và bỏ mục này; chế độ khác đề nghị tại cơ quan giải quyết chế độ đó."
        )
        yield Breach(("benefits", "regime"), text)


def _survivor_benefit_exists(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    if form.scope is Scope.FOUR and benefits.regime is Regime.SOCIAL_PROTECTION:
        text = "Đối tượng bảo trợ xã hội không có tử tuất. Hãy chọn nội dung đề nghị 3: thêm mai táng phí."
        yield Breach(("scope",), text)


def _protection_kind_is_named(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    yield from _only_if(benefits.regime is Regime.SOCIAL_PROTECTION, "protection", benefits.protection)


def _merit_is_named(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    yield from _only_if(benefits.regime is Regime.MERIT, "merit", benefits.merit)


def _insurance_is_named(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Of the insured, and of those aged 80+ whose monthly benefit social insurance has to end."""
    yield from _only_if(_concerns_insurance(benefits), "insurance", benefits.insurance)
    if benefits.insurance and not has_social_insurance(benefits.insurance.number):
        yield Breach(("benefits", "insurance", "number"), "Mười chữ số 0 nghĩa là không có mã số bảo hiểm xã hội.")


def _only_if(needed: bool, part: str, said: object) -> Iterator[Breach]:
    if needed and said is None:
        yield Breach(("benefits", part), "Bắt buộc ghi với đối tượng đã chọn.")
    if not needed and said is not None:
        yield Breach(("benefits", part), "Không ghi với đối tượng đã chọn.")


def _concerns_insurance(benefits: Benefits) -> bool:
    aged = benefits.protection is ProtectionKind.AGED_ON_SURVIVOR_BENEFIT
    return benefits.regime is Regime.SOCIAL_INSURANCE or (benefits.regime is Regime.SOCIAL_PROTECTION and aged)


def _aged_is_eighty(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Refused only where the dates leave no doubt."""
    oldest = full_years(form.deceased.born.earliest, form.deceased.died_on.latest)
    aged = benefits.protection is ProtectionKind.AGED_ON_SURVIVOR_BENEFIT
    if benefits.regime is Regime.SOCIAL_PROTECTION and aged and oldest < AGED:
        text = f"Người chết chưa đủ {AGED} tuổi. Hãy chọn đối tượng khác, hoặc sửa ngày sinh, ngày chết nếu ghi sai."
        yield Breach(("benefits", "protection"), text)


_OFFICES = {
    System.SOCIAL_INSURANCE: "social_insurance_office",
    System.SOCIAL_AFFAIRS: "social_affairs_office",
}
"""Which office of the form is asked for the legs of a system."""


def _offices_fit_the_benefits(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    """The offices that the legs of the day's law need are chosen (80+ needs both), and no others.

    Whether there are benefits at all must be clear first, and which law is in force.
    """
    if _benefits_are_misplaced(form) or (needed := _systems_needed(form, on)) is None:
        return
    for system, office in _OFFICES.items():
        chosen = getattr(form.recipients, office) is not None
        if system in needed and not chosen:
            yield Breach(("recipients", office), "Bắt buộc chọn với nội dung đề nghị và đối tượng đã khai.")
        if chosen and system not in needed:
            yield Breach(
                ("recipients", office), "Không chọn: nội dung đề nghị và đối tượng đã khai không cần cơ quan này."
            )


def _systems_needed(form: DeathDeclaration, on: date) -> frozenset[System] | None:
    """The systems of the legs that scope and regime open under that day's law, if there is one."""
    try:
        legs = pack_in_force(on).group(form.group).legs.values()
    except LawError:
        return None
    return frozenset(leg.system for leg in legs if leg.applies(form.benefit_facts))


def _benefits_are_misplaced(form: DeathDeclaration) -> bool:
    """Whether the section is there though the scope has no benefits, or is missing."""
    return (form.scope is Scope.TWO) is (form.benefits is not None)


# --- Dates ---------------------------------------------------------------------------------------------------------


def _death_is_past_and_after_birth(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    born, died = form.deceased.born, form.deceased.died_on
    if died.earliest > on:
        yield Breach(("deceased", "died_on"), after_submission(on))
    if born.earliest > died.latest:
        yield Breach(("deceased", "died_on"), "Trước ngày sinh của người chết.")


def _one_paper_proves_the_death(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    """Note 3: the death notice or a paper in its place. Both may stay open; the paper is then asked for at intake."""
    if form.death_notice and form.notice_substitute:
        yield Breach(("notice_substitute",), "Ghi Giấy báo tử hoặc giấy tờ thay thế, không ghi cả hai.")


def _paper_follows_death(section: str, form: DeathDeclaration, on: date) -> Iterator[Breach]:
    paper = getattr(form, section)
    if paper and paper.issued_on < form.deceased.died_on.earliest:
        yield Breach((section, "issued_on"), "Trước ngày chết.")


def _relatives_are_born(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    for table in ("relatives", "merit_relatives"):
        for at, relative in enumerate(getattr(benefits, table)):
            if relative.born.earliest > on:
                yield Breach(("benefits", table, at, "born"), after_submission(on))


# --- Places and papers ---------------------------------------------------------------------------------------------


def _last_residence_is_in_todays_codes(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    """Or the residence system cannot find the registration to delete."""
    address = form.deceased.last_residence.address
    if address.in_vietnam:
        yield from in_todays_codes(("deceased", "last_residence", "address"), address, on)


_PAPERS = ("deregistration_notice_paper", "benefit_decision_paper")


def _paper_decision_needs_benefits(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    if form.scope is Scope.TWO and form.benefits is None and form.results.benefit_decision_paper:
        yield Breach(("results", "benefit_decision_paper"), "Chỉ ghi khi liên thông giải quyết mai táng phí, tử tuất.")


def _desk_fits_the_regime(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Decisions of social insurance are not handed over where the death is registered (form 02, bản giấy)."""
    paper = form.results.benefit_decision_paper
    if paper and paper.place is PaperPlace.CIVIL_STATUS_DESK and benefits.regime is Regime.SOCIAL_INSURANCE:
        text = "Quyết định của cơ quan bảo hiểm xã hội nhận tại cơ quan đó hoặc qua bưu chính."
        yield Breach(("results", "benefit_decision_paper", "place"), text)


_KIND = "benefits.protection"
_PROOFS = ("death_notice", "notice_substitute")
_DAYS = {
    "death_notice": "issued_on",
    "notice_substitute": "issued_on",
    "poor_household": "issued_on",
    "benefits.merit": "decided_on",
    "benefits.funeral_recipient": "person.identity.issued_on",
    "benefits.representative": "identity.issued_on",
}

RULES: tuple[Rule, ...] = (
    Rule("benefits_fit_the_scope", frozenset({"scope", REGIME}), _benefits_fit_the_scope),
    of_benefits("deceased_is_in_a_regime", _deceased_is_in_a_regime, "scope", REGIME),
    of_benefits("survivor_benefit_exists", _survivor_benefit_exists, "scope", REGIME),
    of_benefits("protection_kind_is_named", _protection_kind_is_named, REGIME, _KIND),
    of_benefits("merit_is_named", _merit_is_named, REGIME, "benefits.merit"),
    of_benefits("insurance_is_named", _insurance_is_named, REGIME, _KIND, "benefits.insurance"),
    of_benefits("aged_is_eighty", _aged_is_eighty, "deceased", REGIME, _KIND),
    Rule("offices_fit_the_benefits", frozenset({"recipients", "scope", REGIME, _KIND}), _offices_fit_the_benefits),
    Rule("death_is_past_and_after_birth", frozenset({"deceased"}), _death_is_past_and_after_birth),
    Rule("one_paper_proves_the_death", frozenset(_PROOFS), _one_paper_proves_the_death),
    *(
        Rule(f"{section}_follows_death", frozenset({section, "deceased"}), partial(_paper_follows_death, section))
        for section in _PROOFS
    ),
    *(
        Rule(f"{section}_is_past", frozenset({section}), not_after_submission(f"{section}.{day}"))
        for section, day in _DAYS.items()
    ),
    Rule("fee_relief_is_certified", frozenset({"fee_relief"}), fee_relief_is_certified),
    of_rows("relatives_are_born", _relatives_are_born, "benefits.relatives", "benefits.merit_relatives"),
    Rule("recipient_province_exists", frozenset({"recipients"}), recipient_province_exists),
    Rule("last_residence_is_in_todays_codes", frozenset({"deceased"}), _last_residence_is_in_todays_codes),
    Rule("post_goes_to_todays_codes", frozenset({"results"}), partial(post_goes_to_todays_codes, _PAPERS)),
    Rule("paper_decision_needs_benefits", frozenset({"results", "scope", REGIME}), _paper_decision_needs_benefits),
    of_benefits("desk_fits_the_regime", _desk_fits_the_regime, "results", REGIME),
    *FAMILY_RULES,
    *RECEIVING_RULES,
    *PEOPLE_RULES,
)
"""Every check, in the order problems are reported."""
