"""What looking up a birth or death notice has found, what it changes for the citizen, how facilities sign. Pure."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources

from models.base import Code, Instant, LongText, MessageKey, Model
from models.documents import DocumentKind, Sha256
from models.groups import Group
from models.messages import NoticeAnswer, NoticeState

_UNNAMED = "chưa rõ mã"


class Consequence(Model):
    """What a state of the notice changes, and why; texts have places for notice, facility and finding."""

    usable: bool
    basis: LongText
    told: LongText | None = None
    warning: LongText | None = None


class NoticeCheck(Model):
    """One look-up as it is kept. `at` is legal time; `sha256` names the bytes as they came, `says` why it is so.

    `facility` is the code that the gateway names; `signed_at` is what the signer claims.
    """

    key: MessageKey
    dossier_code: Code
    group: Group
    facility: Code | None = None
    state: NoticeState
    at: Instant
    signed_at: Instant | None = None
    sha256: Sha256 | None = None
    says: LongText | None = None


class FacilityMonth(Model):
    """How the notices of a facility were signed, of those looked up in a month (its first day, by legal date).

    Without `facility`: notices that were not found, or whose facility the gateway did not name.
    """

    facility: Code | None
    month: date
    signed: int = 0
    unsigned: int = 0
    unverifiable: int = 0
    broken: int = 0
    untrusted: int = 0
    not_found: int = 0

    @property
    def wrongly_signed(self) -> int:
        """Signed, and not as they must be."""
        return self.unverifiable + self.broken + self.untrusted

    @property
    def looked_up(self) -> int:
        """All of them."""
        return self.signed + self.unsigned + self.wrongly_signed + self.not_found


@cache
def consequences() -> Mapping[NoticeState, Consequence]:
    """What each state changes (`data/notice_outcomes.toml`)."""
    content = tomllib.loads((resources.files("models") / "data" / "notice_outcomes.toml").read_text("utf-8"))
    return {state: Consequence.model_validate(content[state.value]) for state in NoticeState}


def usable(state: NoticeState | None) -> bool:
    """Whether a notice spares the citizen the substitutes; one that nobody looked up is taken at the form's word."""
    return state is None or consequences()[state].usable


def answer(
    notice: DocumentKind, state: NoticeState, facility: Code | None = None, says: str | None = None
) -> NoticeAnswer:
    """The answer to a look-up that found this, with what citizen and operator are told."""
    found = consequences()[state]
    places = {"notice": notice.label, "facility": facility or _UNNAMED, "says": says or ""}
    return NoticeAnswer(
        state=state,
        usable=found.usable,
        told=found.told.format(**places) if found.told else None,
        warning=found.warning.format(**places) if found.warning else None,
        facility=facility,
    )
