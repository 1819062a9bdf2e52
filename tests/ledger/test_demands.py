"""Corrected forms by revision, and what agencies demanded, counted."""

import pytest
from sqlalchemy import Engine

from ledger.errors import UnknownRevision
from ledger.figures import Figures, RefusedDemands
from ledger.store import Ledger
from models.base import Code
from models.corrections import Revision
from models.facts import FactRefusal
from tests.keys import MASTERS
from tests.ledger.builders import OPENED_AT, declared, demanded, keys_of, opened, published

RESIDENCE = "residence_registration"


def revised(code: Code, number: int, detail: str) -> Revision:
    form = declared()
    hometown = form.child.hometown.model_copy(update={"detail": detail})
    child = form.child.model_copy(update={"hometown": hometown})
    return Revision(
        number=number,
        at=OPENED_AT,
        leg=RESIDENCE,
        paths=("child.hometown.detail",),
        declaration=form.model_copy(update={"child": child}),
    )


def test_a_form_is_read_as_it_last_was_or_as_a_revision_has_it(ledger: Ledger) -> None:
    code = opened(ledger)
    first, second = revised(code, 1, "Thôn Một"), revised(code, 2, "Thôn Hai")
    earlier, later = (published(code, n, revisions=(form,)) for n, form in ((1, first), (2, second)))
    ledger.publish(earlier, (), keys_of(earlier))
    with pytest.raises(UnknownRevision):
        ledger.declaration(code, 2)
    ledger.publish(later, (), keys_of(later))
    ledger.publish(earlier, (), keys_of(earlier))
    assert ledger.declaration(code) == second.declaration
    assert ledger.declaration(code, 1) == first.declaration
    assert ledger.declaration(code, 0) == declared()


@pytest.mark.rule("7.gate-counted")
def test_what_the_gate_refused_is_counted_once_however_often_it_is_published(ledger: Ledger, engine: Engine) -> None:
    code = opened(ledger)
    figures = Figures(engine, MASTERS)
    for sequence in (1, 1, 2):
        change = demanded(code, sequence)
        ledger.publish(change, (), keys_of(change))
    counted = figures.read(OPENED_AT, OPENED_AT).refused_demands
    assert counted == {RefusedDemands(RESIDENCE, "01", FactRefusal.FORBIDDEN_DOCUMENT): 1}
