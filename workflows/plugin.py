"""The one plugin that makes a Temporal client ours: converter, codec, sandbox policy, failure types, workflows.

Given to the client, it configures every worker and replayer made from it.
"""

import dataclasses
import logging
from collections.abc import Mapping
from typing import Literal

from pydantic import ValidationError
from temporalio import activity, workflow
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec
from temporalio.plugin import SimplePlugin
from temporalio.runtime import LogForwardingConfig, LoggingConfig, TelemetryFilter
from temporalio.service import RPCError, RPCStatusCode, TLSConfig
from temporalio.worker import WorkerConfig, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from models.groups import Group
from models.search_attributes import AttributeType, SearchAttribute
from workflows.birth import BirthProcedureGroup
from workflows.death import DeathProcedureGroup
from workflows.replacement import ReplacementWorkflow
from workflows.tracing import Tracing

_PASSED_THROUGH = ("models", "pydantic", "pydantic_core", "annotated_types", "typing_inspection")
"""Pure value modules, shared by all workflows. Workflow code imports nothing else (a test keeps it so): one heavy
import costs a second and 30 MB for each running dossier (measured, TEMPORAL §0.5)."""

_INDEXED = {
    AttributeType.KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    AttributeType.KEYWORD_LIST: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    AttributeType.DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
}


_OWN_CODE = "workflows"
"""Our own code, which keeps nothing between dossiers. Imported anew for each, as the sandbox does by default, it cost a
dossier 0.7 MB, and at least 40 ms on its first task in a worker (measured, docs/bench.md)."""


def _sandbox(*passed_through: str) -> WorkflowRunner:
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH, *passed_through)
    return SandboxedWorkflowRunner(restrictions=restrictions)


WORKFLOWS = (BirthProcedureGroup, DeathProcedureGroup, ReplacementWorkflow)
"""For the worker of the workflows' queue; replayers get them from the plugin."""

PROCEDURE_GROUPS: Mapping[Group, type[BirthProcedureGroup] | type[DeathProcedureGroup]] = {
    Group.BIRTH: BirthProcedureGroup,
    Group.DEATH: DeathProcedureGroup,
}
"""The workflow of each group."""


def _sealing(codec: PayloadCodec) -> DataConverter:
    """Failures are sealed too: their texts and traces may quote what they failed at."""
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


class LienthongPlugin(SimplePlugin):
    """Everything about Temporal that is ours."""

    def __init__(self, codec: PayloadCodec | None = None, *, isolated: bool = False) -> None:
        """`codec` seals what is personal (`trust.codec`); without one everything is stored in the clear, which is for
        tests and replays only. `isolated`: the sandbox imports also our own code for each dossier, and so forbids it
        the clock, chance and I/O. Tests of workflows run like that; for workers it is too dear.
        """
        activity.logger.activity_info_on_message = False  # our log lines name the dossier by themselves
        workflow.logger.workflow_info_on_message = False
        # A ValidationError in workflow code would otherwise wedge a run for ever (measured, TEMPORAL §0.4).
        super().__init__(
            "lienthong",
            data_converter=_sealing(codec) if codec else pydantic_data_converter,
            workflow_runner=_sandbox() if isolated else _sandbox(_OWN_CODE),
            workflows=WORKFLOWS,
            workflow_failure_exception_types=[ValidationError],
            interceptors=[Tracing()],
        )

    def configure_worker(self, config: WorkerConfig) -> WorkerConfig:
        """As for any plugin, but a worker that names no workflows polls for none: a system's queue has only calls."""
        named = config.get("workflows", ())
        return WorkerConfig(**{**super().configure_worker(config), "workflows": named})


def core_logs() -> LoggingConfig:
    """Lines of Temporal's core as lines of ours (`logs`), without their fields, which quote failures."""
    return LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(
            logging.getLogger("temporalio.core"), append_target_to_name=False, append_log_fields_to_message=False
        ),
    )


class TemporalUnusable(RuntimeError):
    """Temporal cannot be used as it is set; the message says why, in one line."""


async def connect(
    address: str,
    namespace: str,
    codec: PayloadCodec | None = None,
    *,
    lazy: bool = False,
    tls: TLSConfig | Literal[False] = False,
    api_key: str | None = None,
) -> Client:
    """A client of that server, ours by the plugin; a `lazy` one connects when it is used. Raises TemporalUnusable."""
    plugins = [LienthongPlugin(codec)]
    try:
        return await Client.connect(address, namespace=namespace, plugins=plugins, lazy=lazy, tls=tls, api_key=api_key)
    except (RuntimeError, ValueError) as error:
        raise TemporalUnusable(f"không kết nối được, {error}") from error


async def register_search_attributes(client: Client) -> None:
    """Register what the registry names and the server lacks; safe to repeat. Raises TemporalUnusable."""
    try:
        await _register(client)
    except RPCError as error:
        raise TemporalUnusable(f"namespace {client.namespace}: {error.message}") from error


async def _register(client: Client) -> None:
    wanted = {attribute.value: _INDEXED[attribute.type] for attribute in SearchAttribute}
    try:
        known = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
        wanted = {name: kind for name, kind in wanted.items() if name not in known.custom_attributes}
    except RPCError as error:
        if error.status is not RPCStatusCode.UNIMPLEMENTED:  # the time-skipping test server cannot list
            raise
    if wanted:
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
        try:
            await client.operator_service.add_search_attributes(request)
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
