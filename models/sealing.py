"""Which results must be signed, and what each finding about their signatures means (data/signatures.toml)."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from models.base import LongText, Model
from models.documents import Document, DocumentKind
from models.signatures import Seal, SignatureOutcome, Treatment
from models.words import listed

_SEND_SIGNED = (
    "Không nhận bản điện tử {what}. Gửi bản PDF do người có thẩm quyền ký số một lần, không sửa sau khi ký; "
    "đến khi có bản đó, kết quả này được coi là còn thiếu."
)


class SealRule(Model):
    """What the findings about these kinds of documents mean; `several`: more than one signature."""

    documents: tuple[DocumentKind, ...]
    none: Treatment
    unverifiable: Treatment
    broken: Treatment
    untrusted: Treatment
    good: Treatment
    several: Treatment
    basis: LongText

    def treatment(self, outcome: SignatureOutcome, signatures: int) -> Treatment:
        """The strictest of what the finding and the number of signatures ask for."""
        asked = [Treatment(getattr(self, outcome.value)), *([self.several] if signatures > 1 else [])]
        return max(asked, key=list(Treatment).index)


@cache
def seal_rules() -> Mapping[DocumentKind, SealRule]:
    """The rule of each kind that is judged."""
    content = tomllib.loads((resources.files("models") / "data" / "signatures.toml").read_text("utf-8"))
    rules = [SealRule.model_validate(rule) for rule in content["rules"]]
    return {kind: rule for rule in rules for kind in rule.documents}


def treated(kind: DocumentKind, seal: Seal) -> Seal:
    """The finding with what is to be done about it."""
    return seal.model_copy(update={"treatment": seal_rules()[kind].treatment(seal.outcome, seal.signatures)})


def refused_papers(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Those that are not taken for what their signatures are worth."""
    return tuple(one for one in documents if one.seal and one.seal.treatment is Treatment.REFUSED)


def doubtful_papers(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Those that are taken, but an operator and the province must see what their signatures are worth."""
    return tuple(one for one in documents if one.seal and one.seal.treatment is Treatment.WARNED)


def seal_words(seal: Seal) -> str:
    """What the signatures of a document are worth, in words."""
    several = f", {seal.signatures} chữ ký" if seal.signatures > 1 else ""
    why = f" – {seal.says.removesuffix('.')}" if seal.says else ""
    return f"{seal.outcome.label}{several}{why}"


def sealed_words(documents: Iterable[Document]) -> str:
    """Documents with what their signatures are worth: “Giấy khai sinh: chưa ký số”."""
    return listed(f"{one.kind.label}: {seal_words(one.seal)}" for one in documents if one.seal)


def refusal_words(documents: Iterable[Document]) -> str:
    """What an agency reads whose papers are not taken: why, and what to send."""
    return _SEND_SIGNED.format(what=f"({sealed_words(documents)})")
