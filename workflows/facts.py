"""Facts as they come over the wire, turned into the models of the contract or refused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from models.facts import FactKind, FactRefusal, FactRefused, InboundFact

_KINDS = ", ".join(FactKind)
UNUSABLE = "Nội dung thông điệp không dùng được cho hồ sơ này."
_UNREADABLE = "Không đọc được nội dung thông điệp."


def read_fact(name: str, args: Sequence[RawValue]) -> InboundFact:
    """The fact a message carries. Raises FactRefused, which names the wrong fields but never their values."""
    if name not in set(FactKind):
        raise FactRefused(FactRefusal.UNKNOWN_KIND, f"Không có loại thông điệp này; các loại nhận: {_KINDS}.")
    if len(args) != 1:
        raise FactRefused(FactRefusal.MALFORMED, f"Phải mang đúng một thông điệp, không phải {len(args)}.")
    kind, raw = FactKind(name), args[0]
    try:
        fact = workflow.payload_converter().from_payload(raw.payload, kind.model)
    except ValidationError as error:
        fields = sorted({_field(problem) for problem in error.errors()})
        raise FactRefused(FactRefusal.MALFORMED, f"Sai cấu trúc ở: {', '.join(fields)[:300]}.") from None
    except Exception:  # whatever a converter raises on bytes it cannot read, the sender hears the same
        raise FactRefused(FactRefusal.MALFORMED, _UNREADABLE) from None
    if not isinstance(fact, kind.model):  # null and plain bytes have encodings of their own, which ask for no model
        raise FactRefused(FactRefusal.MALFORMED, _UNREADABLE)
    return fact


@contextmanager
def answering() -> Iterator[None]:
    """A refusal as the sender of an update hears it; any other exception would wedge the workflow."""
    try:
        yield
    except FactRefused as refusal:
        raise ApplicationError(refusal.text, type=refusal.reason.value, non_retryable=True) from None
    except ValueError:  # a value that the contract allows and some model of ours does not
        raise ApplicationError(UNUSABLE, type=FactRefusal.MALFORMED.value, non_retryable=True) from None


def _field(problem: ErrorDetails) -> str:
    """Where a fact is wrong. A name the contract does not know is the sender's own text: it is not repeated."""
    *parents, last = problem["loc"] or ("(gốc)",)
    return ".".join(map(str, (*parents, "(mục lạ)" if problem["type"] == "extra_forbidden" else last)))
