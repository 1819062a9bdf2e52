"""Submitting a declaration: every way in opens the dossier in the ledger first, then starts its workflow.

A dossier whose workflow never started (the process died in between, Temporal was away) is started by `recover`.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from ledger.documents import DocumentStore
from ledger.errors import DuplicateDossier, PossibleDuplicate, SubmissionReused
from ledger.store import Ledger
from ledger.values import Opened
from models.audit import Action, Entry
from models.base import Code, legal
from models.declaration import Declaration
from models.details import title
from models.law import pack_in_force
from models.plan import resolve_plan
from models.start import StartDossier
from models.submission import NotDuplicate, submission
from settings import Settings
from telemetry import traces
from trust.keys import hash_key
from workflows.plugin import PROCEDURE_GROUPS

logger = logging.getLogger("lienthong.submissions")


class Submissions:
    """The way in for declarations."""

    def __init__(self, ledger: Ledger, documents: DocumentStore, settings: Settings) -> None:
        self._ledger = ledger
        self._documents = documents
        self._settings = settings

    def now(self) -> datetime:
        """Legal time on the clock of Việt Nam: now, plus the training offset, which is zero in production."""
        return legal(datetime.now(UTC) + self._settings.training_offset)

    def open(
        self, declaration: Declaration, contents: Mapping[str, bytes], not_duplicate: NotDuplicate | None = None
    ) -> Opened:
        """The dossier of this submission: same submission, same code. `not_duplicate` is for `Ledger.open_dossier`.

        Raises DeclarationErrors when the law in force needs somebody the form does not name, LawError when no law is in
        force, BadSettings when there is no key for hashes, and the ledger's DuplicateDossier, PossibleDuplicate or
        SubmissionReused.
        """
        at, began, key = self.now(), time.time_ns(), hash_key(self._settings)
        resolve_plan(pack_in_force(at.date()), declaration)
        incoming = submission(declaration, at, key)
        attached = {document.sha256: contents[document.sha256] for document in declaration.attachments}
        try:
            with self._ledger.receiving(attached, self._documents):
                opened = self._ledger.open_dossier(incoming, self._settings.code_prefix, not_duplicate)
        except (DuplicateDossier, SubmissionReused) as refusal:
            if isinstance(refusal, PossibleDuplicate):  # its sender learns no code of others, who decides must
                logger.warning("chưa mở hồ sơ: có thể trùng với %s", ", ".join(refusal.others))
            detail = {"reason": refusal.reason.value} if isinstance(refusal, DuplicateDossier) else {}
            self._ledger.note(Entry(who=self._ledger.acting, what=Action.SUBMISSION_REFUSED, detail=detail))
            raise
        if opened.created:
            with traces.about(opened.code):
                logger.info("đã vào sổ")
            root = traces.submission(opened.code)
            traces.record("submission", opened.code, began, time.time_ns(), as_=root)
        return opened

    async def start(self, client: Client, code: Code) -> None:
        """Start the dossier's workflow unless it has been started before."""
        with traces.span("start", code, under=traces.submission(code)) as start:
            declaration = await asyncio.to_thread(self._ledger.declaration, code)
            submitted_at = await asyncio.to_thread(self._ledger.opened_at, code)
            try:
                procedure_group = PROCEDURE_GROUPS[declaration.group]
                await client.start_workflow(
                    procedure_group.run,
                    StartDossier(
                        code=code,
                        declaration=declaration,
                        submitted_at=submitted_at,
                        training_offset=self._settings.training_offset,
                    ),
                    id=code,
                    task_queue=self._settings.queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary=title(declaration.group, declaration.recipients.province_code, self.now().date()),
                )
            except WorkflowAlreadyStartedError as error:
                start.failed(traces.error_type(error), expected=True)
            await asyncio.to_thread(self._ledger.mark_started, code)

    async def recover(self, client: Client) -> tuple[Code, ...]:
        """Start every dossier whose workflow never started; their codes."""
        codes = await asyncio.to_thread(self._ledger.unstarted)
        for code in codes:
            await self.start(client, code)
        return codes
