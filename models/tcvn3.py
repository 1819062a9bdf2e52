"""Remains of the TCVN3 (ABC) font encoding in text that should be Unicode: “C«xta Rica”, “Hoa Kú” (STANDARDS §6).

A TCVN3 text read as Latin-1 shows « for ô and ú for ỳ. A sign no word has inside it proves that; a Latin letter only
suggests it, where the word as it stands cannot be Vietnamese and would be after decoding.
"""

import re
import unicodedata

_HIGH_HALF = (
    "\xa0ĂÂÊÔƠƯĐăâêôơưđẰ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịò"
    "ỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
)
"""What the bytes A0–FF mean (TCVN 5712:1993; TCVN3 has the lower-case half of it)."""

_DECODED = {0xA0 + at: letter for at, letter in enumerate(_HIGH_HALF)}
_SIGNS = "¡¢£¤¥¦§¨©ª«¬\xad®µ¶¸¹»¼½¾÷×"
_ALSO_WRITTEN = "ª\xad¹×"
"""Signs people write themselves: “Mª”, “Lô B¹”, “A×B”, a soft hyphen pasted along. One alone proves nothing."""

_SIGN_IN_A_WORD = re.compile(f"(?<=[^\\W\\d_])[{_SIGNS}](?=[^\\W\\d_])")
_WORD = re.compile(f"[\\w{_SIGNS}·]+")
_TONES = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_SYLLABLE = re.compile(
    "(?:(?:k|gh|ngh)(?=[eêiy])|(?:c|g|ng)(?![eêiy])|gi(?=[^i])|g(?=i)|qu|[bdđhlmnprstvx]|[cknpt]h|tr)?"
    "(?:iê|yê|uyê|uô|ươ|uâ|uê|uơ|uya|uy|oa|oă|oe|oo|ia|ya|ua|ưa|[aăâeêioôơuưy])"
    "(?:ch|nh|ng|[cmnptiyou])?"
)


def surely_tcvn3(text: str) -> bool:
    """Whether some word holds a sign that only TCVN3 read as Latin-1 puts there."""
    if text.isascii():
        return False
    if sum(sign in _SIGNS for sign in text) == 1 and any(sign in _ALSO_WRITTEN for sign in text):
        return False
    inside = _SIGN_IN_A_WORD.search(text) is not None
    return inside or any(_has_sign(word) and is_syllable(_decode(word)) for word in _WORD.findall(text))


def perhaps_tcvn3(text: str) -> bool:
    """Whether some word is no Vietnamese syllable but becomes one when read as TCVN3."""
    if text.isascii():
        return False
    return any(
        not word.isascii() and not is_syllable(word) and is_syllable(_decode(word)) for word in _WORD.findall(text)
    )


def is_syllable(word: str) -> bool:
    """Whether a word is spelt as a Vietnamese syllable; one tone at most, and none that only other languages have."""
    letters = unicodedata.normalize("NFD", word.casefold())
    toneless, tones = _TONES.subn("", letters)
    return tones <= 1 and _SYLLABLE.fullmatch(unicodedata.normalize("NFC", toneless)) is not None


def _has_sign(word: str) -> bool:
    return any(sign in _SIGNS or sign == "·" for sign in word)


def _decode(word: str) -> str:
    return word.translate(_DECODED)
