"""The civil-status record of the DVCLT wire, by module: LTKS of a birth, LTKT of a death (STANDARDS §3.2).

Names outside `moRong` are those of practice: the records `dvclt->mcdt: data.hoTich of LTKS`, `of LTKT`, `mcdt->btp:
birth record` and `death record`. `moRong`, at the top and in each address, holds what they have no place for, so that
nothing is lost [choice]. No contract is published. Chosen where practice is silent or loses something:

- An address is the object of the record towards BTP in both directions, never a string (REQUIREMENTS §8).
- `*DanToc` is the code of QĐ 121-TCTK/PPCĐ, if the name decides one, and `*DanTocKhac` always the name as declared.
  The ministry's own ids are not used: its lists give one id to two groups (STANDARDS §0.5). Nationalities likewise, by
  ISO 3166-1 code.
- A personal number is `*SoDDCN`: no type of paper means it. The pair `*LoaiGiayToTuyThan`, `*SoGiayToTuyThan` is for
  the passport, by the ministry's number of that paper.
- Relations are the portal's and the forms' words; they have no codes.
"""

from collections.abc import Mapping
from typing import NamedTuple

from activities.dvclt_birth import LTKS
from activities.dvclt_death import LTKT
from activities.field_map import Row, laid_out
from activities.wire import Json
from models.declaration import Declaration
from models.groups import Group


class Module(NamedTuple):
    """A module of the wire: its name, and where each field of the form goes."""

    name: str
    rows: tuple[Row, ...]


MODULES: Mapping[Group, Module] = {Group.BIRTH: Module("LTKS", LTKS), Group.DEATH: Module("LTKT", LTKT)}


def civil_status_record(declaration: Declaration) -> Json:
    """`hoTich` of a declaration. Attachments are no part of it: they travel as files."""
    return laid_out(MODULES[declaration.group].rows, declaration)
