"""Forms 02 to send through the adapters: any that the models allow, every sample, and dates of every precision."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from cli.files import load_declaration_file
from models.death import DeathDeclaration
from models.death_form import (
    Circumstances,
    Claim,
    DisabledSince,
    PayeeRelation,
    ProtectionKind,
    Regime,
    RelationToDeceased,
    Scope,
    SubstituteKind,
)
from models.form_parts import FeeReliefGround
from models.identity import Sex
from tests.activities.forms import (
    HOME,
    OLD_ORIGIN,
    codes,
    days,
    ethnicities,
    files,
    keep,
    nationalities,
    numbers,
    papers,
    partial_days,
    passports,
    places,
    residences,
    retyped,
    units,
    words,
)
from tests.models.cases import DEATH_NAMES, DEATHS, ON

SAMPLES: dict[str, DeathDeclaration] = {}
for _name in DEATH_NAMES:
    _form, _contents = load_declaration_file(DEATHS / f"{_name}.json", ON)
    assert isinstance(_form, DeathDeclaration)
    SAMPLES[_name] = _form
    keep(_contents)

phones = st.sampled_from(("0912345678", "02438250000"))
insurance_numbers = st.text("0123456789", min_size=10, max_size=10)
papers_of_benefits = papers
receipts = (
    st.fixed_dictionaries({"way": st.just("cash")})
    | st.fixed_dictionaries({"way": st.just("wallet"), "wallet_phone": phones})
    | st.fixed_dictionaries(
        {
            "way": st.just("bank"),
            "account": st.fixed_dictionaries({"holder": words, "number": st.just("0001900123"), "bank": words}),
        }
    )
)
organisations = st.fixed_dictionaries(
    {"name": words, "address": places, "representative": words, "position": words, "phone": phones}
)
_relative = {
    "full_name": words,
    "personal_id": st.none() | numbers,
    "relation": st.sampled_from(RelationToDeceased),
    "relation_text": st.none() | words,
    "born": partial_days,
    "sex": st.sampled_from(Sex),
    "deceased": st.booleans(),
    "address": st.none() | places,
    "phone": st.none() | phones,
    "claim": st.none() | st.sampled_from(Claim),
    "receipt": st.none() | receipts,
    "lacks_capacity": st.booleans(),
}
insured_relatives = st.fixed_dictionaries(
    {
        **_relative,
        "social_insurance_number": st.none() | insurance_numbers,
        "monthly_income_vnd": st.none() | st.integers(0, 10**9),
        "capacity_reduced": st.booleans(),
        "assessment_fee": st.booleans(),
    }
)
merit_relatives = st.fixed_dictionaries(
    {**_relative, "circumstances": st.none() | st.sampled_from(Circumstances)},
)
_grown_up = {"full_name": words, "birth_year": st.integers(1930, 2008), "school_ended": st.none() | partial_days}
adult_children = st.fixed_dictionaries(
    {**_grown_up, "school": words, "school_since": st.none() | partial_days}
) | st.fixed_dictionaries({**_grown_up, "disabled_since": st.sampled_from(DisabledSince)})
payees = st.fixed_dictionaries(
    {
        "beneficiary": words,
        "full_name": words,
        "relation": st.sampled_from(PayeeRelation),
        "relation_text": st.none() | words,
        "personal_id": st.none() | numbers,
        "social_insurance_number": st.none() | insurance_numbers,
        "passport": st.none() | passports,
        "address": st.none() | places,
        "phone": st.none() | phones,
        "receipt": receipts,
    }
)
receivers = st.fixed_dictionaries(
    {
        "full_name": words,
        "personal_id": numbers,
        "born": partial_days,
        "sex": st.sampled_from(Sex),
        "identity": st.none()
        | st.fixed_dictionaries(
            {"number": st.sampled_from(("000000012", "000000000012")), "issued_on": days, "issued_by": words}
        ),
        "address": places,
        "phone": phones,
        "contact_phone": st.none() | phones,
        "relation": st.sampled_from(RelationToDeceased),
        "relation_text": st.none() | words,
        "receipt": receipts,
    }
)
benefits = st.fixed_dictionaries(
    {
        "regime": st.sampled_from(Regime),
        "protection": st.none() | st.sampled_from(ProtectionKind),
        "merit": st.none()
        | st.fixed_dictionaries(
            {
                "category": words,
                "decision_number": words,
                "decided_on": days,
                "decided_by": words,
                "allowance": words,
                "received_until": st.none() | partial_days,
                "raised_martyr": st.booleans(),
            }
        ),
        "insurance": st.none()
        | st.fixed_dictionaries(
            {"number": insurance_numbers, "pension_place": st.none() | words, "voluntary_place": st.none() | words}
        ),
        "relatives": st.lists(insured_relatives, max_size=2),
        "merit_relatives": st.lists(merit_relatives, max_size=2),
        "adult_children": st.lists(adult_children, max_size=2),
        "payees": st.lists(payees, max_size=2),
        "funeral_recipient": st.none()
        | st.fixed_dictionaries({"person": receivers})
        | st.fixed_dictionaries({"organisation": organisations, "organisation_receipt": receipts}),
        "representative": st.none() | receivers,
        "all_relatives_declared": st.booleans(),
    }
)
_applicant = {
    "full_name": words,
    "personal_id": numbers,
    "residence": residences,
    "phone": phones,
    "email": st.sampled_from((None, "nguoi.mau+1@vidu.vn")),
}
_forms = st.fixed_dictionaries(
    {
        "submission_id": st.none() | codes,
        "recipients": st.fixed_dictionaries(
            {
                "province_code": st.sampled_from(("01", "48", "66", "75")),
                "civil_status_office": units,
                "residence_office": units,
                "social_insurance_office": units,
                "social_affairs_office": st.none() | units,
            }
        ),
        "applicant": st.fixed_dictionaries(
            {**_applicant, "relation": st.sampled_from(RelationToDeceased), "relation_text": st.none() | words}
        )
        | st.fixed_dictionaries({**_applicant, "organisation": organisations}),
        "scope": st.sampled_from(Scope),
        "deceased": st.fixed_dictionaries(
            {
                "full_name": words,
                "born": partial_days,
                "sex": st.sampled_from(Sex),
                "ethnicity": ethnicities,
                "nationality": nationalities,
                "last_residence": residences,
                "personal_id": st.none() | numbers,
                "passport": st.none() | passports,
                "died_on": partial_days,
                "died_at": st.sampled_from((None, "00:00", "07:30", "23:59:59")),
                "place": st.fixed_dictionaries({"facility": st.none() | words, "address": places}),
                "cause": st.none() | words,
                "cause_icd10": st.sampled_from((None, "I21", "I21.9")),
                "householder": st.booleans(),
            }
        ),
        "death_notice": st.none()
        | st.fixed_dictionaries(
            {
                "number": st.sampled_from(("00001.GBT.01901.26", "Đ/0.1.GBT.0190A.26")),
                "issued_on": days,
                "facility": words,
            },
        ),
        "notice_substitute": st.none()
        | st.fixed_dictionaries(
            {
                "kind": st.sampled_from(SubstituteKind),
                "number": st.none() | words,
                "issued_on": days,
                "issuer": words,
            }
        ),
        "benefits": st.none() | benefits,
        "results": st.fixed_dictionaries(
            {
                "death_extract_copies": st.integers(0, 20),
                "deregistration_notice_paper": papers,
                "benefit_decision_paper": papers,
            }
        ),
        "fee_relief": st.lists(
            st.fixed_dictionaries({"ground": st.sampled_from(FeeReliefGround), "number": words, "issued_on": days}),
            max_size=2,
        ),
        "poor_household": st.none() | st.fixed_dictionaries({"number": words, "issued_on": days}),
        "attachments": st.lists(files, max_size=2),
        "attested": st.just(True),
    }
)


@st.composite
def declarations(draw: st.DrawFn) -> DeathDeclaration:
    """Any form whose fields are valid one by one; the sections need not fit together, as no adapter may care."""
    return DeathDeclaration.model_validate(draw(_forms))


_RECEIVER = {
    "full_name": "Y BLa Đăk Đắk",
    "personal_id": "000000000021",
    "born": "1970",
    "sex": "male",
    "identity": {"number": "000000012", "issued_on": "2001-01-02", "issued_by": "Công an tỉnh Thử Nghiệm"},
    "address": OLD_ORIGIN,
    "phone": "0912000021",
    "contact_phone": "02438250000",
    "relation": "dependant",
    "relation_text": "Cháu ngoại được người chết nuôi",
    "receipt": {"way": "wallet", "wallet_phone": "0912000022"},
}
_ORGANISATION = {
    "name": "Hội Người cao tuổi phường Hải Châu II",
    "address": HOME,
    "representative": "H’Bla Kbuôr",
    "position": "Chủ tịch",
    "phone": "0912000023",
}
_BANK = {"way": "bank", "account": {"holder": "Y BLa Đăk Đắk", "number": "0001900123", "bank": "Ngân hàng Mẫu"}}

NAMED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "T’rin, the typographic apostrophe": ("aged-80", {"deceased.ethnicity": {"code": "16", "text": "T’rin"}}),
    "Chơ-ro, whose code is open": ("aged-80", {"deceased.ethnicity": {"text": "Chơ-ro"}}),
    "highland names": ("aged-80", {"deceased.full_name": "Y H'Leo Niê M’gar", "applicant.full_name": "H’Bla Kbuôr"}),
    "Hải Châu II": ("aged-80", {"deceased.last_residence.address": HOME, "deceased.place.address": HOME}),
    "three tiers": ("aged-80", {"deceased.last_residence.address": OLD_ORIGIN, "applicant.residence.address": HOME}),
    "a year alone": ("aged-80", {"deceased.born": "1941", "deceased.died_on": "2026", "deceased.died_at": None}),
    "a month": ("aged-80", {"deceased.born": "1941-01", "deceased.died_on": "2026-11"}),
    "1 January is not a year": ("aged-80", {"deceased.born": "1941-01-01"}),
    "no number, a passport": (
        "aged-80",
        {"deceased.personal_id": None, "deceased.passport": "TK0012345", "deceased.cause_icd10": "I21.9"},
    ),
    "a substitute for the notice": (
        "aged-80",
        {
            "death_notice": None,
            "notice_substitute": {
                "kind": "court_decision",
                "number": "007/2026/QĐ",
                "issued_on": "2026-11-10",
                "issuer": "Tòa án nhân dân khu vực Thử Nghiệm",
            },
        },
    ),
    "an organisation declares and buries": (
        "aged-80",
        {
            "applicant.relation": None,
            "applicant.relation_text": None,
            "applicant.organisation": _ORGANISATION,
            "applicant.email": "hoi@vidu.vn",
            "benefits.funeral_recipient": {"organisation": _ORGANISATION, "organisation_receipt": _BANK},
        },
    ),
    "an organisation is paid into a wallet": (
        "aged-80",
        {
            "benefits.funeral_recipient": {
                "organisation": _ORGANISATION,
                "organisation_receipt": _RECEIVER["receipt"],
            }
        },
    ),
    "everybody receives in another way": (
        "insurance-lump-sum",
        {
            "benefits.insurance.voluntary_place": "Bảo hiểm xã hội cơ sở Thử Nghiệm",
            "benefits.funeral_recipient": {"person": {**_RECEIVER, "receipt": _BANK}},
            "benefits.representative": _RECEIVER,
            "benefits.payees": [
                {
                    "beneficiary": "Phạm Thị Út Mẫu",
                    "full_name": "H’Bla Kbuôr",
                    "relation": "other",
                    "relation_text": "Dì ruột",
                    "personal_id": "000000000025",
                    "social_insurance_number": "0000000026",
                    "passport": "C0012345",
                    "address": HOME,
                    "phone": "0912000024",
                    "receipt": receipt,
                }
                for receipt in (_BANK, _RECEIVER["receipt"])
            ],
            "benefits.relatives": [
                {
                    "full_name": "Phạm Thị Út Mẫu",
                    "personal_id": "000000000031",
                    "social_insurance_number": "0000000032",
                    "relation": "child",
                    "relation_text": "Con nuôi",
                    "born": "2015",
                    "sex": "female",
                    "address": OLD_ORIGIN,
                    "phone": "0912000033",
                    "monthly_income_vnd": 0,
                    "claim": "monthly",
                    "receipt": receipt,
                    "capacity_reduced": True,
                }
                for receipt in (_BANK, _RECEIVER["receipt"])
            ],
        },
    ),
    "merit": (
        "aged-80",
        {
            "benefits.merit": {
                "category": "Thương binh",
                "decision_number": "0012/QĐ",
                "decided_on": "1990-01-01",
                "decided_by": "Sở Nội vụ",
                "allowance": "Trợ cấp hằng tháng",
                "received_until": "2026-11",
            },
            "benefits.merit_relatives": [
                {
                    "full_name": "Ksor Con Mẫu",
                    "personal_id": "000000000041",
                    "relation": "child",
                    "relation_text": "Con riêng",
                    "born": "1999",
                    "sex": "undetermined",
                    "address": HOME,
                    "phone": "0912000041",
                    "claim": "monthly",
                    "receipt": receipt,
                    "circumstances": "orphaned",
                }
                for receipt in (_BANK, _RECEIVER["receipt"])
            ],
            "benefits.adult_children": [
                {
                    "full_name": "Ksor Con Mẫu",
                    "birth_year": 1999,
                    "disabled_since": "from_18",
                    "school_ended": "2017",
                    "school": "Trường Đại học Thử Nghiệm",
                    "school_since": "2017-09",
                }
            ],
        },
    ),
    "paper and fee relief": (
        "aged-80",
        {
            "submission_id": "lan-nop-01",
            "results.death_extract_copies": 3,
            "results.deregistration_notice_paper": {"place": "post", "address": HOME},
            "results.benefit_decision_paper": {"place": "post", "address": OLD_ORIGIN},
            "fee_relief": [{"ground": "disabled", "number": "0003/KT", "issued_on": "2026-10-30"}],
            "poor_household": {"number": "007/HN", "issued_on": "2026-01-02"},
            "recipients.social_affairs_office": {"code": "00004", "name": "Sở Nội vụ"},
        },
    ),
}
"""What gets lost on the way: a sample, and what is typed into it."""


def receiver(full_name: str, personal_id: str) -> dict[str, Any]:
    """Somebody who receives money."""
    return {**_RECEIVER, "full_name": full_name, "personal_id": personal_id}


def in_three_tiers(form: DeathDeclaration) -> DeathDeclaration:
    """The form with every address in Việt Nam an old one, of three tiers."""
    return DeathDeclaration.model_validate(_moved(form.model_dump(mode="json")))


def _moved(value: Any) -> Any:
    if isinstance(value, dict):
        return OLD_ORIGIN if value.get("commune_code") else {key: _moved(item) for key, item in value.items()}
    return [_moved(item) for item in value] if isinstance(value, list) else value


def typed(name: str, changes: Mapping[str, Any], *, decomposed: bool = False) -> DeathDeclaration:
    """A sample with these fields typed in, in NFD if so wished."""
    return retyped(SAMPLES[name], changes, decomposed=decomposed)
