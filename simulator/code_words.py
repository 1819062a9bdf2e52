"""Codes and words of the real wires, as the simulated agencies read them (STANDARDS §§1.4, 3.7)."""

from collections.abc import Mapping

SEXES = {"1": "male", "2": "female", "3": "undetermined"}
RESIDENCES = {"1": "permanent", "2": "temporary", "3": "current"}
HANDED_OVER = {"1": "civil_status_desk", "2": "agency_desk", "3": "post"}
RELATIONS = {
    "Cha": "father",
    "Mẹ": "mother",
    "Người giám hộ/đại diện hợp pháp": "guardian",
    "Ông nội": "paternal_grandfather",
    "Bà nội": "paternal_grandmother",
    "Ông ngoại": "maternal_grandfather",
    "Bà ngoại": "maternal_grandmother",
}


def meant(codes: Mapping[str, str], code: str) -> str:
    """What a code stands for. Raises ValueError for one that is not of the list: nothing is guessed."""
    if code not in codes:
        raise ValueError("not a code of this wire")
    return codes[code]
