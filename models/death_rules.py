"""Rules between the sections of form 02, each a named check that says which sections it needs (REQUIREMENTS §5).

Those about people stand in `death_family_rules` and `death_receiving_rules`. Messages never repeat a name or number.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial

from models.codes import province
from models.days import full_years
from models.death import DeathDeclaration
from models.death_family_rules import FAMILY_RULES
from models.death_form import AGED, Benefits, ProtectionKind, Regime, Scope
from models.death_receiving_rules import RECEIVING_RULES
from models.death_rows import of_benefits
from models.form_parts import PaperPlace
from models.form_rules import Breach, Rule, after_submission, in_todays_codes
from models.identity import has_social_insurance

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
    if benefits.protection is ProtectionKind.AGED_ON_SURVIVOR_BENEFIT and oldest < AGED:
        yield Breach(("benefits", "protection"), f"Người chết chưa đủ {AGED} tuổi.")


def _offices_fit_the_benefits(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    """The offices that scope and regime need are chosen (80+ needs both), and no others."""
    benefits = form.benefits if form.scope is not Scope.TWO else None
    needed = {
        "social_insurance_office": benefits is not None and _concerns_insurance(benefits),
        "social_affairs_office": benefits is not None and benefits.regime in (Regime.SOCIAL_PROTECTION, Regime.MERIT),
    }
    for office, needs in needed.items():
        chosen = getattr(form.recipients, office) is not None
        if needs and not chosen:
            yield Breach(("recipients", office), "Bắt buộc chọn với nội dung đề nghị và đối tượng đã khai.")
        if chosen and not needs:
            yield Breach(
                ("recipients", office), "Không chọn: nội dung đề nghị và đối tượng đã khai không cần cơ quan này."
            )


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


def _paper_is_issued(section: str, form: DeathDeclaration, on: date) -> Iterator[Breach]:
    paper = getattr(form, section)
    if paper and paper.issued_on > on:
        yield Breach((section, "issued_on"), after_submission(on))


def _fee_relief_is_certified(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    for at, relief in enumerate(form.fee_relief):
        if relief.issued_on > on:
            yield Breach(("fee_relief", at, "issued_on"), after_submission(on))


def _merit_is_decided(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    if benefits.merit and benefits.merit.decided_on > on:
        yield Breach(("benefits", "merit", "decided_on"), after_submission(on))


def _relatives_are_born(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    for table in ("relatives", "merit_relatives"):
        for at, relative in enumerate(getattr(benefits, table)):
            if relative.born.earliest > on:
                yield Breach(("benefits", table, at, "born"), after_submission(on))


def _recipients_card_is_issued(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    person = benefits.funeral_recipient.person if benefits.funeral_recipient else None
    if person and person.identity and person.identity.issued_on > on:
        yield Breach(("benefits", "funeral_recipient", "person", "identity", "issued_on"), after_submission(on))


def _representatives_card_is_issued(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    representative = benefits.representative
    if representative and representative.identity and representative.identity.issued_on > on:
        yield Breach(("benefits", "representative", "identity", "issued_on"), after_submission(on))


# --- Places and papers ---------------------------------------------------------------------------------------------


def _recipient_province_exists(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    if province(form.recipients.province_code, on) is None:
        yield Breach(("recipients", "province_code"), f"Không có tỉnh mã này vào ngày {on:%d/%m/%Y}.")


def _last_residence_is_in_todays_codes(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    """Or the residence system cannot find the registration to delete."""
    address = form.deceased.last_residence.address
    if address.in_vietnam:
        yield from in_todays_codes(("deceased", "last_residence", "address"), address, on)


_PAPERS = ("deregistration_notice_paper", "benefit_decision_paper")


def _post_goes_to_todays_codes(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    for field in _PAPERS:
        delivery = getattr(form.results, field)
        if delivery and delivery.address:
            yield from in_todays_codes(("results", field, "address"), delivery.address, on)


def _paper_decision_needs_benefits(form: DeathDeclaration, on: date) -> Iterator[Breach]:
    if form.scope is Scope.TWO and form.results.benefit_decision_paper:
        yield Breach(("results", "benefit_decision_paper"), "Chỉ ghi khi liên thông giải quyết mai táng phí, tử tuất.")


def _desk_fits_the_regime(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Decisions of social insurance are not handed over where the death is registered (form 02, bản giấy)."""
    paper = form.results.benefit_decision_paper
    if paper and paper.place is PaperPlace.CIVIL_STATUS_DESK and benefits.regime is Regime.SOCIAL_INSURANCE:
        text = "Quyết định của cơ quan bảo hiểm xã hội nhận tại cơ quan đó hoặc qua bưu chính."
        yield Breach(("results", "benefit_decision_paper", "place"), text)


_KIND = "benefits.protection"
_REGIME = "benefits.regime"
_PROOFS = ("death_notice", "notice_substitute")

RULES: tuple[Rule, ...] = (
    Rule("benefits_fit_the_scope", frozenset({"scope", _REGIME}), _benefits_fit_the_scope),
    of_benefits("deceased_is_in_a_regime", _deceased_is_in_a_regime, "scope", _REGIME),
    of_benefits("survivor_benefit_exists", _survivor_benefit_exists, "scope", _REGIME),
    of_benefits("protection_kind_is_named", _protection_kind_is_named, _REGIME, _KIND),
    of_benefits("merit_is_named", _merit_is_named, _REGIME, "benefits.merit"),
    of_benefits("insurance_is_named", _insurance_is_named, _REGIME, _KIND, "benefits.insurance"),
    of_benefits("aged_is_eighty", _aged_is_eighty, "deceased", _KIND),
    Rule("offices_fit_the_benefits", frozenset({"recipients", "scope", _REGIME, _KIND}), _offices_fit_the_benefits),
    Rule("death_is_past_and_after_birth", frozenset({"deceased"}), _death_is_past_and_after_birth),
    Rule("one_paper_proves_the_death", frozenset(_PROOFS), _one_paper_proves_the_death),
    *(
        Rule(f"{section}_follows_death", frozenset({section, "deceased"}), partial(_paper_follows_death, section))
        for section in _PROOFS
    ),
    *(
        Rule(f"{section}_is_issued", frozenset({section}), partial(_paper_is_issued, section))
        for section in (*_PROOFS, "poor_household")
    ),
    Rule("fee_relief_is_certified", frozenset({"fee_relief"}), _fee_relief_is_certified),
    of_benefits("merit_is_decided", _merit_is_decided, "benefits.merit"),
    of_benefits("relatives_are_born", _relatives_are_born, "benefits.relatives", "benefits.merit_relatives"),
    of_benefits("recipients_card_is_issued", _recipients_card_is_issued, "benefits.funeral_recipient"),
    of_benefits("representatives_card_is_issued", _representatives_card_is_issued, "benefits.representative"),
    Rule("recipient_province_exists", frozenset({"recipients"}), _recipient_province_exists),
    Rule("last_residence_is_in_todays_codes", frozenset({"deceased"}), _last_residence_is_in_todays_codes),
    Rule("post_goes_to_todays_codes", frozenset({"results"}), _post_goes_to_todays_codes),
    Rule("paper_decision_needs_benefits", frozenset({"results", "scope"}), _paper_decision_needs_benefits),
    of_benefits("desk_fits_the_regime", _desk_fits_the_regime, "results", _REGIME),
    *FAMILY_RULES,
    *RECEIVING_RULES,
)
"""Every check, in the order problems are reported."""
