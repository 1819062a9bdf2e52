"""Remains of the old font: what is certain, what is only suspected, and that Vietnamese itself is neither."""

import csv
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tcvn3 import is_syllable, perhaps_tcvn3, surely_tcvn3


@pytest.mark.parametrize(
    "text",
    [
        "C«xta Rica",
        "Hµ Néi",
        "NguyÔn V¨n An",
        "§iÖn Biªn",
        "TrÇn ThÞ H¬ng",
        "Ph\xad¬ng",
        "M·i",
        "xã Nghĩa Hµ",
    ],
)
def test_a_sign_inside_a_word_is_the_old_font(text: str) -> None:
    assert surely_tcvn3(text)


@pytest.mark.parametrize("text", ["Hoa Kú", "ViÖt Nam", "Bö", "ThÞ B×nh"])
def test_a_letter_that_makes_no_syllable_but_would_decoded_is_only_suspected(text: str) -> None:
    assert perhaps_tcvn3(text)
    assert not surely_tcvn3(text)


@pytest.mark.parametrize("text", ["Mª Carmen García", "Lô B¹", "Khu T¹", "Lô A×B", "Hà\xadNội"])
def test_a_sign_people_write_themselves_proves_nothing_alone(text: str) -> None:
    assert not surely_tcvn3(text)


@pytest.mark.parametrize(
    "text",
    [
        *("Hoa Kỳ", "Nguyễn Quý Gìn", "Giặt Ủi Khuya", "Thuở Nguệch Ngoạc", "Hải Châu II", ""),
        *("12½ phố", "10 m²", "«Sơn Ca»", "Số 5 § 2", "Phòng 3×4", "Vinmec®", "col·lecció"),
        *("Đắk Lắk", "Y Bhăm Êban", "H’Bía Niê", "Krông Pắc"),
        *("Müller", "José", "François", "Sørensen", "Zoë", "SATO MAU"),
    ],
)
def test_vietnamese_highland_and_foreign_words_are_neither(text: str) -> None:
    assert not surely_tcvn3(text)
    assert not perhaps_tcvn3(text)


@pytest.mark.parametrize("name", ["ethnic_groups", "ethnic_aliases", "provinces_63", "communes", "relationships"])
def test_no_name_of_our_lists_is_suspected(name: str) -> None:
    text = resources.files("models").joinpath("data", f"{name}.csv").read_text("utf-8")
    cells = {cell for row in csv.reader(text.splitlines()) for cell in row}
    assert [cell for cell in cells if surely_tcvn3(cell) or perhaps_tcvn3(cell)] == []


@pytest.mark.parametrize(
    "word", ["gì", "giếng", "quốc", "khuya", "thuở", "nghiêng", "oăm", "yêu", "ĐƯỜNG", "hoà", "hòa"]
)
def test_words_spelt_as_vietnamese_are_syllables(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["Kú", "Cê", "Bla", "Fa", "áà", "", "3"])
def test_words_not_spelt_as_vietnamese_are_no_syllables(word: str) -> None:
    assert not is_syllable(word)


@given(st.text(max_size=20))
def test_any_text_is_judged_without_a_crash(text: str) -> None:
    assert surely_tcvn3(text) in (True, False)
    assert perhaps_tcvn3(text) in (True, False)
