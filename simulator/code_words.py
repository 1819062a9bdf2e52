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

KINSHIP = {
    "Con": "child",
    "Vợ hoặc chồng": "spouse",
    "Cha đẻ": "father",
    "Mẹ đẻ": "mother",
    "Cha vợ hoặc cha chồng": "father_in_law",
    "Mẹ vợ hoặc mẹ chồng": "mother_in_law",
    "Thành viên khác trong gia đình mà người chết có nghĩa vụ nuôi dưỡng": "dependant",
    "Người có công nuôi khi còn nhỏ": "raised",
    "Quan hệ khác": "other",
}
RECEIVES_AS = {"Cha": "father", "Mẹ": "mother", "Người giám hộ": "guardian", "Quan hệ khác": "other"}
SUBSTITUTES = {
    "Biên bản xác nhận việc thi hành án tử hình": "execution_record",
    "Bản án, quyết định có hiệu lực của Tòa án tuyên bố là đã chết": "court_decision",
    "Văn bản xác nhận của cơ quan công an hoặc kết quả giám định của cơ quan giám định pháp y": (
        "police_or_forensic_record"
    ),
    "Giấy báo tử do Ủy ban nhân dân cấp xã cấp": "commune_notice",
    "Giấy tờ khác theo quy định của pháp luật": "other",
}


def meant(codes: Mapping[str, str], code: str) -> str:
    """What a code stands for. Raises ValueError for one that is not of the list: nothing is guessed."""
    if code not in codes:
        raise ValueError("not a code of this wire")
    return codes[code]
