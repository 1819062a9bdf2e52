"""Activities on the ledger: a dossier confirmed, a change published. Both idempotent under retries."""

import logging
from collections.abc import Callable

from pydantic import SecretStr
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.law import LawActivities
from ledger.errors import LedgerError, UnknownDossier
from ledger.store import Ledger
from models.declaration import Declaration
from models.delivery import dispatches
from models.groups import Group
from models.plan import Plan
from models.publication import OutboxAnswer, OutboxOrder, Publication
from models.replacement_case import ReplacementCase, ReplacementNews, ReplacementQuery
from models.start import Confirmation, Resolved, declaration_digest
from models.submission import subject_keys

logger = logging.getLogger("lienthong.dossier")

NOT_IN_LEDGER = "DossierNotInLedger"
TRAINING_REFUSED = "TrainingRefused"

_NOT_DUPLICATE = "Có thể trùng với hồ sơ {other}; cán bộ đã xác nhận là người khác, lý do ghi trong sổ."


class LedgerActivities:
    """The ledger as workflows see it. `wake_outbox` is called after each publication, `concluded` after the one
    that concludes a dossier. `hash_key` is that of submissions."""

    def __init__(
        self,
        ledger: Ledger,
        law: LawActivities,
        *,
        training: bool,
        hash_key: SecretStr,
        wake_outbox: Callable[[], None],
        concluded: Callable[[Publication, Group], None] = lambda _, __: None,
    ) -> None:
        self._ledger = ledger
        self._law = law
        self._training = training
        self._hash_key = hash_key
        self._wake_outbox = wake_outbox
        self._concluded = concluded

    @activity.defn(name="confirm_dossier")
    def confirm_dossier(self, confirmation: Confirmation) -> Resolved:
        """The ledger minted this code for this very declaration, and now knows that its workflow runs; its law."""
        self._expect_training(confirmation.training)
        code = confirmation.law.code
        try:
            declaration = self._ledger.declaration(code)
        except UnknownDossier:
            declaration = None
        if declaration is None or declaration_digest(declaration) != confirmation.digest:
            text = f"Sổ không có hồ sơ {code} với tờ khai này; hãy nộp bằng: lienthong submit TỆP."
            raise ApplicationError(text, type=NOT_IN_LEDGER, non_retryable=True)
        self._ledger.mark_started(code)
        resolved = self._law.resolved(confirmation.law, declaration)
        warnings = tuple(_NOT_DUPLICATE.format(other=one.other) for one in self._ledger.not_duplicates(code))
        return resolved.model_copy(update={"warnings": (*resolved.warnings, *warnings)})

    def _expect_training(self, asked: bool) -> None:
        if asked and not self._training:
            text = "Giờ tập huấn chỉ dùng được khi worker chạy ở chế độ tập huấn (LIENTHONG_TRAINING=true)."
            raise ApplicationError(text, type=TRAINING_REFUSED, non_retryable=True)

    @activity.defn(name="confirm_replacement")
    def confirm_replacement(self, query: ReplacementQuery) -> ReplacementCase:
        """The ledger minted this replacement, and now knows that its workflow runs."""
        self._expect_training(query.training)
        try:
            return self._ledger.replacement_case(query.code, query.number)
        except LedgerError as error:
            raise ApplicationError(str(error), type=NOT_IN_LEDGER, non_retryable=True) from None

    @activity.defn(name="publish_replacement")
    def publish_replacement(self, news: ReplacementNews) -> None:
        """One change of a replacement, and everything that goes out because of it, in one transaction."""
        self._ledger.publish_replacement(news)
        self._wake_outbox()
        logger.info("thay thế %d: %d xác nhận còn thiếu", news.number, len(news.replacement.awaited))

    @activity.defn(name="send_outbox_again")
    def send_outbox_again(self, order: OutboxOrder) -> OutboxAnswer:
        """What a channel did not take of a dossier is due at once."""
        rows = self._ledger.send_again(order.code, order.key)
        self._wake_outbox()
        logger.info("gửi lại %d thông báo chưa gửi được", rows)
        return OutboxAnswer(rows=rows)

    @activity.defn(name="publish")
    def publish(self, publication: Publication) -> None:
        """One change, and everything that goes out because of it, in one transaction."""
        plan = publication.plan or self._ledger.plan(publication.code)
        revised = publication.revisions[-1].declaration if publication.revisions else None
        declaration = revised or self._ledger.declaration(publication.code)
        concluded = write_publication(self._ledger, publication, plan, declaration, self._hash_key)
        self._wake_outbox()
        if concluded:
            self._concluded(publication, declaration.group)
        legs = [f"{leg.key} {(leg.outcome or leg.stage).value}" for leg in publication.legs]
        logger.info("%s%s", publication.stage.value, "".join(f"; {leg}" for leg in legs))


def write_publication(
    ledger: Ledger, publication: Publication, plan: Plan | None, declaration: Declaration, hash_key: SecretStr
) -> bool:
    """Writes a publication, and what goes out because of it under that plan and form, in one transaction.

    Whether the dossier has concluded by it. Raises as `Ledger.publish`.
    """
    outgoing = dispatches(publication, plan, declaration) if plan else ()
    keys = {revision.number: subject_keys(revision.declaration, hash_key) for revision in publication.revisions}
    return ledger.publish(publication, outgoing, keys)
