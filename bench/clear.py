"""Our worker with nothing sealed: what sealing is measured against. What others have sealed it reads all the same.

`python -m bench.clear`, with the environment of a worker.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect
from temporalio.api.common.v1 import Payload

import worker
from models.personal import Personal, PersonalText
from processes.crew import Queues
from processes.lifecycle import leave
from settings import Settings
from trust.codec import DossierCodec


async def _encode(self: DossierCodec, payloads: Sequence[Payload]) -> list[Payload]:
    return list(payloads)


def _value(self: Personal[Any], value: Any, dialect: Dialect) -> Any:
    return None if value is None else self._adapter.dump_python(value, mode="json")


def _text(self: PersonalText, value: str | None, dialect: Dialect) -> str | None:
    return value


if __name__ == "__main__":
    DossierCodec.encode = _encode  # type: ignore[method-assign]
    Personal.process_bind_param = _value  # type: ignore[method-assign]
    PersonalText.process_bind_param = _text  # type: ignore[method-assign]
    leave(worker.run(Settings(), Queues.named("")))
