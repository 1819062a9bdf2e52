"""Records the histories that `test_replay.py` replays: `python -m tests.replay.record`.

Record anew whenever a change of the workflows is meant, until a first release is tagged; from then on, patch instead
(DESIGN §3.8). The dossier is the sample of the child registered at its grandparents' home: invented people only.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from models.documents import DocumentKind
from models.dossier import LegStage
from tests.workflows.harness import Play, development_server, stage
from tests.workflows.inputs import BIRTH, HEALTH, RESIDENCE, moment, sample

HISTORIES = Path(__file__).parent / "histories"
GRANDFATHER, GRANDMOTHER = "001060000131", "001163000132"
DECLARED = moment("2026-11-19 09:00:00")


async def keep(play: Play, name: str) -> None:
    """Store the history as it stands."""
    history = await play.handle.fetch_history()
    HISTORIES.mkdir(exist_ok=True)
    (HISTORIES / f"{name}.json").write_text(history.to_json() + "\n", "utf-8")


async def perform(play: Play) -> None:
    """Fee, registration, health card, one consent before the certificate and one after it, residence registration."""
    await play.submit(sample("grandparents-home", DECLARED.date()), DECLARED)
    await play.pay()
    await play.receive(BIRTH)
    await play.asked(RESIDENCE, 2)
    await play.consent(RESIDENCE, GRANDFATHER)
    await play.decide(BIRTH)
    await play.certify()
    await play.complete(HEALTH)
    await play.handle.signal("khong_co_loai_nay")
    await play.see(lambda view: view.legs[1].stage is LegStage.WAITING_CONSENTS, "only a consent is missing")
    await play.see(lambda view: view.legs[2].completed, "the health card is there")
    await play.written()
    await keep(play, "grandparents-home-waiting-for-consent")
    await play.consent(RESIDENCE, GRANDMOTHER)
    await play.receive(RESIDENCE)
    await play.verify(RESIDENCE)
    await play.decide(RESIDENCE, DocumentKind.RESIDENCE_NOTICE)
    await play.ended()
    await keep(play, "grandparents-home-completed")


async def main() -> None:
    """Perform the dossier on a development server, as histories of the time-skipping one look different."""
    with TemporaryDirectory() as folder:
        async with stage(Path(folder), server=development_server) as play:
            await perform(play)


if __name__ == "__main__":
    asyncio.run(main())
