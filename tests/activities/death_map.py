"""Which leg and which system is told which field of form 02: a decision for every field of each, and why not.

As `form_map` for form 01, but by leg, as social insurance is told other things for each of its legs. A new field of
the form fails `test_round_trip_death` until it stands here.
"""

from collections.abc import Mapping

from models.systems import System
from tests.activities.form_map import ADDRESS, ATTACHMENT, CODED, RESIDENCE, UNIT

REGISTRAR = frozenset({"death_registration"})
"""Gets the form as it was declared; the cause of death nobody else."""

AFFAIRS = frozenset({"funeral_cost_support", "merit_funeral_benefit", "merit_survivor_benefit"})
BENEFITS = REGISTRAR | AFFAIRS
"""Get all of a benefit: who claims it, on which ground, and how it is paid."""

EVERYBODY = BENEFITS | {"residence_deregistration"}
"""Get the form as declared, but for benefits and the cause of death."""

FUNERAL, SURVIVOR = frozenset({"insurance_funeral_benefit"}), frozenset({"insurance_survivor_benefit"})
INSURANCE = FUNERAL | SURVIVOR | {"survivor_benefit_end"}

WHY_NOT: Mapping[System, str] = {
    System.POPULATION: "validates names with their numbers and nothing else (REQUIREMENTS §3)",
    System.HEALTH: "finds a death notice by its number",
    System.VNEID: "asks the people concerned about the deceased by name; keeps the applicant's messages",
    System.PAYMENT: "asks one payer for one sum",
    System.SMS: "reaches a telephone; no name and no number of a person",
    System.PORTAL: "keeps the applicant's dossier by personal number; it has the declaration already",
    System.DOCUMENTS: "keeps results by the applicant's personal number",
    System.POST: "carries paper to an address",
    System.IDENTITY: "has no part in a death",
}
"""Why a system without a leg here gets no more than is said below."""

NUMBERED = frozenset({System.POPULATION})
ASKED = NUMBERED | {System.VNEID}
APPLICANT = frozenset({System.VNEID, System.PAYMENT, System.PORTAL, System.DOCUMENTS, System.POST})
PAPER = frozenset({System.POST})

RECEIPT = ("way", "account.holder", "account.number", "account.bank", "wallet_phone")
ORGANISATION = ("name", *(f"address.{leaf}" for leaf in ADDRESS), "representative", "position", "phone")
WHO_RECEIVES = (
    "born",
    "sex",
    "identity.number",
    "identity.issued_on",
    "identity.issued_by",
    *(f"address.{leaf}" for leaf in ADDRESS),
    "phone",
    "contact_phone",
    "relation",
    "relation_text",
    *(f"receipt.{leaf}" for leaf in RECEIPT),
)
RELATIVE = (
    "born",
    "sex",
    *(f"address.{leaf}" for leaf in ADDRESS),
    "phone",
    "claim",
    *(f"receipt.{leaf}" for leaf in RECEIPT),
    "lacks_capacity",
)

FIELDS: tuple[tuple[str, tuple[str, ...], frozenset[str]], ...] = (
    ("", ("submission_id", "scope", "attested"), EVERYBODY),
    ("recipients", ("province_code",), EVERYBODY | INSURANCE),
    ("recipients.civil_status_office", UNIT, EVERYBODY | INSURANCE),
    ("recipients.residence_office", UNIT, EVERYBODY),
    ("recipients.social_insurance_office", UNIT, EVERYBODY | INSURANCE),
    ("recipients.social_affairs_office", UNIT, EVERYBODY),
    ("applicant", ("full_name",), EVERYBODY | INSURANCE | ASKED),
    ("applicant", ("personal_id",), EVERYBODY | INSURANCE | NUMBERED | APPLICANT),
    ("applicant.residence", RESIDENCE, EVERYBODY),
    ("applicant", ("relation", "relation_text", "email"), EVERYBODY | INSURANCE),
    ("applicant", ("phone",), EVERYBODY | INSURANCE | {System.SMS}),
    ("applicant.organisation", ORGANISATION, EVERYBODY | INSURANCE),
    ("deceased", ("full_name",), EVERYBODY | INSURANCE | ASKED),
    ("deceased", ("personal_id",), EVERYBODY | INSURANCE | NUMBERED),
    ("deceased", ("born", "sex", "passport", "died_on"), EVERYBODY | INSURANCE),
    ("deceased", ("died_at", "householder"), EVERYBODY),
    ("deceased", ("cause", "cause_icd10"), REGISTRAR),
    ("deceased.ethnicity", CODED, EVERYBODY),
    ("deceased.nationality", CODED, EVERYBODY),
    ("deceased.last_residence", RESIDENCE, EVERYBODY),
    ("deceased.place", ("facility", *(f"address.{leaf}" for leaf in ADDRESS)), EVERYBODY),
    ("death_notice", ("number",), EVERYBODY | {System.HEALTH}),
    ("death_notice", ("issued_on", "facility"), EVERYBODY),
    ("notice_substitute", ("kind", "number", "issued_on", "issuer"), EVERYBODY),
    ("benefits", ("regime", "protection"), BENEFITS),
    ("benefits", ("all_relatives_declared",), BENEFITS | SURVIVOR),
    (
        "benefits.merit",
        (
            "category",
            "decision_number",
            "decided_on",
            "decided_by",
            "allowance",
            "received_until",
            "raised_martyr",
        ),
        BENEFITS,
    ),
    ("benefits.insurance", ("number", "pension_place", "voluntary_place"), BENEFITS | INSURANCE),
    ("benefits.relatives", ("full_name", "personal_id"), BENEFITS | FUNERAL | SURVIVOR | ASKED),
    ("benefits.relatives", ("relation", "relation_text", "deceased"), BENEFITS | FUNERAL | SURVIVOR),
    (
        "benefits.relatives",
        (*RELATIVE, "social_insurance_number", "monthly_income_vnd", "capacity_reduced", "assessment_fee"),
        BENEFITS | SURVIVOR,
    ),
    ("benefits.merit_relatives", ("full_name", "personal_id"), BENEFITS | ASKED),
    ("benefits.merit_relatives", ("relation", "relation_text", "deceased", *RELATIVE, "circumstances"), BENEFITS),
    (
        "benefits.adult_children",
        ("full_name", "birth_year", "disabled_since", "school_ended", "school", "school_since"),
        BENEFITS,
    ),
    ("benefits.payees", ("full_name", "personal_id"), BENEFITS | SURVIVOR | ASKED),
    (
        "benefits.payees",
        (
            "beneficiary",
            "relation",
            "relation_text",
            "social_insurance_number",
            "passport",
            *(f"address.{leaf}" for leaf in ADDRESS),
            "phone",
            *(f"receipt.{leaf}" for leaf in RECEIPT),
        ),
        BENEFITS | SURVIVOR,
    ),
    ("benefits.funeral_recipient.person", ("full_name", "personal_id"), BENEFITS | FUNERAL | ASKED),
    ("benefits.funeral_recipient.person", WHO_RECEIVES, BENEFITS | FUNERAL),
    ("benefits.funeral_recipient.organisation", ORGANISATION, BENEFITS | FUNERAL),
    ("benefits.funeral_recipient.organisation_receipt", RECEIPT, BENEFITS | FUNERAL),
    ("benefits.representative", ("full_name", "personal_id"), BENEFITS | SURVIVOR | ASKED),
    ("benefits.representative", WHO_RECEIVES, BENEFITS | SURVIVOR),
    ("fee_relief", ("ground", "number", "issued_on"), EVERYBODY),
    ("poor_household", ("number", "issued_on"), EVERYBODY),
    ("results", ("death_extract_copies",), EVERYBODY),
    ("results.deregistration_notice_paper", ("place",), EVERYBODY),
    ("results.deregistration_notice_paper.address", ADDRESS, EVERYBODY | PAPER),
    ("results.benefit_decision_paper", ("place",), EVERYBODY | FUNERAL | SURVIVOR),
    ("results.benefit_decision_paper.address", ADDRESS, EVERYBODY | FUNERAL | SURVIVOR | PAPER),
    ("attachments", ATTACHMENT, EVERYBODY | INSURANCE),
)
"""Part of the form, its fields, and the legs and systems that are told them."""

CARRIED: Mapping[str, frozenset[str]] = {
    f"{part}.{leaf}".lstrip("."): told for part, leaves, told in FIELDS for leaf in leaves
}
"""Every field of the form, and all that are told it."""
