"""Facts of one leg in every order, each sent again while it is out of turn: the leg ends up with everything."""

from collections import deque
from itertools import permutations

import pytest

from models.dossier import Leg
from models.facts import AgencyFact, FactRefused, PassedOn, ResultDocument, Verification
from models.plan import LegPlan
from models.reducers import apply_agency_event, results_complete
from tests.models.test_reducers import DECIDED_AT, NOW, PLAN, RECEIVED_AT, RULE, decided, event, received, results, sent

BIRTH, RESIDENCE = PLAN.leg("birth_registration"), PLAN.leg("residence_registration")


def facts(plan: LegPlan) -> dict[str, AgencyFact]:
    """What the agency says in one course, the result document after the decision."""
    middle = PassedOn(at=RECEIVED_AT) if plan.sent_with_intake else Verification(at=RECEIVED_AT, text="Xác minh nơi ở.")
    return {
        "received": received(),
        "middle": middle,
        "decided": decided(plan),
        "result_document": ResultDocument(at=DECIDED_AT, documents=results(plan)),
    }


def told(plan: LegPlan, order: tuple[str, ...]) -> Leg:
    """The leg after facts in that order; a sender sends again what was refused as out of turn, at most ten times."""
    leg, queue = sent(plan), deque((name, 10) for name in order)
    while queue:
        name, attempts = queue.popleft()
        try:
            leg = apply_agency_event(leg, plan, RULE, event(plan, facts(plan)[name]), NOW)
        except FactRefused as refusal:
            if not refusal.reason.final:
                assert attempts, f"{name} is refused for ever"
                queue.append((name, attempts - 1))
    return leg


@pytest.mark.parametrize("plan", [BIRTH, RESIDENCE], ids=lambda plan: plan.key)
@pytest.mark.parametrize(
    "order", list(permutations(["received", "middle", "decided", "result_document"])), ids=" ".join
)
def test_any_order_ends_with_everything(plan: LegPlan, order: tuple[str, ...]) -> None:
    leg = told(plan, order)
    assert results_complete(leg, plan)
    assert (leg.decided_at, leg.number, leg.agency_code) == (DECIDED_AT, "21/2026", "H26.11.02-1")
    assert leg.clock is not None


@pytest.mark.parametrize("name", ["received", "middle", "decided", "result_document"])
def test_a_fact_told_twice_changes_nothing(name: str) -> None:
    order = ("received", "middle", "decided", "result_document")
    twice = order[: order.index(name) + 1] + order[order.index(name) :]
    assert told(BIRTH, twice) == told(BIRTH, order)


def test_the_province_code_comes_with_any_event() -> None:
    overtaking = event(BIRTH, decided(BIRTH)).model_copy(update={"provincial_code": "H26.11.02-1"})
    assert apply_agency_event(sent(BIRTH), BIRTH, RULE, overtaking, NOW).agency_code == "H26.11.02-1"
