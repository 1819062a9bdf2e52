"""Rules of form 02 about who receives money, for whom and how (REQUIREMENTS §5).

They judge the parts of `benefits`, each as soon as it is valid itself.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial

from models.codes import bare, fold
from models.days import full_years
from models.death import DeathDeclaration
from models.death_form import (
    LAWFUL_RELATIVES,
    PAYEE_BELOW,
    Benefits,
    Claim,
    MoneyReceipt,
    Payee,
    Regime,
    Relative,
    Scope,
    is_person,
)
from models.death_rows import REGIME, ROWS, SURVIVOR_CLAIMS, living_rows, of_benefits, of_rows, receiver_in, rows_of
from models.form_rules import Breach, Rule

# --- Payees --------------------------------------------------------------------------------------------------------


def _payees_are_named_where_needed(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """A beneficiary who may be under 15, or lacks capacity, has exactly one payee; nobody else has any."""
    named = [fold(payee.beneficiary) for payee in benefits.payees]
    for path, relative in living_rows(benefits):
        benefits_by_payee = relative.claim in SURVIVOR_CLAIMS and form.needs_payee(relative)
        if benefits_by_payee and fold(relative.full_name) not in named:
            text = f"Chưa đủ {PAYEE_BELOW} tuổi hoặc mất, hạn chế năng lực hành vi: phải ghi người đứng tên nhận."
            yield Breach((*path, "full_name"), text)
    for at, payee in enumerate(benefits.payees):
        path = ("benefits", "payees", at)
        if named.index(fold(payee.beneficiary)) < at:
            yield Breach((*path, "beneficiary"), "Đã ghi người đứng tên nhận cho người này ở trên.")
        problem = _why_no_payee(form, benefits, payee)
        if problem:
            yield Breach((*path, "beneficiary"), problem)


def _why_no_payee(form: DeathDeclaration, benefits: Benefits, payee: Payee) -> str | None:
    """Why nobody may receive for the beneficiary of that name."""
    rows = [one for _, one in living_rows(benefits) if fold(one.full_name) == fold(payee.beneficiary)]
    if not any(one.claim in SURVIVOR_CLAIMS for one in rows):
        return "Phải là thân nhân còn sống có tên ở bảng trên, đề nghị hưởng trợ cấp tuất."
    if any(form.needs_payee(one) for one in rows):
        return None
    return f"Người từ đủ {PAYEE_BELOW} tuổi có đủ năng lực hành vi tự nhận trợ cấp."


def _payees_are_known(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """A payee of the table is known from there and receives for themself; any other has number and address."""
    relatives = [row.relative for row in rows_of(benefits)]
    for at, payee in enumerate(benefits.payees):
        path = ("benefits", "payees", at)
        row = next((one for one in relatives if is_person(one, payee.full_name, payee.personal_id)), None)
        if row is None:
            if not (payee.personal_id or payee.social_insurance_number or payee.passport):
                yield Breach(
                    (*path, "personal_id"), "Bắt buộc ghi khi người đứng tên nhận không phải thân nhân đã khai."
                )
            if payee.address is None:
                yield Breach((*path, "address"), "Bắt buộc ghi khi người đứng tên nhận không phải thân nhân đã khai.")
        elif row.deceased or form.needs_payee(row):
            text = f"Người đứng tên nhận phải còn sống, từ đủ {PAYEE_BELOW} tuổi, có đủ năng lực hành vi."
            yield Breach((*path, "full_name"), text)


# --- Who receives --------------------------------------------------------------------------------------------------


def _funeral_recipient_is_named(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    if form.scope is not Scope.TWO and benefits.regime is not Regime.NONE and benefits.funeral_recipient is None:
        yield Breach(("benefits", "funeral_recipient"), "Bắt buộc ghi người hoặc tổ chức nhận trợ cấp mai táng.")


def _funeral_is_claimed_by_its_recipient(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    recipient = benefits.funeral_recipient.person if benefits.funeral_recipient else None
    for path, relative in living_rows(benefits):
        if relative.claim is Claim.FUNERAL and not (
            recipient and is_person(relative, recipient.full_name, recipient.personal_id)
        ):
            yield Breach((*path, "claim"), "Chỉ người nhận trợ cấp mai táng đề nghị hưởng trợ cấp này.")


def _organiser_and_one_other_are_declared(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Funeral benefit of social insurance only, organised by a relative: that relative and one other are declared.

    Who has no other relative says so by attesting that all are declared [choice]; more than one other does no harm.
    """
    organiser = benefits.funeral_recipient.person if benefits.funeral_recipient else None
    funeral_only = form.scope is Scope.THREE and benefits.regime is Regime.SOCIAL_INSURANCE
    if not funeral_only or organiser is None or organiser.relation not in LAWFUL_RELATIVES:
        return
    living = [row.relative for row in living_rows(benefits)]
    others = [one for one in living if not is_person(one, organiser.full_name, organiser.personal_id)]
    if len(others) == len(living):
        yield Breach(("benefits", "relatives"), "Người lo mai táng là thân nhân thì phải kê khai thân nhân này.")
    if not others and not benefits.all_relatives_declared:
        text = "Phải kê khai thêm một thân nhân khác, hoặc cam đoan đã kê khai tất cả thân nhân."
        yield Breach(("benefits", "relatives"), text)


def _lump_sum_has_a_representative(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    claimed = any(row.relative.claim is Claim.LUMP_SUM for row in living_rows(benefits))
    if claimed and benefits.representative is None:
        text = "Bắt buộc ghi khi thân nhân đề nghị hưởng trợ cấp tuất một lần."
        yield Breach(("benefits", "representative"), text)
    if not claimed and benefits.representative is not None:
        yield Breach(("benefits", "representative"), "Chỉ ghi khi thân nhân đề nghị hưởng trợ cấp tuất một lần.")


def _claims_are_of_one_kind(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """A dossier asks for lump sums or for monthly benefits: a "no" to the representative must not end the others'.

    [choice] Social insurance pays for one deceased the one or the other (Luật Bảo hiểm xã hội 2024 Điều 86–89; that
    they exclude each other: from memory). Of merit both may be due (from memory): the other is then asked for apart.
    """
    claimed = [row for row in living_rows(benefits) if row.relative.claim in SURVIVOR_CLAIMS]
    for path, relative in claimed:
        if relative.claim is not claimed[0].relative.claim:
            text = (
                "Một hồ sơ chỉ đề nghị một loại trợ cấp tuất: một lần hoặc hằng tháng. Hãy ghi cùng một loại cho mọi"
                " thân nhân đề nghị hưởng; loại kia (nếu được hưởng) đề nghị riêng tại cơ quan giải quyết."
            )
            yield Breach((*path, "claim"), text)


def _representative_is_one_of_them(form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Note 18 fills the representative in from the table; note 20 knows one outside it, who can be a payee [choice]."""
    representative = benefits.representative
    if representative is None:
        return
    acting = [row.relative for row in living_rows(benefits) if not form.needs_payee(row.relative)]
    candidates: list[Relative | Payee] = [*acting, *benefits.payees]
    if not any(is_person(one, representative.full_name, representative.personal_id) for one in candidates):
        text = "Phải là thân nhân còn sống, đủ tuổi và năng lực tự nhận, hoặc người đứng tên nhận trợ cấp đã khai."
        yield Breach(("benefits", "representative", "personal_id"), text)


def _receivers_are_old_enough(part: str, form: DeathDeclaration, benefits: Benefits, on: date) -> Iterator[Breach]:
    """Who needs a payee for themself receives for nobody else; refused only where the dates leave no doubt [choice]."""
    for path, receiver in receiver_in(part, benefits):
        if full_years(receiver.born.earliest, form.deceased.died_on.latest) < PAYEE_BELOW:
            yield Breach((*path, "born"), f"Người nhận trợ cấp phải từ đủ {PAYEE_BELOW} tuổi.")


def _accounts_are_the_receivers_own(
    part: str, form: DeathDeclaration, benefits: Benefits, on: date
) -> Iterator[Breach]:
    """Banks write names without diacritics, so these do not count."""
    for path, receiver, receipt in _receipts(part, benefits):
        if receipt and receipt.account and bare(receipt.account.holder) != bare(receiver):
            text = "Chủ tài khoản phải là người nhận trợ cấp."
            yield Breach(("benefits", *path, "account", "holder"), text)


def _receipts(part: str, benefits: Benefits) -> Iterator[tuple[tuple[str | int, ...], str, MoneyReceipt | None]]:
    """Whoever receives money in that part of the form, and how."""
    if part == "funeral_recipient":
        person = benefits.funeral_recipient.person if benefits.funeral_recipient else None
        if person:
            yield (part, "person", "receipt"), person.full_name, person.receipt
    elif part == "representative":
        if benefits.representative:
            yield (part, "receipt"), benefits.representative.full_name, benefits.representative.receipt
    else:
        for at, receiver in enumerate(getattr(benefits, part)):
            yield (part, at, "receipt"), receiver.full_name, receiver.receipt


_RECEIVING = ("relatives", "merit_relatives", "payees", "funeral_recipient", "representative")
_RECIPIENT, _PAYEES = "benefits.funeral_recipient", "benefits.payees"
_REPRESENTATIVE = "benefits.representative"

RECEIVING_RULES: tuple[Rule, ...] = (
    of_benefits("payees_are_named_where_needed", _payees_are_named_where_needed, "deceased", *ROWS, _PAYEES),
    of_benefits("payees_are_known", _payees_are_known, "deceased", *ROWS, _PAYEES),
    of_benefits("funeral_recipient_is_named", _funeral_recipient_is_named, "scope", REGIME, _RECIPIENT),
    of_benefits("funeral_is_claimed_by_its_recipient", _funeral_is_claimed_by_its_recipient, *ROWS, _RECIPIENT),
    of_benefits(
        "organiser_and_one_other_are_declared",
        _organiser_and_one_other_are_declared,
        *("scope", REGIME, *ROWS, _RECIPIENT, "benefits.all_relatives_declared"),
    ),
    of_benefits("lump_sum_has_a_representative", _lump_sum_has_a_representative, *ROWS, _REPRESENTATIVE),
    of_rows("claims_are_of_one_kind", _claims_are_of_one_kind, *ROWS),
    of_benefits(
        "representative_is_one_of_them",
        _representative_is_one_of_them,
        *("deceased", *ROWS, _PAYEES, _REPRESENTATIVE),
    ),
    *(
        of_benefits(f"{part}_is_old_enough", partial(_receivers_are_old_enough, part), "deceased", f"benefits.{part}")
        for part in ("funeral_recipient", "representative")
    ),
    *(
        of_rows(f"account_of_{part}", partial(_accounts_are_the_receivers_own, part), f"benefits.{part}")
        for part in _RECEIVING
    ),
)
"""Every check about who receives, in the order problems are reported."""
