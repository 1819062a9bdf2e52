"""The straight path of group 1 on the time-skipping server, for every sample declaration."""

import pytest

from models.dossier import DossierOutcome, LegOutcome
from tests.workflows.harness import Play
from tests.workflows.inputs import BIRTH, HEALTH, IDENTITY, IDENTITY_NUMBER, RESIDENCE, SAMPLES, moment, sample

SUBMITTED = moment("2026-11-19 09:00:00")
FEES = {
    "abandoned-child": 16_000,
    "deceased-parent": 16_000,
    "foreign-parent": 91_000,
    "grandparent-declares": 16_000,
    "grandparents-home": 16_000,
    "identity-card": 8_000,
    "no-birth-notice": 8_000,
    "old-hometown": 16_000,
    "one-parent": 16_000,
    "plain": 16_000,
    "shared-ethnic-name": 16_000,
    "surrogacy": 16_000,
    "temporary-residence": 16_000,
    "twins-1": 16_000,
    "twins-2": 16_000,
    "unknown-father": 16_000,
    "young-mother": 16_000,
}
"""What each sample owes, in đồng: certified copies, a foreign element; nothing where the household is poor."""
ASKED = {
    "grandparents-home": {RESIDENCE: ["001060000131", "001163000132"]},
    "temporary-residence": {RESIDENCE: ["001068000031", "001170000032"]},
    "identity-card": {IDENTITY: ["001092000002"]},
}
"""Whose consent each sample needs; nobody's where a child joins its parent or guardian (law of July 2026)."""


def test_every_sample_is_played() -> None:
    assert {path.stem for path in SAMPLES.glob("*.json")} == FEES.keys()


@pytest.mark.rule(
    "4.3-identity-number",
    "4.3-certificate",
    "4.case-one-parent",
    "4.case-unknown-father",
    "4.case-abandoned",
    "4.case-surrogacy",
    "4.case-parent-deceased",
    "4.case-temporary-residence",
    "4.case-young-mother",
    "4.case-apart",
    "4.case-foreign-element",
    "4.case-grandparent",
    "4.case-twins",
)
@pytest.mark.parametrize("name", FEES)
async def test_a_dossier_goes_from_declaration_to_health_card(play: Play, name: str) -> None:
    declaration = sample(name, SUBMITTED.date())
    await play.submit(declaration, SUBMITTED)
    if FEES[name]:
        await play.pay(FEES[name])
    await play.register()
    for leg, people in ASKED.get(name, {}).items():
        await play.asked(leg, len(people))
        for person in people:
            await play.consent(leg, person)
    parts = [RESIDENCE, HEALTH, *([IDENTITY] if declaration.identity_card.requested else [])]
    await play.complete(*parts)
    outcome = await play.ended()
    assert outcome.outcome is DossierOutcome.COMPLETED
    assert {leg.key: leg.outcome for leg in outcome.legs} == dict.fromkeys([BIRTH, *parts], LegOutcome.COMPLETED)

    messages = {message.leg: message for message in play.world.legs}
    assert len(play.world.legs) == len(messages) == 1 + len(parts)
    assert len(play.world.consents) == sum(map(len, ASKED.get(name, {}).values()))
    for leg in parts:
        message = messages[leg]
        form = message.declaration.model_copy(update={"attachments": declaration.attachments})
        assert form == declaration  # the attachments of each leg: tests/models/test_attachments_by_leg.py
        assert message.identity_number == IDENTITY_NUMBER
        assert message.registration_number == f"{BIRTH}-1"
        assert message.head.provincial_code == f"H01.{BIRTH}"
        assert (await play.leg(BIRTH)).documents[0] in message.documents
