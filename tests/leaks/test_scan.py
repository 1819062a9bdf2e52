"""The scan itself finds what it is meant to find, whatever stands around it."""

import base64
import gzip
import hashlib
import json
import unicodedata
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.codes import fold
from tests.leaks.markers import Marker, Markers
from tests.leaks.scan import Scanner

MARKERS = Markers()
MARKERS.text("name", "Nguyễn Thị Đậm")
MARKERS.number("personal_id")
MARKERS.plant({"birth_notice": {"number": "00013.GCS.01901.26"}, "mother": {"passport": "TZ0000014"}})
SCANNER = Scanner(MARKERS)

FORMS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "upper case": lambda text: text.upper().encode(),
    "without diacritics": lambda text: fold(text).encode(),
    "JSON": lambda text: json.dumps(text).encode(),
    "URL": lambda text: quote(text).encode(),
    "UTF-16": lambda text: text.encode("utf-16-be"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "zlib": lambda text: zlib.compress(text.encode()),
    "gzip": lambda text: gzip.compress(text.encode()),
    "SHA-256": lambda text: hashlib.sha256(text.encode()).hexdigest().encode(),
}


@pytest.mark.parametrize("marker", tuple(MARKERS), ids=lambda marker: marker.kind)
@pytest.mark.parametrize("form", FORMS)
@given(before=st.binary(max_size=20), after=st.binary(max_size=20))
def test_every_form_is_found(marker: Marker, form: str, before: bytes, after: bytes) -> None:
    apart = b"" if form not in ("hexadecimal", "SHA-256") else b" "
    assert SCANNER.hits(before + apart + FORMS[form](marker.text) + apart + after)


@pytest.mark.parametrize("marker", tuple(MARKERS), ids=lambda marker: marker.kind)
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@given(before=st.binary(max_size=20), after=st.binary(max_size=20))
def test_base64_is_found_at_every_alignment(
    marker: Marker, encode: Callable[[bytes], bytes], before: bytes, after: bytes
) -> None:
    assert SCANNER.hits(b"." + encode(before + marker.text.encode() + after) + b".")
    assert SCANNER.hits(b"." + encode(zlib.compress(before + marker.text.encode() + after)) + b".")


@given(st.binary(max_size=400))
def test_nothing_is_found_where_nothing_is(data: bytes) -> None:
    assert not SCANNER.hits(data)
