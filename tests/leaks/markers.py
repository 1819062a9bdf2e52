"""What the leak scan plants and looks for: invented data of persons, none of which can be anywhere by chance.

A text carries a word that no language has, a number digits that nothing else has. Whatever is done to the text (other
case, diacritics taken away, JSON or URL escapes), the word in it stays as it is.
"""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from string import ascii_lowercase
from typing import Any

TAG = "zqxjwkv"
"""What every marked text carries, in one case or the other; two letters more tell which one it is."""

SECRET = "secret"
"""The kind of keys and the like: not planted, and looked for all the same."""

_SERIALS = tuple("".join(letters) for letters in product(ascii_lowercase, repeat=2))
_NAMED = frozenset({"full_name", "holder", "beneficiary", "representative"})
_TOLD = frozenset(
    {
        *("detail", "cause", "relation_text", "position", "school", "decided_by"),
        *("pension_place", "voluntary_place", "bank"),
    }
)
_NUMBERED: Mapping[str, int] = {"personal_id": 6, "phone": 4, "contact_phone": 4, "wallet_phone": 4, "passport": 2}
"""Fields that are numbers, and how much of what stands there stays: the rest is ours."""

_SERIAL = re.compile(r"[0-9]{12}")
_OF_INSURANCE = re.compile(r"[0-9]{10}")
_OF_NOTICE = re.compile(r"[0-9]{5}\.(GCS|GBT)\.[0-9]{5}\.[0-9]{2}")


@dataclass(frozen=True)
class Marker:
    """One planted text or number: what it is (`kind`), and how it was planted."""

    kind: str
    text: str

    @property
    def numeric(self) -> bool:
        """Whether it is known by its digits, and not by a word."""
        return TAG not in self.text.lower()

    @property
    def word(self) -> str:
        """What it is known by, in lower case."""
        if self.numeric:
            return self.text.lower()
        at = self.text.lower().index(TAG)
        return self.text.lower()[at : at + len(TAG) + 2]


class Markers:
    """The markers of one run, made as they are needed."""

    def __init__(self) -> None:
        self._random = random.Random(20261119)
        self._serials = iter(_SERIALS)
        self._made: dict[str, Marker] = {}
        self._numbers: dict[str, str] = {}

    def __iter__(self) -> Iterator[Marker]:
        return iter(tuple(self._made.values()))

    def text(self, kind: str, before: str = "Chữ đánh dấu") -> str:
        """A new text of that kind."""
        return self._kept(Marker(kind, f"{before} {TAG.capitalize()}{next(self._serials)}")).text

    def word(self, kind: str) -> str:
        """A new word of that kind, of letters only, for where a text would not do: file names, ids, headers."""
        return self._kept(Marker(kind, f"{TAG}{next(self._serials)}")).text

    def number(self, kind: str, model: str = "001094000000", kept: int = 6) -> str:
        """A new number as long as that one, with its first digits."""
        while (made := model[:kept] + self._digits(len(model) - kept)) in self._made:
            continue
        return self._kept(Marker(kind, made)).text

    def serial(self) -> int:
        """Where the numbers of a series begin that nothing else has."""
        return self._random.randrange(10**11, 2 * 10**11)

    def registered(self, number: str) -> None:
        """A number that an agency has given: to a registration, of a series that began at `serial`, or to a child."""
        (digits,) = _SERIAL.findall(number)
        self._kept(Marker("registered", digits))

    def secret(self, text: str) -> None:
        """Something that is there already, and must be found nowhere else."""
        self._kept(Marker(SECRET, text))

    def plant(self, form: dict[str, Any]) -> dict[str, Any]:
        """The form with everything personal in it marked; equal values of one form stay equal."""
        known: dict[tuple[str, str], str] = {}

        def planted(value: Any, field: str = "", inside: str = "") -> Any:
            if isinstance(value, dict):
                return {key: planted(item, key, field) for key, item in value.items()}
            if isinstance(value, list):
                return [planted(item, field, inside) for item in value]
            if not isinstance(value, str):
                return value
            kind = self._kind(field, inside, value)
            if kind is None:
                return value
            if (kind, value) not in known:
                known[kind, value] = self._like(kind, value)
            return known[kind, value]

        made: dict[str, Any] = planted(form)
        made["submission_id"] = self.word("submission_id")
        made.get("child", {}).pop("born_at", None)  # two children of one mother, born at one time, are taken for one
        return made

    def _kind(self, field: str, inside: str, value: str) -> str | None:
        if field == "number":
            if _OF_NOTICE.fullmatch(value):
                return "notice"
            return "account" if inside == "account" else "insurance" if _OF_INSURANCE.fullmatch(value) else None
        if field in _NAMED:
            return "full_name"
        return field if field in _TOLD or field in _NUMBERED or field == "email" else None

    def _like(self, kind: str, value: str) -> str:
        """Something of that kind in the place of `value`."""
        if kind in _NUMBERED:
            return self.number(kind, value, _NUMBERED[kind])
        match kind:
            case "email":
                return self._kept(Marker(kind, f"{TAG}{next(self._serials)}@vidu.vn")).text
            case "account" | "insurance":
                return self.number(kind, value, 2)
            case "notice":
                serial = value[:5] if ".GBT." in value else f"{self._random.randrange(20_000, 90_000)}"
                facility = value[10:15] if ".GCS." in value else self._digits(5)
                return self._kept(Marker(kind, f"{serial}{value[5:10]}{facility}{value[15:]}")).text
        return self.text(kind, value)

    def _digits(self, length: int) -> str:
        return "".join(str(self._random.randrange(10)) for _ in range(length))

    def _kept(self, marker: Marker) -> Marker:
        self._made[marker.text] = marker
        return marker
