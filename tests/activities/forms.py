"""Forms to send through the adapters: any that the models allow, and the ones that went wrong in real life."""

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any, TypeVar

from hypothesis import strategies as st

from cli.files import load_declaration_file
from models.birth import BirthDeclaration
from models.birth_form import ApplicantRelation, Circumstance
from models.codes import Vocabulary, labels, provinces, says_nothing
from models.death import DeathDeclaration
from models.documents import Document, DocumentKind, describe
from models.form_parts import FeeReliefGround, PaperPlace
from models.identity import Sex
from tests.models.cases import ON, SAMPLE_NAMES, born
from tests.models.cases import SAMPLES as FOLDER

SAMPLES: dict[str, BirthDeclaration] = {}
_CONTENTS: dict[str, bytes] = {}
for _name in SAMPLE_NAMES:
    _form, _more = load_declaration_file(FOLDER / f"{_name}.json", ON)
    SAMPLES[_name] = born(_form)
    _CONTENTS |= _more

F = TypeVar("F", BirthDeclaration, DeathDeclaration)

TWO_TIERS, THREE_TIERS = date(2026, 11, 1), date(2024, 1, 1)
_LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyÀẢÃÁẠẰẤỆỘỚỰỸĐIVX019’'ʼ‘` -–.,;:/\\\"<>&{}[]\n\tß漢😀"

words = (
    st.text(_LETTERS, min_size=1, max_size=20)
    .map(lambda text: unicodedata.normalize("NFC", text.strip()))
    .filter(lambda text: bool(text) and not says_nothing(text))
)
codes = st.text("0123456789HCAB._:/+-", min_size=1, max_size=12)
numbers = st.text("0123456789", min_size=12, max_size=12)
days = st.dates(date(1930, 1, 1), date(2026, 11, 19)).map(date.isoformat)
partial_days = st.tuples(days, st.sampled_from((4, 7, 10))).map(lambda drawn: drawn[0][: drawn[1]])
passports = st.text("ABCXYZ0123456789", min_size=6, max_size=9)
units = st.fixed_dictionaries({"code": codes, "name": words})
people = st.fixed_dictionaries({"full_name": words, "personal_id": numbers})
ethnicities = st.fixed_dictionaries({"code": st.none() | st.integers(1, 55).map("{:02d}".format), "text": words})
nationalities = st.fixed_dictionaries({"code": st.sampled_from(("VN", "JP", "LA", "XX")), "text": words})


def _places(on: date, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "codes_on": st.just(on.isoformat()),
            "province_code": st.sampled_from([province.code for province in provinces(on)]),
            "commune_code": st.integers(0, 99_999).map("{:05d}".format),
            "commune_name": st.none() | words,
            "detail": st.none() | words,
            **more,
        }
    )


at_home = _places(TWO_TIERS) | _places(
    THREE_TIERS, district_code=st.integers(0, 999).map("{:03d}".format), district_name=st.none() | words
)
places = at_home | st.fixed_dictionaries({"country": st.sampled_from(("JP", "LA")), "detail": words})
residences = st.fixed_dictionaries({"kind": st.sampled_from(("permanent", "temporary", "current")), "address": places})
papers = (
    st.none()
    | st.fixed_dictionaries({"place": st.sampled_from((PaperPlace.CIVIL_STATUS_DESK, PaperPlace.AGENCY_DESK))})
    | st.fixed_dictionaries({"place": st.just(PaperPlace.POST), "address": at_home})
)


def file(kind: DocumentKind, name: str, content: bytes) -> Document:
    """A document whose content `content_of` knows."""
    document = describe(kind, name, content)
    _CONTENTS[document.sha256] = content
    return document


files = st.builds(file, st.sampled_from(DocumentKind), words, st.binary(max_size=8).map(b"%PDF-".__add__))


@st.composite
def parents(draw: st.DrawFn) -> dict[str, Any]:
    """A mother or a father, known by number, by passport or by both; a deceased one perhaps by neither."""
    deceased = draw(st.booleans())
    known = draw(st.sampled_from(("number", "passport", "both", *(("neither",) if deceased else ()))))
    return {
        "full_name": draw(words),
        "personal_id": draw(numbers) if known in ("number", "both") else None,
        "passport": draw(passports) if known in ("passport", "both") else None,
        "born": draw(partial_days),
        "ethnicity": draw(ethnicities),
        "nationality": draw(nationalities),
        "residence": draw(st.none() | residences if deceased else residences),
        "deceased": deceased,
    }


_forms = st.fixed_dictionaries(
    {
        "submission_id": st.none() | codes,
        "recipients": st.fixed_dictionaries(
            {
                "province_code": st.sampled_from(("01", "48", "66", "75")),
                "civil_status_office": units,
                "residence_office": units,
                "social_insurance_office": units,
            }
        ),
        "applicant": st.fixed_dictionaries(
            {
                "full_name": words,
                "personal_id": numbers,
                "residence": residences,
                "relation": st.sampled_from(ApplicantRelation),
                "phone": st.sampled_from(("0912345678", "02438250000", "+84 987.654.321")),
                "email": st.sampled_from((None, "nguoi.mau+1@vidu.vn")),
            }
        ),
        "child": st.fixed_dictionaries(
            {
                "full_name": words,
                "born_on": days,
                "born_at": st.sampled_from((None, "00:00", "07:30", "23:59:59")),
                "birth_date_in_words": words,
                "birthplace": st.fixed_dictionaries({"facility": st.none() | words, "address": places}),
                "sex": st.sampled_from(Sex),
                "ethnicity": ethnicities,
                "nationality": nationalities,
                "hometown": places,
            }
        ),
        "circumstance": st.sampled_from(Circumstance),
        "birth_notice": st.none()
        | st.fixed_dictionaries(
            {
                "number": st.sampled_from(("00001.GCS.01901.26", "Đ/0.1.GCS.0190A.26")),
                "issued_on": days,
                "facility": words,
            },
        ),
        "mother": st.none() | parents(),
        "father": st.none() | parents(),
        "marriage": st.none()
        | st.fixed_dictionaries(
            {"number": words, "book": st.none() | words, "registered_on": days, "place": words},
        ),
        "residence_registration": st.fixed_dictionaries(
            {
                "householder": people,
                "relation_to_householder": st.sampled_from(labels(Vocabulary.CHILD_TO_HOUSEHOLDER)),
                "address": places,
                "dwelling_owners": st.lists(people, max_size=3),
            }
        ),
        "health_insurance": st.fixed_dictionaries(
            {
                "initial_facility": units,
                "poor_household": st.none() | st.fixed_dictionaries({"number": words, "issued_on": days}),
            }
        ),
        "results": st.fixed_dictionaries(
            {
                "birth_certificate_copies": st.integers(0, 20),
                "residence_notice_paper": papers,
                "health_card_paper": papers,
            }
        ),
        "vneid_integration": st.booleans(),
        "fee_relief": st.lists(
            st.fixed_dictionaries({"ground": st.sampled_from(FeeReliefGround), "number": words, "issued_on": days}),
            max_size=2,
        ),
        "identity_card": st.fixed_dictionaries({"requested": st.booleans()}),
        "attachments": st.lists(files, max_size=2),
        "attested": st.just(True),
    }
)


@st.composite
def declarations(draw: st.DrawFn) -> BirthDeclaration:
    """Any form whose fields are valid one by one; the sections need not fit together, as no adapter may care."""
    return BirthDeclaration.model_validate(draw(_forms))


def keep(contents: Mapping[str, bytes]) -> None:
    """Let `content_of` know these contents, by their digests."""
    _CONTENTS.update(contents)


async def content_of(document: Document) -> bytes:
    """The content of a generated attachment or of a sample's."""
    return _CONTENTS[document.sha256]


OLD_ORIGIN = {
    "codes_on": "2025-06-30",
    "province_code": "66",
    "district_code": "645",
    "district_name": "Huyện Cư M’gar",
    "commune_code": "24301",
    "commune_name": "Xã Ea H'Leo",
    "detail": "Buôn Đăk Tơ-lung, thôn Đắk R'lấp",
}
"""Three tiers, from before 2025-07-01."""

HOME = {
    "codes_on": "2026-11-01",
    "province_code": "48",
    "commune_code": "00004",
    "commune_name": "Phường Hải Châu II",
    "detail": "Tổ 1, kiệt Hải Châu II, số 7/IV",
}
"""Two tiers; a commune code with leading zeros, a name with a Roman number."""

NAMED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "T’rin, the typographic apostrophe": ("plain", {"child.ethnicity": {"code": "16", "text": "T’rin"}}),
    "T'rin, the plain apostrophe": ("plain", {"child.ethnicity": {"code": "16", "text": "T'rin"}}),
    "Chơ-ro": ("plain", {"mother.ethnicity": {"code": "32", "text": "Chơ-ro"}}),
    "Hải Châu II": ("plain", {"child.hometown": HOME, "mother.residence.address": HOME}),
    "Hải Châu II in a file and a unit": (
        "plain",
        {"recipients.civil_status_office": {"code": "00004", "name": "Ủy ban nhân dân phường Hải Châu II"}},
    ),
    "highland names": (
        "plain",
        {
            "child.full_name": "Y H'Leo Niê M’gar",
            "mother.full_name": "H’Bla Kbuôr",
            "father.full_name": "Y BLa Đăk Đắk",
            "residence_registration.householder.full_name": "Ksor Ʉr",
        },
    ),
    "an origin of three tiers beside a home of two": (
        "plain",
        {
            "child.hometown": OLD_ORIGIN,
            "child.birthplace.address": OLD_ORIGIN,
            "applicant.residence.address": HOME,
            "residence_registration.address": HOME,
            "results.health_card_paper": {"place": "post", "address": OLD_ORIGIN},
        },
    ),
    "three tiers everywhere": (
        "plain",
        {
            "applicant.residence.address": OLD_ORIGIN,
            "mother.residence.address": OLD_ORIGIN,
            "father.residence.address": OLD_ORIGIN,
            "residence_registration.address": OLD_ORIGIN,
            "results.residence_notice_paper": {"place": "post", "address": OLD_ORIGIN},
        },
    ),
    "numbers with leading zeros": (
        "plain",
        {
            "applicant.personal_id": "000000000001",
            "mother.personal_id": "000000000001",
            "father.personal_id": "001000000010",
            "residence_registration.householder.personal_id": "000000000002",
            "residence_registration.dwelling_owners": [{"full_name": "Ông Sở Hữu", "personal_id": "000000000003"}],
            "health_insurance.initial_facility.code": "00012",
            "marriage.number": "021",
        },
    ),
    "a year of birth alone": ("plain", {"mother.born": "1991", "father.born": "1990-05"}),
    "1 January is not a year": ("plain", {"mother.born": "1991-01-01"}),
    "a foreign father": (
        "foreign-parent",
        {
            "father.personal_id": None,
            "father.passport": "TK0012345",
            "father.nationality": {"code": "CN", "text": "CHND Trung Hoa"},
            "father.residence.address": {"country": "CN", "detail": "Số 1 đường Thử Nghiệm, Quảng Châu"},
        },
    ),
    "a number and a passport": ("plain", {"mother.passport": "C1234567"}),
    "one parent": ("one-parent", {}),
    "an abandoned child": ("abandoned-child", {"mother": None, "father": None}),
    "a deceased parent": ("deceased-parent", {}),
    "four grandparents apart": ("grandparent-declares", {"applicant.relation": "maternal_grandmother"}),
    "a poor household": (
        "plain",
        {"health_insurance.poor_household": {"number": "007/HN", "issued_on": "2026-01-02"}},
    ),
    "freed from the fee": (
        "plain",
        {
            "fee_relief": [
                {"ground": "merit_family", "number": "012/CC", "issued_on": "2026-01-02"},
                {"ground": "disabled", "number": "0003/KT", "issued_on": "2026-10-30"},
            ]
        },
    ),
    "paper and consents": (
        "plain",
        {
            "results.birth_certificate_copies": 20,
            "results.residence_notice_paper": {"place": "agency_desk"},
            "results.health_card_paper": {"place": "post", "address": HOME},
            "identity_card.requested": True,
            "vneid_integration": False,
        },
    ),
}
"""What went wrong in real life (CV 8945/VPCP-KSTT; STANDARDS §§3.2, 6): a sample, and what is typed into it."""


def typed(name: str, changes: Mapping[str, Any], *, decomposed: bool = False) -> BirthDeclaration:
    """A sample with these fields typed in, in NFD if so wished."""
    return retyped(SAMPLES[name], changes, decomposed=decomposed)


def retyped(form: F, changes: Mapping[str, Any], *, decomposed: bool) -> F:
    """The form with these fields typed in."""
    data = form.model_dump(mode="json")
    for path, value in changes.items():
        *parts, last = path.split(".")
        part = data
        for step in parts:
            part = part[step]
        part[last] = value
    return type(form).model_validate(_in_nfd(data) if decomposed else data)


def _in_nfd(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFD", value)
    if isinstance(value, dict):
        return {key: _in_nfd(item) for key, item in value.items()}
    return [_in_nfd(item) for item in value] if isinstance(value, list) else value
