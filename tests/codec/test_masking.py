"""What support sees: structure, states, dates; never anything of a person, whatever somebody wrote wherever."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, RootModel
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DefaultFailureConverterWithEncodedAttributes

from models.base import Model
from models.dossier import DossierView
from models.publication import Publication
from models.start import StartDossier
from tests.models.cases import DEATH_NAMES, SAMPLE_NAMES, death_sample, sample
from trust import masking
from trust.masking import COVER, cover, masked

CODE = "G22.99.08-261119-000001"
AT = "2026-11-19T09:00:00+07:00"
CONVERTER = PydanticPayloadConverter()


def models_of(model: type[Model]) -> Iterator[type[Model]]:
    for derived in model.__subclasses__():
        if derived.__module__.startswith("models."):
            yield derived
            yield from models_of(derived)


def filled(type_: Any, said: str) -> Any:
    """A value of that type as JSON, as full as can be, `said` wherever there is room for text."""
    origin, arguments = get_origin(type_), get_args(type_)
    if isinstance(type_, type) and issubclass(type_, RootModel):
        return filled(type_.model_fields["root"].annotation, said)
    if isinstance(type_, type) and issubclass(type_, BaseModel):
        return {name: filled(field.annotation, said) for name, field in type_.model_fields.items()}
    if isinstance(type_, type) and issubclass(type_, Enum):
        return next(iter(type_)).value
    if origin is Annotated:
        return filled(arguments[0], said)
    if origin is Literal:
        return arguments[0]
    if origin in (Union, UnionType):
        return filled(next(one for one in arguments if one is not type(None)), said)
    if origin in (tuple, frozenset, list):
        return [filled(arguments[0], said)]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {filled(arguments[0], said): filled(arguments[1], said)}
    plain = {
        AwareDatetime: AT,
        datetime: AT,
        date: "2026-11-19",
        time: "09:00:00",
        timedelta: "PT1H",
        int: 7,
        bool: True,
    }
    return plain.get(type_, said)


def leaves(value: Any) -> Iterator[Any]:
    """All that is said in JSON, keys too."""
    if isinstance(value, Mapping):
        yield from value
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def payload(value: Any) -> Payload:
    made = CONVERTER.to_payload(value)
    assert made is not None
    return made


def seen(value: Any) -> Any:
    """What support sees of a value that a workflow was given."""
    return json.loads(masked(payload(value), CODE).data)


PERSONAL = st.one_of(
    st.sampled_from(
        (
            *("Nguyễn Thị Ánh", "001190000123", "0912345678", "anh@example.vn", "Số 1 phố Mẫu, Hà Nội", "ung thư phổi"),
            *(
                "1950-03-04",
                "1950-03-04T10:00:00+07:00",
                "Nam",
                "09:30",
                "giay-bao-tu-cua-anh.pdf",
                "79",
                f"{CODE} Ánh",
            ),
        )
    ),
    st.from_regex(r"\A[0-9]{9,12}\Z"),
    st.text(min_size=1),
).filter(lambda text: text not in masking._names() and text != COVER)


@given(said=PERSONAL)
@settings(max_examples=40, deadline=None)
def test_no_text_of_any_message_survives(said: str) -> None:
    for model in (DossierView, Publication, StartDossier, *models_of(Model)):
        shown = tuple(leaves(cover(filled(model, said), CODE)))
        assert said not in shown, str(model)


@pytest.mark.parametrize("name", [*SAMPLE_NAMES, *DEATH_NAMES])
def test_nothing_of_a_form_survives(name: str) -> None:
    """Neither names and numbers nor dates of birth, sex, causes of death, yes and no: only which papers there are."""
    form = death_sample(name) if name in DEATH_NAMES else sample(name)
    shown = seen(form)
    papers = shown.pop("attachments")
    assert {leaf for leaf in leaves(shown) if leaf not in masking._names()} <= {COVER, None}
    assert [paper["kind"] for paper in papers] == [file.kind.value for file in form.attachments]
    assert all(paper[field] == COVER for paper in papers for field in ("file_name", "sha256", "size"))


def test_structure_states_and_dates_of_a_dossier_stay() -> None:
    whole = filled(DossierView, "ai đó") | {"code": CODE}
    shown = cover(whole, CODE)
    assert (shown["code"], shown["stage"], shown["province_code"]) == (CODE, "intake", COVER)
    leg = shown["legs"][0]
    assert (leg["stage"], leg["outcome"], leg["sent_at"], leg["number"]) == (
        whole["legs"][0]["stage"],
        "completed",
        AT,
        COVER,
    )
    assert leg["refusal"].keys() == whole["legs"][0]["refusal"].keys()
    assert set(leg["refusal"].values()) == {COVER}
    assert leg["supplements"][0]["limit"]["working_days"] == 7
    assert leg["consents"][0]["person"] == dict.fromkeys(("key", "full_name", "personal_id"), COVER) | {
        "roles": [whole["legs"][0]["consents"][0]["person"]["roles"][0]],
        "row": 7,
    }


def test_a_key_that_is_no_field_is_covered_too() -> None:
    shown = cover({"corrected": {"child.full_name": "A", "parents.0.born_on": "B", "001190000123": "C"}}, CODE)
    assert list(shown["corrected"]) == ["child.full_name", f"{COVER}2", f"{COVER}3"]


def test_live_details_and_failures_are_covered() -> None:
    metadata = WorkflowMetadata(current_details="**Nguyễn Thị Ánh** bổ sung giấy tờ")
    metadata.definition.query_definitions.add(name="dossier_view")
    assert seen(metadata) == {
        "definition": {"queryDefinitions": [{"name": "dossier_view"}]},
        "currentDetails": COVER,
    }
    failure = Failure()
    DefaultFailureConverterWithEncodedAttributes().to_failure(ValueError("Nguyễn Thị Ánh"), CONVERTER, failure)
    shown = masked(failure.encoded_attributes, CODE)
    assert set(json.loads(shown.data).values()) == {COVER}


@pytest.mark.parametrize("value", ["Nguyễn Thị Ánh", 1900, b"\x00%PDF", [True, 1.5], {"no_such_field": 1}])
def test_what_has_no_shape_is_covered_whole(value: object) -> None:
    shown = tuple(leaves(seen(value)))
    assert set(shown) <= {COVER, f"{COVER}1"}


def test_nothing_is_nothing_and_what_cannot_be_read_is_covered() -> None:
    assert masked(payload(None), CODE) == payload(None)
    assert json.loads(masked(Payload(metadata={"encoding": b"json/plain"}, data=b"{Nguy"), CODE).data) == COVER
