"""What a notice that was found is worth to its dossier: kept as it came, judged, recorded, told."""

import hashlib
from datetime import UTC, datetime, timedelta

from activities.health import FoundNotice
from ledger.documents import DocumentStore
from ledger.store import Ledger
from models.base import Code
from models.documents import Sha256
from models.messages import NoticeAnswer, NoticeQuery, NoticeState
from models.notice_checks import NoticeCheck, answer
from models.signatures import Seal
from trust.notices import Notice, NoticeJudge


class NoticeExaminer:
    """Examines notices; `offset` is legal time minus clock, not zero in training only."""

    def __init__(
        self, judge: NoticeJudge, ledger: Ledger, documents: DocumentStore, offset: timedelta = timedelta()
    ) -> None:
        self._judge = judge
        self._ledger = ledger
        self._documents = documents
        self._offset = offset

    def examine(self, query: NoticeQuery, found: FoundNotice | None) -> NoticeAnswer:
        """The answer to a look-up; not for an event loop. The bytes are on disk and the check in the ledger by then."""
        at = max(query.head.sent_at, datetime.now(UTC) + self._offset)
        if found is None:
            return self._recorded(query, at, NoticeState.NOT_FOUND)
        contents = {hashlib.sha256(found.content).hexdigest(): found.content} if found.content else {}
        seal = self._judge.seal(Notice(found.content, query.group, query.number, found.facility, at))
        with self._ledger.receiving(contents, self._documents):
            state, sha256 = NoticeState.of(seal.outcome), next(iter(contents), None)
            return self._recorded(query, at, state, found.facility, sha256, seal)

    def _recorded(
        self,
        query: NoticeQuery,
        at: datetime,
        state: NoticeState,
        facility: Code | None = None,
        sha256: Sha256 | None = None,
        seal: Seal | None = None,
    ) -> NoticeAnswer:
        says = seal.says if seal else None
        check = NoticeCheck(
            key=query.head.key,
            dossier_code=query.head.dossier_code,
            group=query.group,
            facility=facility,
            state=state,
            at=at,
            signed_at=seal.signed_at if seal else None,
            sha256=sha256,
            says=says,
        )
        self._ledger.notice_checked(check)
        return answer(query.group.notice, state, facility, says)
