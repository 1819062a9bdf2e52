"""The ledger: what all processes know of all dossiers."""

from ledger.audit import Audit
from ledger.dossiers import Dossiers
from ledger.erasure import Erasure
from ledger.gaps import Gaps
from ledger.inbox import Inbox
from ledger.messages import Messages
from ledger.notice_checks import NoticeChecks
from ledger.outbox import Outbox
from ledger.papers import Papers
from ledger.publications import Publications
from ledger.reads import Reads
from ledger.recovery import Recovery
from ledger.replacements import Replacements
from ledger.resealing import Resealing


class Ledger(
    Dossiers,
    Publications,
    Messages,
    Inbox,
    Papers,
    Outbox,
    Reads,
    Replacements,
    Gaps,
    NoticeChecks,
    Audit,
    Recovery,
    Erasure,
    Resealing,
):
    """Dossiers, messages, inbox and outbox in one database, made from its engine (`ledger.engine.open_engine`).

    Every method is one transaction, safe to repeat and safe from many threads and processes at once. A `LedgerError` is
    a refusal with a Vietnamese text; when the database itself fails it is DatabaseFailed, nothing was written, and the
    call may be repeated.
    """
