"""What an agency's paper is worth here: which scans count as results, which are evidence only."""

from models.documents import Document
from models.facts import Decided, PaperAnswer, PaperFact, Received
from models.sealing import refused_papers


def as_told(answer: PaperFact) -> PaperFact:
    """The answer as the agency's system would tell it: with those of its results that count without a signature.

    The number on a paper receipt is no code of a system, which may yet give the part one of its own.
    """
    if isinstance(answer, Received):
        return answer.model_copy(update={"agency_code": None})
    if not isinstance(answer, Decided):
        return answer
    refused = refused_papers(answer.documents)
    return answer.model_copy(update={"documents": tuple(one for one in answer.documents if one not in refused)})


def evidence(act: PaperAnswer) -> tuple[Document, ...]:
    """The scans of the paper, and of results that do not count as such."""
    results = act.answer.documents if isinstance(act.answer, Decided) else ()
    return (*act.scans, *refused_papers(results))
