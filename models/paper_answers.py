"""What an agency's paper is worth here: which scans count as results, which are evidence only."""

from models.documents import Document
from models.facts import Decided, PaperAnswer, PaperFact
from models.sealing import refused_papers


def without_unsigned(answer: PaperFact) -> PaperFact:
    """The answer with those of its results that count without a signature."""
    if not isinstance(answer, Decided):
        return answer
    refused = refused_papers(answer.documents)
    return answer.model_copy(update={"documents": tuple(one for one in answer.documents if one not in refused)})


def evidence(act: PaperAnswer) -> tuple[Document, ...]:
    """The scans of the paper, and of results that do not count as such."""
    results = act.answer.documents if isinstance(act.answer, Decided) else ()
    return (*act.scans, *refused_papers(results))
