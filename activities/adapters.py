"""Every adapter, by system. A new agency is one adapter module and one line here."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Self

from activities.citizen_store import CitizenStoreAdapter
from activities.health import HealthAdapter
from activities.http import AgencyClient
from activities.identity import IdentityAdapter
from activities.payment import PaymentAdapter
from activities.population import PopulationAdapter
from activities.portal import PortalAdapter
from activities.post import PostAdapter
from activities.provincial import ProvincialAdapter
from activities.residence import ResidenceAdapter
from activities.sms import SmsAdapter
from activities.social_insurance import SocialInsuranceAdapter
from activities.vneid import VneidAdapter
from activities.wire import AgencyAdapter, ChannelAdapter
from models.systems import System
from settings import Settings


class Adapters:
    """The adapters with their connections; use as an async context manager, which closes them."""

    def __init__(self, settings: Settings) -> None:
        self._clients = {system: AgencyClient(system, settings.url(system), settings.call_timeout) for system in System}
        self.provincial = ProvincialAdapter(self._clients[System.PROVINCIAL])
        self.residence = ResidenceAdapter(self._clients[System.RESIDENCE])
        self.social_insurance = SocialInsuranceAdapter(self._clients[System.SOCIAL_INSURANCE], settings.code_prefix)
        self.identity = IdentityAdapter(self._clients[System.IDENTITY])
        self.vneid = VneidAdapter(self._clients[System.VNEID])
        self.payment = PaymentAdapter(self._clients[System.PAYMENT])
        self.health = HealthAdapter(self._clients[System.HEALTH], settings.code_prefix)
        self.population = PopulationAdapter(self._clients[System.POPULATION])
        self.portal = PortalAdapter(self._clients[System.PORTAL])
        self.sms = SmsAdapter(self._clients[System.SMS])
        self.documents = CitizenStoreAdapter(self._clients[System.DOCUMENTS])
        self.post = PostAdapter(self._clients[System.POST])
        self.agencies: Mapping[System, AgencyAdapter] = {
            System.PROVINCIAL: self.provincial,
            System.RESIDENCE: self.residence,
            System.SOCIAL_INSURANCE: self.social_insurance,
            System.IDENTITY: self.identity,
        }
        """The systems that handle legs."""
        self.channels: Mapping[System, ChannelAdapter] = {
            System.PROVINCIAL: self.provincial,
            System.VNEID: self.vneid,
            System.PORTAL: self.portal,
            System.SMS: self.sms,
            System.DOCUMENTS: self.documents,
            System.POST: self.post,
        }
        """The systems the outbox sends to."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        async with AsyncExitStack() as stack:
            for client in self._clients.values():
                stack.push_async_callback(client.aclose)
