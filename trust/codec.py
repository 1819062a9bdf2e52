"""Payloads in Temporal, sealed: inputs, results, messages, failures, summaries and details of a dossier's workflow.

What must stay readable there has nothing personal in it: ids, search attributes, types of errors.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol, Self

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from models.base import Code
from trust.vault import NO_DOSSIER, DossierKey, KeyUnknown, Purpose, Sealed, Unreadable

ENCODING = b"binary/encrypted"
KEY_ID, DOSSIER = "lienthong-key", "lienthong-dossier"


class Keys(Protocol):
    """Where the keys of dossiers are (`ledger.keys.DossierKeys`)."""

    def kept(self, code: Code) -> DossierKey | None:
        """The key, if it can be had at once."""
        ...

    def of(self, code: Code) -> DossierKey:
        """The key of a dossier, or of the house (`NO_DOSSIER`). May block. Raises Unreadable."""
        ...


class NoKeys:
    """For clients that look only at what is readable by anybody, such as search attributes."""

    def kept(self, code: Code) -> DossierKey | None:
        """None."""
        return None

    def of(self, code: Code) -> DossierKey:
        """Raises KeyUnknown."""
        raise KeyUnknown(code)


class DossierCodec(PayloadCodec, WithSerializationContext):
    """Seals every payload by the key of the dossier whose workflow it belongs to; opens any it has the key of.

    A payload that is not sealed passes unchanged: histories begun before there was a codec stay readable.
    """

    def __init__(self, keys: Keys, code: Code | None = None) -> None:
        self._keys = keys
        self._code = code

    def with_context(self, context: SerializationContext) -> Self:
        """For the payloads of one workflow or of an activity of it."""
        match context:
            case WorkflowSerializationContext(workflow_id=str(id)) | ActivitySerializationContext(workflow_id=str(id)):
                return type(self)(self._keys, dossier_of(id))
        return self

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Of a workflow that is no dossier's, say a stranger's, by the key of the house: it must be able to fail.

        Raises Unreadable when no workflow is known, and for an erased dossier: nothing leaves in the clear.
        """
        if not payloads:
            return []
        if self._code is None:
            raise Unreadable("không rõ dữ liệu thuộc hồ sơ nào nên không niêm phong được")
        try:
            key = await self._key(self._code)
        except KeyUnknown:
            key = await self._key(NO_DOSSIER)
        return [seal(key, payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises Unreadable, MasterKeyUnknown."""
        return [await self._opened(payload) if is_sealed(payload) else payload for payload in payloads]

    async def _opened(self, payload: Payload) -> Payload:
        return unseal(await self._key(dossier_named(payload)), payload)

    async def _key(self, code: Code) -> DossierKey:
        kept = self._keys.kept(code)
        return kept if kept else await asyncio.to_thread(self._keys.of, code)


def dossier_of(workflow_id: str) -> Code:
    """The dossier a workflow belongs to; a replacement's id begins with it."""
    return workflow_id.partition("/")[0]


def is_sealed(payload: Payload) -> bool:
    """Whether it is one of ours, sealed."""
    return payload.metadata.get("encoding") == ENCODING


def dossier_named(payload: Payload) -> Code:
    """The dossier a sealed payload says it belongs to. Raises Unreadable."""
    code = payload.metadata[DOSSIER].decode("ascii", "replace")
    if not code:
        raise Unreadable("dữ liệu niêm phong không nêu hồ sơ")
    return code


def seal(key: DossierKey, payload: Payload) -> Payload:
    """The whole payload, with its encoding, as sealed bytes."""
    sealed = key.seal(Purpose.PAYLOAD, payload.SerializeToString())
    metadata = {"encoding": ENCODING, KEY_ID: sealed.key_id.encode(), DOSSIER: sealed.code.encode()}
    return Payload(metadata=metadata, data=sealed.data)


def unseal(key: DossierKey, payload: Payload) -> Payload:
    """The payload that was sealed. Raises Unreadable, MasterKeyUnknown."""
    sealed = Sealed(payload.metadata[KEY_ID].decode("ascii", "replace"), dossier_named(payload), payload.data)
    return Payload.FromString(key.open(Purpose.PAYLOAD, sealed))
