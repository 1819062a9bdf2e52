"""Every adapter, found by its system's name: `activities/<system>.py` holds a class `Adapter` made from a client."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Self, TypeVar

from activities import health, payment, population, vneid
from activities.http import AgencyClient, tls_context
from activities.wire import AgencyAdapter, ChannelAdapter, DocumentReader, not_carried
from models.messages import Dispatch, FollowUp, Sent
from models.systems import Role, System
from settings import Settings
from telemetry.metrics import AgencyCalls

A = TypeVar("A")

_RELAYED_AT_ONCE = 1
"""The outbox sends one row at a time on each channel."""


class Adapters:
    """The adapters with their connections; use as an async context manager, which closes them.

    `calls` counts and times what is exchanged by them. Raises TypeError when an adapter cannot do what its system's
    roles say, BadSettings when a system has no URL or the file of authorities cannot be used.
    """

    def __init__(self, settings: Settings, calls: AgencyCalls | None = None) -> None:
        self.calls = calls or AgencyCalls()
        tls = tls_context(settings.system_ca)
        self._clients = {
            system: AgencyClient(
                system,
                url,
                settings.call_timeout,
                settings.code_prefix,
                settings.concurrency(system) + _RELAYED_AT_ONCE,
                tls,
            )
            for system, url in settings.urls.items()
        }
        self._made = {
            system: import_module(f"activities.{system.value}").Adapter(client)
            for system, client in self._clients.items()
        }
        self.agencies: Mapping[System, AgencyAdapter] = self._all(Role.HANDLES_LEGS, AgencyAdapter)  # type: ignore[type-abstract]
        """The systems that handle legs."""
        self.channels: Mapping[System, ChannelAdapter] = self._all(Role.CHANNEL, ChannelAdapter)  # type: ignore[type-abstract]
        """The systems that take what is for people and provinces."""
        self.vneid = self._one(System.VNEID, vneid.Adapter)
        self.payment = self._one(System.PAYMENT, payment.Adapter)
        self.health = self._one(System.HEALTH, health.Adapter)
        self.population = self._one(System.POPULATION, population.Adapter)

    def _all(self, role: Role, kind: type[A]) -> Mapping[System, A]:
        return {system: self._one(system, kind) for system in System if role in system.roles}

    def _one(self, system: System, kind: type[A]) -> A:
        adapter = self._made[system]
        if not isinstance(adapter, kind):
            raise TypeError(f"activities/{system.value}.py: its Adapter is no {kind.__name__}")
        return adapter

    async def follow_up(self, message: FollowUp, read: DocumentReader) -> Sent:
        """Tell an agency more about its part. Raises AgencyError."""
        return await self.agencies[message.system].follow_up(message, read)

    async def deliver(self, dispatch: Dispatch, read: DocumentReader) -> None:
        """Hand over what the outbox holds: follow-ups to agencies, all else to channels. Raises AgencyError."""
        if dispatch.follow_up:
            await self.follow_up(dispatch.follow_up, read)
        elif dispatch.channel in self.channels:
            await self.channels[dispatch.channel].dispatch(dispatch, read)
        else:
            raise not_carried(dispatch)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        async with AsyncExitStack() as stack:
            for client in self._clients.values():
                stack.push_async_callback(client.aclose)
