"""What is asked when a running dossier is to go over to another law pack, and the answer."""

from collections.abc import Mapping
from datetime import date

from models.base import Code, Instant, LongText, Model
from models.clock import Due
from models.documents import DocumentKind
from models.messages import NoticeState
from models.plan import Plan, RequiredDocument


class MigrationQuery(Model):
    """A dossier as it stands, and the pack it is to go over to.

    `begun` are the legs that were sent or have ended, `asked` those whose people were asked for consent. `owed` says
    when what is still owed of what has begun is due. `on` is the day it was submitted, `received_on` that of the
    province's receipt.
    """

    code: Code
    revision: int
    pack: Code
    plan: Plan
    begun: tuple[Code, ...]
    asked: tuple[Code, ...]
    owed: Mapping[Code, Due]
    attached: tuple[DocumentKind, ...]
    notice: NoticeState | None
    on: date
    received_on: date
    now: Instant


class Migration(Model):
    """The dossier under the other pack, or (`problem`) why it cannot go over.

    `law` is the pack's title. `expected` are the dates of the legs that are new or run by another limit from now on;
    `completed_by_agencies` what an agency must add itself to parts that have not begun.
    """

    problem: LongText | None = None
    plan: Plan | None = None
    law: LongText = "-"
    kept: tuple[Code, ...] = ()
    added: tuple[Code, ...] = ()
    expected: Mapping[Code, Due] = {}
    completed_by_agencies: tuple[RequiredDocument, ...] = ()
    warnings: tuple[LongText, ...] = ()
