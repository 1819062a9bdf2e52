"""What each outcome of the look-up changes for the citizen, as the data says."""

import pytest

from models.documents import DocumentKind
from models.form_facts import Fact
from models.groups import Group
from models.intake import known_facts
from models.messages import NoticeState
from models.notice_checks import answer, consequences, usable
from models.signatures import SignatureOutcome
from tests.ledger.builders import declared

NAME = DocumentKind.BIRTH_NOTICE


@pytest.mark.rule("4.1-substitutes")
@pytest.mark.parametrize("state", NoticeState)
def test_only_a_good_signature_spares_the_substitutes(state: NoticeState) -> None:
    good = state is NoticeState.GOOD
    assert usable(state) == answer(NAME, state).usable == good
    assert (Fact.NOTICE_USABLE in known_facts(declared(), state)) == good


@pytest.mark.parametrize("state", [state for state in NoticeState if state is not NoticeState.GOOD])
@pytest.mark.parametrize("group", Group)
def test_citizen_and_operator_are_told_of_what_cannot_be_used(state: NoticeState, group: Group) -> None:
    """The facility is named to the operator only; who signed wrongly is at fault, and the citizen reads so."""
    said = answer(group.notice, state, "01901", "Lý do.")
    assert said.told
    assert said.warning
    assert said.told.startswith(group.notice.label)
    assert said.warning.startswith(group.notice.label)
    assert "01901" not in said.told
    assert ("đây không phải lỗi của bạn" in said.told) == (state is not NoticeState.NOT_FOUND)
    assert ("01901" in said.warning, "Lý do." in said.warning) == (state is not NoticeState.NOT_FOUND,) * 2
    assert "{" not in said.told + said.warning


def test_every_outcome_of_a_signature_is_a_state_of_its_own() -> None:
    states = {NoticeState.of(outcome) for outcome in SignatureOutcome}
    assert states == set(NoticeState) - {NoticeState.NOT_FOUND}


def test_every_consequence_has_its_basis() -> None:
    assert all(consequence.basis for consequence in consequences().values())
    assert set(consequences()) == set(NoticeState)
