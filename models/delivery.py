"""From a change of the dossier to what goes out: notices, statuses, results and paper orders, one dispatch each.

Pure: the `publish` activity calls it and writes the dispatches to the outbox in the same transaction as the change.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from models.address import Address
from models.base import LongText, Model
from models.declaration import Declaration
from models.documents import Document, DocumentKind
from models.dossier import Leg
from models.form_parts import PaperDelivery, PaperPlace
from models.groups import Group
from models.identity import is_mobile
from models.messages import Dispatch, DispatchKind, FollowUp, Head
from models.plan import Plan
from models.publication import Notice, Publication
from models.sealing import doubtful_papers, sealed_words
from models.statuses import PortalStatus, Status, StatusSystem
from models.systems import System

_BEFORE_THE_PROVINCE = tuple(
    Status(system=StatusSystem.PORTAL, code=code.value) for code in (PortalStatus.SUBMITTED, PortalStatus.NEEDS_PAYMENT)
)
"""What is over once the province has the dossier."""


class NoticeTemplate(Model):
    """The words of a notice and the channels it goes by; `sms` is its short form.

    `groups` is what it says besides in a group, at the place of {of_group}.
    """

    channels: tuple[System, ...]
    text: LongText
    sms: LongText | None = None
    groups: Mapping[Group, LongText] = {}

    def words(self, channel: System, group: Group, values: Mapping[str, str]) -> str:
        """The notice as that channel says it."""
        text = self.sms if channel is System.SMS and self.sms else self.text
        besides = f" {self.groups[group]}" if group in self.groups else ""
        return text.format_map({**values, "of_group": besides})


@cache
def templates() -> Mapping[Notice, NoticeTemplate]:
    """All notice templates."""
    content = tomllib.loads((resources.files("models") / "data" / "notices.toml").read_text("utf-8"))
    return {Notice(key): NoticeTemplate.model_validate(value) for key, value in content.items()}


def dispatches(publication: Publication, plan: Plan, declaration: Declaration) -> tuple[Dispatch, ...]:
    """Everything that goes out because of one publication."""
    out = _Outgoing(publication, plan, declaration)
    return (*out.notices(), *out.statuses(), *out.receipts(), *out.results(), *out.follow_ups())


class _Outgoing:
    def __init__(self, publication: Publication, plan: Plan, declaration: Declaration) -> None:
        self.publication = publication
        self.plan = plan
        self.declaration = declaration

    def notices(self) -> Iterator[Dispatch]:
        for order in self.publication.notices:
            template = templates()[order.template]
            for channel in template.channels:
                if channel is System.SMS and not is_mobile(self.declaration.applicant.phone):
                    continue
                yield self._dispatch(
                    f"{order.key}:{channel.value}",
                    channel,
                    DispatchKind.NOTICE,
                    recipient=order.recipient,
                    text=template.words(channel, self.plan.group, {"code": self.publication.code, **order.values}),
                )

    def statuses(self) -> Iterator[Dispatch]:
        """Our statuses, in the portal's numbering, to the portal and to the province once it has the dossier.

        What is over by then the province never hears of, also where both become known at once.
        """
        for event in self.publication.statuses:
            if event.incoming:
                continue
            to_province = self.publication.provincial_code and event.status not in _BEFORE_THE_PROVINCE
            for channel in (System.PORTAL, System.PROVINCIAL) if to_province else (System.PORTAL,):
                yield self._dispatch(f"{event.key}:{channel.value}", channel, DispatchKind.STATUS, status=event.status)

    def follow_ups(self) -> Iterator[Dispatch]:
        """More for agencies that already have their part, and about it for the province."""
        for order in self.publication.follow_ups:
            system = order.to or self.plan.leg(order.leg).system
            follow_up = FollowUp(
                head=self._head(order.key),
                system=system,
                leg=order.leg,
                kind=order.kind,
                text=order.text,
                agency_code=order.agency_code,
                registration_number=order.registration_number,
                documents=order.documents,
                changes=order.changes,
            )
            yield self._dispatch(order.key, system, DispatchKind.FOLLOW_UP, follow_up=follow_up)

    def receipts(self) -> Iterator[Dispatch]:
        """The e-receipt (biên lai điện tử) to the citizen's store."""
        for document in self.publication.attachments:
            if document.kind is DocumentKind.PAYMENT_RECEIPT:
                key = f"{self.publication.code}:payment:receipt:{System.DOCUMENTS.value}"
                yield self._dispatch(key, System.DOCUMENTS, DispatchKind.RESULT, document=document)

    def results(self) -> Iterator[Dispatch]:
        for leg in self.publication.legs:
            if leg.completed:
                for document in leg.documents:
                    yield from self._result(leg, document)

    def _result(self, leg: Leg, document: Document) -> Iterator[Dispatch]:
        """A result to the citizen's store, portal, VNeID (on request), the province, and on paper as the form says.

        Each version goes out once, under a key of its own. The province takes one result of a kind and no other (“đã có
        kết quả xử lý”): it gets a newer version as a letter, like any agency, or has issued it. [choice] Its desks give
        the new paper for the old one by themselves (CV 8945/VPCP-KSTT, vấn đề 37: bản giấy sai thu hồi khi cấp lại).
        """
        old = [earlier for earlier in leg.superseded if earlier.kind is document.kind]
        key = f"{self.publication.code}:{leg.key}:result:{document.kind.value}"
        channels = [System.DOCUMENTS, System.PORTAL]
        if old:
            key = f"{key}:v{len(old) + 1}"
        else:
            channels.append(System.PROVINCIAL)
        if document.kind in self.declaration.integrated:
            channels.append(System.VNEID)
        supersedes = old[-1].sha256 if old else None
        doubt = f"Cần xem lại chữ ký số: {sealed_words([document])}." if doubtful_papers([document]) else None
        for channel in channels:
            yield self._dispatch(
                f"{key}:{channel.value}",
                channel,
                DispatchKind.RESULT,
                text=doubt if channel is System.PROVINCIAL else None,
                document=document,
                supersedes=supersedes,
            )
        paper = self.declaration.paper_of(document.kind)
        if paper and (paper.place is PaperPlace.POST or not old):
            yield self._paper_order(f"{key}:paper", document.kind, paper, again=bool(old))

    def _paper_order(self, key: str, kind: DocumentKind, paper: PaperDelivery, *, again: bool) -> Dispatch:
        """By post through the postal system; at a desk through the provincial system, which runs the desks."""
        copies = self.declaration.copies
        civil_status = kind in (DocumentKind.BIRTH_CERTIFICATE, DocumentKind.DEATH_EXTRACT)
        text = f"01 bản chính {kind.label}" if civil_status else f"01 bản giấy {kind.label}"
        if civil_status and copies:
            text += f", {copies} bản sao"
        if again:
            text += " (bản cấp lại, thay bản đã giao)"
        channel = System.POST if paper.place is PaperPlace.POST else System.PROVINCIAL
        text += f". Nơi nhận: {paper.place.label}"
        return self._dispatch(
            key, channel, DispatchKind.PAPER_ORDER, text=text, address=paper.address, document_kind=kind
        )

    def _dispatch(
        self,
        key: str,
        channel: System,
        kind: DispatchKind,
        *,
        recipient: str | None = None,
        text: str | None = None,
        address: Address | None = None,
        document: Document | None = None,
        document_kind: DocumentKind | None = None,
        supersedes: str | None = None,
        status: Status | None = None,
        follow_up: FollowUp | None = None,
    ) -> Dispatch:
        applicant = self.declaration.applicant
        return Dispatch(
            head=self._head(key),
            channel=channel,
            kind=kind,
            recipient=recipient or (applicant.phone if channel is System.SMS else applicant.personal_id),
            address=address,
            text=text,
            status=status,
            document=document,
            document_kind=document_kind or (document.kind if document else None),
            supersedes=supersedes,
            follow_up=follow_up,
        )

    def _head(self, key: str) -> Head:
        return Head(
            key=key,
            dossier_code=self.publication.code,
            provincial_code=self.publication.provincial_code,
            procedure_code=self.plan.procedure_code,
            sent_at=self.publication.at,
        )
