"""The catalogue of systems around us (REQUIREMENTS §3): one row each, found by the same name everywhere.

A system `x` has its adapter in `activities/x.py`, its simulator in `simulator/x.py` and its own task queue.
"""

from enum import StrEnum
from typing import Self


class Role(StrEnum):
    """What a system does for a dossier."""

    HANDLES_LEGS = "handles_legs"
    ANSWERS = "answers"
    CHANNEL = "channel"


class System(StrEnum):
    """A system we exchange messages with, its Vietnamese name, and its roles.

    `civil_status` has no row: it is reached through `provincial`.
    """

    label: str
    """The Vietnamese name, for operators and citizens."""
    roles: frozenset[Role]

    PORTAL = "portal", "Cổng Dịch vụ công quốc gia", Role.CHANNEL
    VNEID = "vneid", "ứng dụng VNeID", Role.ANSWERS, Role.CHANNEL
    SMS = "sms", "cổng tin nhắn SMS", Role.CHANNEL
    PAYMENT = "payment", "nền tảng thanh toán quốc gia", Role.ANSWERS
    PROVINCIAL = "provincial", "hệ thống giải quyết TTHC cấp tỉnh", Role.HANDLES_LEGS, Role.CHANNEL
    POPULATION = "population", "CSDL quốc gia về dân cư", Role.ANSWERS
    RESIDENCE = "residence", "hệ thống quản lý cư trú", Role.HANDLES_LEGS
    SOCIAL_INSURANCE = "social_insurance", "hệ thống ngành Bảo hiểm xã hội", Role.HANDLES_LEGS
    SOCIAL_AFFAIRS = "social_affairs", "hệ thống chính sách xã hội, người có công", Role.HANDLES_LEGS
    HEALTH = "health", "cổng dữ liệu của cơ sở khám bệnh, chữa bệnh", Role.ANSWERS
    IDENTITY = "identity", "hệ thống cấp, quản lý căn cước", Role.HANDLES_LEGS
    DOCUMENTS = "documents", "kho quản lý dữ liệu điện tử", Role.CHANNEL
    POST = "post", "bưu chính công ích", Role.CHANNEL

    def __new__(cls, key: str, label: str = "", *roles: Role) -> Self:
        system = str.__new__(cls, key)
        system._value_ = key
        system.label = label
        system.roles = frozenset(roles)
        return system

    @property
    def awaited(self) -> bool:
        """Whether workflows call it and wait for its answer; all others are reached through the outbox."""
        return bool(self.roles & {Role.HANDLES_LEGS, Role.ANSWERS})

    @property
    def relayed(self) -> bool:
        """Whether the outbox sends to it: channels what is for people and provinces, agencies more about their legs."""
        return bool(self.roles & {Role.HANDLES_LEGS, Role.CHANNEL})


def system_queue(queue: str, system: System) -> str:
    """The task queue of a system's activities, beside the workflows' own queue."""
    return f"{queue}-{system.value}"
