"""What law packs may ask of a declaration, and the parts people named in it have."""

from models.base import Model, Text
from models.identity import PersonalId
from models.labelled import Labelled


class Fact(Labelled):
    """A fact of a declaration. Each form states those of its own group and the common ones."""

    # Both groups
    FOREIGN_ELEMENT = "foreign_element", "có yếu tố nước ngoài"
    NOTICE_USABLE = "notice_usable", "có Giấy chứng sinh hoặc Giấy báo tử dùng được"
    DECLARED_LATE = "declared_late", "khai quá hạn"
    POOR_HOUSEHOLD = "poor_household", "thuộc hộ nghèo"
    MERIT_FAMILY = "merit_family", "thuộc gia đình có công với cách mạng"
    DISABLED = "disabled", "là người khuyết tật"

    # Group 1
    REGISTERED_WITH_PARENT_OR_GUARDIAN = (
        "registered_with_parent_or_guardian",
        "trẻ đăng ký thường trú tại nơi ở của cha, mẹ hoặc người giám hộ",
    )
    REGISTERED_AWAY_FROM_PARENTS = (
        "registered_away_from_parents",
        "trẻ đăng ký thường trú khác nơi thường trú của cha, mẹ",
    )
    ABANDONED = "abandoned", "trẻ bị bỏ rơi"
    SURROGACY = "surrogacy", "sinh con do mang thai hộ"
    IDENTITY_CARD_REQUESTED = "identity_card_requested", "tờ khai đề nghị cấp thẻ căn cước"
    GUARDIAN_DECLARES = "guardian_declares", "người giám hộ là người yêu cầu"
    PARENTS_UNREACHABLE = "parents_unreachable", "cha, mẹ không có số định danh để xác nhận trên VNeID"

    # Group 2: who has died, what is chosen (scope), whose benefits they are (regime), what is claimed
    HOUSEHOLDER = "householder", "người chết là chủ hộ"
    FUNERAL_BENEFIT = "funeral_benefit", "đề nghị giải quyết mai táng phí"
    SURVIVOR_BENEFIT = "survivor_benefit", "đề nghị giải quyết tử tuất"
    SOCIAL_INSURANCE = "social_insurance", "người chết thuộc đối tượng bảo hiểm xã hội"
    SOCIAL_PROTECTION = "social_protection", "người chết thuộc đối tượng bảo trợ xã hội"
    MERIT = "merit", "người chết là người có công"
    AGED_ON_SURVIVOR_BENEFIT = (
        "aged_on_survivor_benefit",
        "người chết từ đủ 80 tuổi đang hưởng trợ cấp tuất bảo hiểm xã hội hằng tháng",
    )
    LUMP_SUM = "lump_sum", "thân nhân đề nghị hưởng trợ cấp tuất một lần"
    MONTHLY = "monthly", "thân nhân đề nghị hưởng trợ cấp tuất hằng tháng"
    FUNERAL_REPRESENTATIVE = "funeral_representative", "thân nhân cử người đại diện nhận trợ cấp mai táng"
    RAISED_MARTYR = "raised_martyr", "người chết hoặc thân nhân là người có công nuôi liệt sĩ"
    RELATIVES_UNREACHABLE = "relatives_unreachable", "có thân nhân không xác nhận được trên VNeID"
    PAYEES_UNREACHABLE = "payees_unreachable", "có người đứng tên nhận trợ cấp không xác nhận được trên VNeID"
    CAPACITY_REDUCED = "capacity_reduced", "thân nhân suy giảm khả năng lao động từ 81%"
    ASSESSMENT_FEE_CLAIMED = "assessment_fee_claimed", "đề nghị thanh toán phí giám định y khoa"
    ADULT_CHILD_STUDYING = "adult_child_studying", "con từ đủ 18 tuổi đang đi học"
    ADULT_CHILD_DISABLED_YOUNG = "adult_child_disabled_young", "con từ đủ 18 tuổi bị khuyết tật nặng từ nhỏ"
    ADULT_CHILD_DISABLED_LATER = (
        "adult_child_disabled_later",
        "con từ đủ 18 tuổi bị khuyết tật nặng sau khi đủ 18 tuổi",
    )
    ALONE_OR_ORPHANED = "alone_or_orphaned", "thân nhân sống độc thân không còn thân nhân, hoặc mồ côi cả cha lẫn mẹ"


REQUESTS = (Fact.IDENTITY_CARD_REQUESTED,)
"""Facts by which a form asks for a procedure that not every law pack has."""


class PersonRole(Labelled):
    """The part a person named in a form has in it."""

    APPLICANT = "applicant", "Người yêu cầu"
    MOTHER = "mother", "Người mẹ"
    FATHER = "father", "Người cha"
    PARENT = "parent", "Cha, mẹ"
    HOUSEHOLDER = "householder", "Chủ hộ"
    DWELLING_OWNER = "dwelling_owner", "Chủ sở hữu chỗ ở hợp pháp"
    LEGAL_REPRESENTATIVE = "legal_representative", "Người đại diện hợp pháp"
    DECEASED = "deceased", "Người chết"
    RELATIVE = "relative", "Thân nhân"
    PAYEE = "payee", "Người đứng tên nhận trợ cấp"
    FUNERAL_RECIPIENT = "funeral_recipient", "Người nhận trợ cấp mai táng"
    RELATIVES_REPRESENTATIVE = "relatives_representative", "Đại diện thân nhân"


class PersonNamed(Model):
    """A person whose name and number the form states, in the first of their roles: to be validated, never looked up."""

    role: PersonRole
    full_name: Text
    personal_id: PersonalId
