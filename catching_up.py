"""A ledger restored from a backup catches up with its workflows, which have gone on since.

Their histories in Temporal hold every publication whole, sealed. All of them are written again, in order: what the
ledger knows it drops, what goes out goes once by its key. Safe to repeat, and while workers run.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from pydantic import SecretStr
from temporalio.api.common.v1 import Payloads
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError, RPCStatusCode

from activities.ledger import write_publication
from ledger.documents import DocumentStore
from ledger.errors import DatabaseUnusable
from ledger.recovery import NamedDocument
from ledger.store import Ledger
from models.audit import restored
from models.base import Code, Model
from models.dossier import DossierState
from models.publication import Publication
from models.replacement_case import ReplacementCase, ReplacementNews
from trust.codec import dossier_of
from trust.vault import KeyErased
from workflows.plugin import WORKFLOWS

logger = logging.getLogger("lienthong.catching_up")

_AT_ONCE = 8
_STATE = DossierState.model_fields.keys()

_ASKED: Mapping[str, type[Model]] = {"publish": Publication, "publish_replacement": ReplacementNews}
_ANSWERED: Mapping[str, type[Model]] = {"confirm_replacement": ReplacementCase}
"""What is read of a history: what these activities were asked, and what they answered."""


_Said = TypeVar("_Said", Publication, ReplacementNews)


class CaughtUp(Model):
    """What catching up has found: codes only, nothing personal.

    `read` are the dossiers and replacements whose history was written anew. `strangers` run in Temporal, but the ledger
    does not know them: they were opened after the backup, and with their keys their data is lost. `absent` have
    started as far as the ledger knows, but Temporal does not have them. `stuck` could not be written. `papers` are
    named by dossiers, but not in the document store.
    """

    read: tuple[Code, ...]
    strangers: tuple[Code, ...]
    absent: tuple[Code, ...]
    stuck: tuple[Code, ...]
    papers: tuple[NamedDocument, ...]


class CatchingUp:
    """One go through everything that may be ahead of the ledger."""

    def __init__(self, client: Client, ledger: Ledger, documents: DocumentStore, hash_key: SecretStr) -> None:
        self._client = client
        self._ledger = ledger
        self._documents = documents
        self._hash_key = hash_key
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._read: list[Code] = []
        self._absent: list[Code] = []
        self._stuck: list[Code] = []

    async def run(self) -> CaughtUp:
        """Catch up. Raises RPCError and DatabaseFailed; what was written stays, and it may be run again."""
        types = ", ".join(f"'{workflow.__name__}'" for workflow in WORKFLOWS)
        there = {found.id async for found in self._client.list_workflows(f"WorkflowType IN ({types})")}
        strangers = await asyncio.to_thread(self._ledger.unknown, {dossier_of(id) for id in there})
        await asyncio.to_thread(self._ledger.numbers_taken, strangers)
        unfinished = await asyncio.to_thread(self._ledger.unfinished)
        await asyncio.gather(*(self._in_turn(code, self._dossier) for code in unfinished))
        replacements = [id for id in there if id != dossier_of(id) and dossier_of(id) not in strangers]
        for workflow_id in sorted(replacements, key=_number):
            await self._in_turn(workflow_id, self._replacement)
        papers = await asyncio.to_thread(self._missing)
        return CaughtUp(
            read=tuple(sorted(self._read)),
            strangers=tuple(sorted(strangers)),
            absent=tuple(sorted(self._absent)),
            stuck=tuple(sorted(self._stuck)),
            papers=tuple(papers),
        )

    async def _in_turn(self, workflow_id: Code, write: Callable[[Code], Awaitable[None]]) -> None:
        """One that cannot be written holds up no other."""
        async with self._turns:
            try:
                await write(workflow_id)
                self._read.append(workflow_id)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                if (await asyncio.to_thread(self._ledger.opened, dossier_of(workflow_id))).started:
                    self._absent.append(workflow_id)
            except DatabaseUnusable:
                raise
            except KeyErased:  # there is nothing left to catch up with
                return
            except Exception as error:  # whatever it is, the others go on; its words may be personal
                logger.error("%s: không ghi lại được vào sổ (%s)", workflow_id, type(error).__name__)
                self._stuck.append(workflow_id)

    async def _dossier(self, code: Code) -> None:
        """Once more when something newer was written meanwhile: then that must be said whole too."""
        while True:
            said = [event async for event in self._history(code) if isinstance(event, Publication)]
            if not said or await asyncio.to_thread(self._write, code, said):
                return

    def _write(self, code: Code, said: Sequence[Publication]) -> bool:
        """Whether the ledger now has what was said last, and nothing newer."""
        plan, declaration = None, self._ledger.declaration(code, 0)
        for publication in map(_told_again, whole(said)):
            plan = publication.plan or plan
            declaration = publication.revisions[-1].declaration if publication.revisions else declaration
            write_publication(self._ledger, publication, plan, declaration, self._hash_key)
        return self._ledger.restate(publication)

    async def _replacement(self, workflow_id: Code) -> None:
        async for event in self._history(workflow_id):
            if isinstance(event, ReplacementCase):
                code = dossier_of(workflow_id)
                await asyncio.to_thread(self._ledger.restore_replacement, code, event.replacement)
            elif isinstance(event, ReplacementNews):
                await asyncio.to_thread(self._ledger.publish_replacement, _told_again(event))

    async def _history(self, workflow_id: Code) -> AsyncIterator[Model]:
        """What a workflow has asked of the ledger and been told by it, oldest first."""
        asked: dict[int, str] = {}
        async for event in self._client.get_workflow_handle(workflow_id).fetch_history_events():
            if event.HasField("activity_task_scheduled_event_attributes"):
                scheduled = event.activity_task_scheduled_event_attributes
                asked[event.event_id] = name = scheduled.activity_type.name
                if kind := _ASKED.get(name):
                    yield await self._opened(workflow_id, scheduled.input, kind)
            elif event.HasField("activity_task_completed_event_attributes"):
                completed = event.activity_task_completed_event_attributes
                if kind := _ANSWERED.get(asked[completed.scheduled_event_id]):
                    yield await self._opened(workflow_id, completed.result, kind)

    async def _opened(self, workflow_id: Code, payloads: Payloads, kind: type[Model]) -> Model:
        context = WorkflowSerializationContext(namespace=self._client.namespace, workflow_id=workflow_id)
        (value,) = await self._client.data_converter.with_context(context).decode(payloads.payloads, [kind])
        assert isinstance(value, kind)
        return value

    def _missing(self) -> Iterator[NamedDocument]:
        return (named for named in self._ledger.documents_named() if not self._documents.has(named.sha256))


def whole(said: Sequence[Publication]) -> Iterator[Publication]:
    """Each publication with the whole state: what it leaves out is as it was."""
    state: dict[str, object] = {}
    for publication in said:
        state |= {name: getattr(publication, name) for name in publication.model_fields_set & _STATE}
        yield publication.model_copy(update=state)


def _told_again(said: _Said) -> _Said:
    """As the trail is to have it: what the dossier heard, it heard before the restore."""
    heard = tuple(fact.model_copy(update={"via": restored(fact.via)}) for fact in said.heard)
    return said.model_copy(update={"heard": heard})


def _number(workflow_id: Code) -> tuple[Code, int]:
    """Replacements of a dossier one after another."""
    code, _, number = workflow_id.split("/")
    return code, int(number)
