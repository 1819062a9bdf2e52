"""The systems around us (REQUIREMENTS §3), each with one adapter, one simulator module and one task queue."""

from enum import StrEnum


class System(StrEnum):
    """A system we exchange messages with. `civil_status` has none of its own: it is reached through `provincial`."""

    PORTAL = "portal"
    VNEID = "vneid"
    SMS = "sms"
    PAYMENT = "payment"
    PROVINCIAL = "provincial"
    POPULATION = "population"
    RESIDENCE = "residence"
    SOCIAL_INSURANCE = "social_insurance"
    HEALTH = "health"
    IDENTITY = "identity"
    DOCUMENTS = "documents"
    POST = "post"

    @property
    def label(self) -> str:
        """The system's Vietnamese name, for operators and citizens."""
        return _LABELS[self]


def system_queue(queue: str, system: System) -> str:
    """The task queue of a system's activities, beside the workflows' own queue."""
    return f"{queue}-{system.value}"


_LABELS = {
    System.PORTAL: "Cổng Dịch vụ công quốc gia",
    System.VNEID: "ứng dụng VNeID",
    System.SMS: "cổng tin nhắn SMS",
    System.PAYMENT: "nền tảng thanh toán quốc gia",
    System.PROVINCIAL: "hệ thống giải quyết TTHC cấp tỉnh",
    System.POPULATION: "CSDL quốc gia về dân cư",
    System.RESIDENCE: "hệ thống quản lý cư trú",
    System.SOCIAL_INSURANCE: "hệ thống ngành Bảo hiểm xã hội",
    System.HEALTH: "cổng dữ liệu giấy chứng sinh",
    System.IDENTITY: "hệ thống cấp, quản lý căn cước",
    System.DOCUMENTS: "kho quản lý dữ liệu điện tử",
    System.POST: "bưu chính công ích",
}
