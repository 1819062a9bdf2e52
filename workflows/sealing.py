"""Results whose signatures are not as they should be: refused on record, or taken and shown to the operator."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from models.documents import Document
from models.dossier import Leg
from models.facts import AgencyEvent, Corrected, Decided, FactRefusal, FactRefused, ResultDocument
from models.plan import LegPlan
from models.reducers import MOST_REFUSED_PAPERS, with_refused_papers
from models.sealing import doubtful_papers, sealed_words

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


class _Warned(Protocol):
    def warn(self, text: str) -> None: ...


def papers_refused_effect(
    dossier: "DossierWorkflow", leg: Leg, plan: LegPlan, event: AgencyEvent, refusal: FactRefused
) -> Callable[[], None]:
    """What a result does that is refused for its signatures: it is counted, and the dossier stays where it is.

    Raises FactRefused, without counting, when there were too many.
    """
    assert isinstance(event.fact, Decided | ResultDocument | Corrected)
    if len(leg.refused_papers) >= MOST_REFUSED_PAPERS:
        text = f"“{plan.name}” đã có {len(leg.refused_papers)} bản điện tử không được nhận; cần liên hệ người vận hành."
        raise FactRefused(FactRefusal.NOT_PERMITTED, text)
    after = with_refused_papers(leg, event.fact.documents, dossier.time.now())

    def effect() -> None:
        dossier.put(after)
        dossier.refuse_on_record(event, refusal)

    return effect


def warn_of_papers(host: _Warned, plan: LegPlan, documents: Iterable[Document]) -> None:
    """Show the operator papers that are taken although their signatures are in doubt."""
    if doubtful := doubtful_papers(documents):
        host.warn(f"“{plan.name}”: đã nhận bản điện tử nhưng cần xem lại chữ ký số: {sealed_words(doubtful)}.")
