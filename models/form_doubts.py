"""Doubts found by walking the whole form: places against the lists of communes, text that may be in an old font.

As every doubt they name fields, never what was written there.
"""

from collections.abc import Iterator

from models.address import Address
from models.base import LongText, parts
from models.communes import Communes
from models.declaration import Declaration
from models.declaration_doubts import DeclarationWarning, WarningCode
from models.reading_words import field_name
from models.tcvn3 import perhaps_tcvn3


def doubts_of_form(form: Declaration, communes: Communes) -> Iterator[DeclarationWarning]:
    """What an operator should look at; nothing here blocks the dossier."""
    unchecked: list[str] = []
    for path, value in parts(form.model_copy(update={"attachments": ()})):
        if isinstance(value, str) and perhaps_tcvn3(value):
            yield _doubt(
                WarningCode.OLD_FONT, f"{field_name(path, form.group)}: chữ có thể gõ bằng phông cũ TCVN3 (ABC)."
            )
        if isinstance(value, Address):
            if communes.name_differs(value):
                text = (
                    f"{field_name((*path, 'commune_name'), form.group)}: không phải tên của mã đã chọn; hồ sơ theo mã."
                )
                yield _doubt(WarningCode.COMMUNE_NAME_DIFFERS, text)
            if not communes.known(value):
                unchecked.append(field_name(path, form.group))
    if unchecked:
        text = f"Mã xã chưa được đối chiếu vì chưa nạp danh mục đủ của tỉnh: {'; '.join(unchecked)}."
        yield _doubt(WarningCode.COMMUNE_UNCHECKED, text)


def _doubt(code: WarningCode, text: LongText) -> DeclarationWarning:
    return DeclarationWarning(code=code, text=text)
