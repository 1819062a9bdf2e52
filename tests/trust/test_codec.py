"""Payloads in Temporal: sealed for the dossier whose workflow they belong to, and nothing leaves in the clear."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import ActivitySerializationContext, SerializationContext, WorkflowSerializationContext

from models.base import Code
from tests.keys import MASTERS
from trust.codec import DOSSIER, ENCODING, KEY_ID, DossierCodec, NoKeys, is_sealed
from trust.vault import NO_DOSSIER, DossierKey, KeyErased, KeyUnknown, Unreadable

CODE, OTHER, GONE = (f"G22.99.08-261119-00000{number}" for number in (1, 2, 3))


@dataclass
class Held:
    """Keys in memory, as the ledger has them in its table."""

    read: int = 0

    def kept(self, code: Code) -> DossierKey | None:
        return None

    def of(self, code: Code) -> DossierKey:
        self.read += 1
        if code == NO_DOSSIER:
            return DossierKey(NO_DOSSIER, b"", MASTERS)
        if code == GONE:
            raise KeyErased(code)
        if code not in (CODE, OTHER):
            raise KeyUnknown(code)
        return DossierKey(code, code.encode(), MASTERS)


def of_workflow(id: str) -> SerializationContext:
    return WorkflowSerializationContext(namespace="default", workflow_id=id)


def of_activity(id: str) -> SerializationContext:
    return ActivitySerializationContext(
        namespace="default",
        activity_id="1",
        activity_type="send_leg",
        activity_task_queue="q",
        workflow_id=id,
        workflow_type="BirthProcedureGroup",
        is_local=False,
    )


def payload(data: bytes = b'{"full_name": "Tr\xe1\xba\xbb"}') -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=data)


@given(data=st.binary(max_size=2000), encoding=st.sampled_from([b"json/plain", b"binary/null", b"binary/plain"]))
async def test_a_payload_comes_back_as_it_was(data: bytes, encoding: bytes) -> None:
    codec = DossierCodec(Held()).with_context(of_workflow(CODE))
    before = [Payload(metadata={"encoding": encoding, "more": b"x"}, data=data), payload()]
    sealed = await codec.encode(before)
    assert await DossierCodec(Held()).decode(sealed) == before  # whoever decodes needs no context


@pytest.mark.parametrize("context", [of_workflow(CODE), of_workflow(f"{CODE}/replacement/2"), of_activity(CODE)])
async def test_what_can_be_read_is_the_key_s_id_and_the_dossier_s_code(context: SerializationContext) -> None:
    [sealed] = await DossierCodec(Held()).with_context(context).encode([payload()])
    assert dict(sealed.metadata) == {"encoding": ENCODING, KEY_ID: b"test", DOSSIER: CODE.encode()}
    assert b"full_name" not in sealed.SerializeToString()


async def test_histories_from_before_stay_readable() -> None:
    assert await DossierCodec(NoKeys()).decode([payload()]) == [payload()]


async def test_nothing_is_sealed_for_an_erased_dossier() -> None:
    with pytest.raises(KeyErased):
        await DossierCodec(Held()).with_context(of_workflow(GONE)).encode([payload()])


@pytest.mark.parametrize("id", ["G22.99.08-261119-999999", "Trẻ Em Mẫu"])
async def test_a_workflow_that_is_no_dossier_s_is_sealed_all_the_same_without_its_name(id: str) -> None:
    [sealed] = await DossierCodec(Held()).with_context(of_workflow(id)).encode([payload()])
    assert sealed.metadata[DOSSIER] == NO_DOSSIER.encode()
    assert await DossierCodec(Held()).decode([sealed]) == [payload()]
    with pytest.raises(KeyUnknown):
        await DossierCodec(NoKeys()).with_context(of_workflow(id)).encode([payload()])


async def test_nothing_leaves_where_no_dossier_is_known() -> None:
    assert await DossierCodec(Held()).encode([]) == []
    with pytest.raises(Unreadable, match="hồ sơ nào"):
        await DossierCodec(Held()).encode([payload()])


async def test_what_was_changed_or_given_to_another_dossier_is_not_read() -> None:
    [sealed] = await DossierCodec(Held()).with_context(of_workflow(CODE)).encode([payload()])
    assert is_sealed(sealed)
    changed = {DOSSIER: OTHER.encode(), KEY_ID: b"other", "nothing": b""}
    for name, value in changed.items():
        spoilt = Payload()
        spoilt.CopyFrom(sealed)
        if name in sealed.metadata:
            spoilt.metadata[name] = value
        else:
            del spoilt.metadata[DOSSIER]
        with pytest.raises(Exception, match=r"niêm phong|[Kk]hóa"):
            await DossierCodec(Held()).decode([spoilt])
