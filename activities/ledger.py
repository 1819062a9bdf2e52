"""Activities on the ledger: a dossier confirmed, a change published. Both idempotent under retries."""

import logging
from collections.abc import Callable

from temporalio import activity
from temporalio.exceptions import ApplicationError

from ledger.errors import UnknownDossier
from ledger.store import Ledger
from models.delivery import dispatches
from models.publication import Publication
from models.start import StartDossier

logger = logging.getLogger("lienthong.dossier")

NOT_IN_LEDGER = "DossierNotInLedger"
TRAINING_REFUSED = "TrainingRefused"


class LedgerActivities:
    """The ledger as workflows see it. `wake_outbox` is called after each publication, `concluded` after the one
    that concludes a dossier."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        training: bool,
        wake_outbox: Callable[[], None],
        concluded: Callable[[Publication], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._training = training
        self._wake_outbox = wake_outbox
        self._concluded = concluded

    @activity.defn(name="confirm_dossier")
    def confirm_dossier(self, start: StartDossier) -> None:
        """The ledger minted this code for this very declaration, and now knows that its workflow runs."""
        if start.training_offset and not self._training:
            text = "Giờ tập huấn chỉ dùng được khi worker chạy ở chế độ tập huấn (LIENTHONG_TRAINING=true)."
            raise ApplicationError(text, type=TRAINING_REFUSED, non_retryable=True)
        try:
            known = self._ledger.declaration(start.code)
        except UnknownDossier:
            known = None
        if known != start.declaration:
            text = f"Sổ không có hồ sơ {start.code} với tờ khai này; hãy nộp bằng: lienthong submit TỆP."
            raise ApplicationError(text, type=NOT_IN_LEDGER, non_retryable=True)
        self._ledger.mark_started(start.code)

    @activity.defn(name="publish")
    def publish(self, publication: Publication) -> None:
        """One change, and everything that goes out because of it, in one transaction."""
        plan = publication.plan or self._ledger.plan(publication.code)
        declaration = self._ledger.declaration(publication.code)
        concluded = self._ledger.publish(publication, dispatches(publication, plan, declaration) if plan else ())
        self._wake_outbox()
        if concluded:
            self._concluded(publication)
        legs = [f"{leg.key} {(leg.outcome or leg.stage).value}" for leg in publication.legs]
        logger.info("%s%s", publication.stage.value, "".join(f"; {leg}" for leg in legs))
