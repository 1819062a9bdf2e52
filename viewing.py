"""What operators get to see of a dossier's payloads in Temporal, and the trail of it: who asked, granted or not."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import Field, TypeAdapter, ValidationError
from temporalio.api.common.v1 import Payload

from ledger.errors import UnknownDossier
from ledger.store import Ledger
from models.audit import Action, Entry, NumberedEntry, reading
from models.audit import operator as who_is
from models.base import Code, Instant, Model
from models.operators import NotPermitted, Operator, Sight
from trust.codec import dossier_named, is_sealed, unseal
from trust.key_errors import MasterKeyUnknown
from trust.masking import masked, shown_as
from trust.vault import DossierKey, Unreadable

MAX_ENTRIES = 1000
"""How much of the trail is read at once."""

MAX_DOSSIERS = 20
"""How many dossiers one request may be about: Temporal's tools show one history at a time."""

_CODE: TypeAdapter[Code] = TypeAdapter(Code)


class TooManyDossiers(Exception):
    """One request is about more dossiers than anybody looks at."""


class PartOfTrail(Model):
    """Which entries of the audit trail somebody wants; `since` and `until` are included."""

    code: Code | None = None
    who: str | None = None
    what: Action | None = None
    since: Instant | None = None
    until: Instant | None = None
    limit: int = Field(default=100, ge=1, le=MAX_ENTRIES)


class Viewing:
    """Opens payloads for operators. Nothing is shown before the trail says so."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def shown(self, operator: Operator, payloads: Sequence[Payload]) -> list[Payload]:
        """The payloads as the operator may see them; what is not sealed passes. One that cannot be read says why.

        May block. Raises NotPermitted when one of them is not theirs to see, DatabaseUnusable.
        """
        asked = Counter(_dossier_of(payload) for payload in payloads if is_sealed(payload))
        if len(asked) > MAX_DOSSIERS:
            self.refuse(operator, "too_many_dossiers")
            raise TooManyDossiers
        try:
            operator.expect_may_look()
            sights = {code: operator.sight_of(self._province_of(code)) for code in asked if code}
        except NotPermitted as refusal:
            self.refuse(operator, refusal.why.value, asked)
            raise
        look = _Look(sights, {code: self._key_of(code) for code in sights})
        seen = [look.at(payload) if is_sealed(payload) else payload for payload in payloads]
        for code, count in asked.items():
            unread = look.unread[code]
            detail = {"payloads": str(count), "unread": str(unread)}
            if code:
                detail["sight"] = sights[code].value
            self._note(operator, Action.DECODED if unread < count else Action.DECODE_REFUSED, code, detail)
        return seen

    def refuse(self, operator: Operator, why: str, asked: Iterable[Code | None] = ()) -> None:
        """Says on the trail that an operator was refused. Raises DatabaseUnusable."""
        for code in {self._known(code) for code in asked} or {None}:
            self._note(operator, Action.DECODE_REFUSED, code, {"refused": why})

    def trail(self, operator: Operator, part: PartOfTrail) -> tuple[NumberedEntry, ...]:
        """That part of the audit trail. May block. Raises NotPermitted, DatabaseUnusable."""
        try:
            operator.expect_may_read_trail()
        except NotPermitted as refusal:
            self._note(operator, Action.TRAIL_READ, part.code, {"refused": refusal.why.value})
            raise
        entries = self._ledger.entries(**dict(part))
        asked = reading(entries, who=part.who, what=part.what, since=part.since, until=part.until)
        self._note(operator, Action.TRAIL_READ, part.code, asked)
        return entries

    def _note(self, operator: Operator, what: Action, code: Code | None, detail: dict[str, str]) -> None:
        who, role = who_is(operator.id), operator.role.value
        self._ledger.note(Entry(who=who, role=role, what=what, code=self._known(code), detail=detail))

    def _known(self, code: Code | None) -> Code | None:
        """A dossier's code; what is none may be anything somebody typed, and does not belong on the trail."""
        return code if code and self._province_of(code) else None

    def _province_of(self, code: Code) -> Code | None:
        try:
            return self._ledger.province_of(code)
        except UnknownDossier:
            return None

    def _key_of(self, code: Code) -> DossierKey | Unreadable:
        """As the ledger has it now: who has been erased is shown to nobody from that moment on."""
        self._ledger.keys.forget(code)
        try:
            return self._ledger.keys.of(code)
        except Unreadable as why:
            return why


class _Look:
    """One look at payloads: how each dossier's are seen, by which key, and how many could not be read."""

    def __init__(self, sights: dict[Code, Sight], keys: dict[Code, DossierKey | Unreadable]) -> None:
        self._sights = sights
        self._keys = keys
        self.unread: Counter[Code | None] = Counter()

    def at(self, payload: Payload) -> Payload:
        """A sealed payload, or what there is to say of it."""
        code = _dossier_of(payload)
        try:
            return self._opened(payload, code)
        except (Unreadable, MasterKeyUnknown) as why:
            self.unread[code] += 1
            return shown_as(f"Không xem được: {why}")

    def _opened(self, payload: Payload, code: Code | None) -> Payload:
        if code is None:
            raise Unreadable("dữ liệu niêm phong không nêu hồ sơ")
        key = self._keys[code]
        if isinstance(key, Unreadable):
            raise key
        opened = unseal(key, payload)
        return opened if self._sights[code] is Sight.CLEAR else masked(opened, code)


def _dossier_of(payload: Payload) -> Code | None:
    """The dossier a sealed payload says it belongs to, None for one that cannot be."""
    try:
        return _CODE.validate_python(dossier_named(payload))
    except (Unreadable, ValidationError):
        return None
