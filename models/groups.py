"""The two inter-linked procedure groups (nhóm thủ tục hành chính liên thông)."""

from models.documents import DocumentKind
from models.labelled import Labelled


class Group(Labelled):
    """A group, and what it registers."""

    BIRTH = "birth", "khai sinh"
    DEATH = "death", "khai tử"

    @property
    def notice(self) -> DocumentKind:
        """The paper of a health facility that the group begins with (giấy chứng sinh, giấy báo tử)."""
        return _NOTICES[self]


_NOTICES = {Group.BIRTH: DocumentKind.BIRTH_NOTICE, Group.DEATH: DocumentKind.DEATH_NOTICE}
