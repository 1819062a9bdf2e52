"""Looks for markers in bytes, whatever they were turned into on their way there.

Found are: UTF-8 in any case, with or without diacritics, escaped for JSON or a URL (the word of a marker stays as it is
in all of these); UTF-16; hexadecimal; base64, the URL's kind too, at whatever alignment; zlib and gzip streams,
wherever they begin, also inside hexadecimal and base64; and the SHA-256 of a marker, which is as good as a short number
itself.
"""

import binascii
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.leaks.markers import TAG, Marker

_AROUND = 60
_DIGITS = re.compile(rb"[0-9]{8,}")
_DIGEST = re.compile(rb"[0-9a-f]{64}")
_HEXADECIMAL = re.compile(rb"[0-9a-fA-F]{16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{11,}")
_STREAM = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_MOST_INFLATED = 32 * 1024 * 1024
_OF_URLS = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True)
class Hit:
    """A marker that was found: which, as what, and what stands around it."""

    word: str
    form: str
    around: str


class Scanner:
    """Looks for these markers."""

    def __init__(self, markers: Iterable[Marker]) -> None:
        made = tuple(markers)
        self._words = {marker.word for marker in made}
        numbers = {marker.word.encode() for marker in made if marker.numeric}
        self._numbers = {number for number in numbers if number.isdigit()}
        self._lengths = {len(number) for number in self._numbers}
        self._needles = (TAG.encode(), *sorted(numbers - self._numbers))
        self._digests = {hashlib.sha256(text.encode()).hexdigest(): text for text in _texts(made)}

    def hits(self, data: bytes) -> tuple[Hit, ...]:
        """What is found in the bytes, each marker and form once."""
        found: dict[tuple[str, str], Hit] = {}
        for form, seen in _views(data):
            for hit in self._seen(form, seen):
                found.setdefault((hit.word, form), hit)
        return tuple(found.values())

    def words(self, data: bytes) -> frozenset[str]:
        """The words of the markers that stand in the bytes as UTF-8."""
        lowered = data.lower()
        return frozenset(word for word in self._words if word.encode() in lowered)

    def _seen(self, form: str, data: bytes) -> Iterator[Hit]:
        lowered = data.lower()
        for needle in self._needles:
            for found in re.finditer(needle, lowered) if needle in lowered else ():
                yield Hit(self._named(lowered, found.start(), needle), form, _excerpt(data, found.start()))
        for run in _DIGITS.finditer(data):
            for number in self._in_run(run[0]):
                yield Hit(number.decode(), form, _excerpt(data, run.start()))
        for digest in set(_DIGEST.findall(lowered)):
            if text := self._digests.get(digest.decode()):
                yield Hit(text, f"{form}, SHA-256", _excerpt(data, lowered.index(digest)))

    def _in_run(self, run: bytes) -> Iterator[bytes]:
        for length in self._lengths:
            for at in range(len(run) - length + 1):
                if run[at : at + length] in self._numbers:
                    yield run[at : at + length]

    def _named(self, lowered: bytes, at: int, needle: bytes) -> str:
        word = lowered[at : at + len(needle) + 2].decode("latin-1")
        return word if word in self._words else needle.decode()


def _views(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The data in every way one can look at it."""
    yield "text", data
    if b"\x00" in data:
        yield "UTF-16", data.replace(b"\x00", b"")
    for inflated in _streams(data):
        yield "compressed", inflated
    for form, decoded in (("hexadecimal", _unhexed(data)), ("base64", _decoded(data))):
        if decoded:
            yield form, decoded
            for inflated in _streams(decoded):
                yield f"{form}, compressed", inflated


def _unhexed(data: bytes) -> bytes:
    """Everything that may be hexadecimal, decoded; in the middle of a byte too."""
    runs = set(_HEXADECIMAL.findall(data))
    return b"\n".join(binascii.unhexlify(run[at:][: (len(run) - at) // 2 * 2]) for run in runs for at in range(2))


def _decoded(data: bytes) -> bytes:
    """Everything that may be base64, decoded, beginning with any of four characters."""
    runs = {run.translate(_OF_URLS) for run in _BASE64.findall(data)}
    return b"\n".join(binascii.a2b_base64(_whole(run[at:])) for run in runs for at in range(4))


def _whole(run: bytes) -> bytes:
    """Characters of base64 as something that ends with them; one left over says nothing."""
    even = run[:-1] if len(run) % 4 == 1 else run
    return even + b"=" * (-len(even) % 4)


def _streams(data: bytes) -> Iterator[bytes]:
    """What is compressed in the data, as far as it can be read."""
    whole = memoryview(data)
    for begin in _STREAM.finditer(data):
        inflating = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            inflated = inflating.decompress(whole[begin.start() :], _MOST_INFLATED) + inflating.flush()
        except zlib.error:
            continue
        if inflated:
            yield inflated


def _texts(markers: Iterable[Marker]) -> Iterator[str]:
    for marker in markers:
        yield from {marker.text, marker.text.upper(), marker.text.lower(), marker.word}


def _excerpt(data: bytes, at: int) -> str:
    return data[max(0, at - _AROUND) : at + _AROUND].decode("utf-8", "backslashreplace")
