"""Enums whose rows hold the key and what people read, side by side."""

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """Members are written `MEMBER = "key", "nhãn tiếng Việt"`; the value is the key."""

    label: str
    """What citizens and operators read."""

    def __new__(cls, key: str, label: str = "") -> Self:
        member = str.__new__(cls, key)
        member._value_ = key
        member.label = label
        return member
