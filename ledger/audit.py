"""The audit trail as people read it, and whether it is whole."""

from datetime import datetime

from ledger.trail import read_entries, read_head, read_lines, tell
from ledger.transactions import Transactions
from ledger.untold import read_untold
from models.audit import Action, Entry, NumberedEntry, TrailHead, Verification
from models.base import Code


class Audit(Transactions):
    """The audit trail (nhật ký kiểm toán)."""

    def note(self, entry: Entry) -> None:
        """Writes an entry about something that writes nothing else, a look for example. Raises DatabaseFailed."""
        with self._writing() as session:
            tell(session, entry)

    def entries(
        self,
        *,
        code: Code | None = None,
        who: str | None = None,
        what: Action | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> tuple[NumberedEntry, ...]:
        """The newest entries, at most `limit`, oldest of them first; `since` and `until` are included.

        `who` is somebody (`operator:cb-12`) or everybody of a kind (`operator`).
        """
        with self._reading() as session:
            return read_entries(session, code=code, who=who, what=what, since=since, until=until, limit=limit)

    def trail_head(self) -> TrailHead:
        """The last entry's number and hash: who keeps it elsewhere sees later whether the trail was cut off."""
        with self._reading() as session:
            return read_head(session.connection())

    def verify_trail(self, kept: TrailHead | None = None) -> Verification:
        """Checks every entry, whether it tells what the ledger has, and whether it still has a head that was `kept`."""
        with self._reading() as session:
            connection = session.connection()
            checked = self._chain.inspect(read_lines(connection), kept)
            return checked.model_copy(update={"untold": read_untold(connection)})
