"""The national payment platform: every request is paid after a while, unless told to be silent."""

from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter, Request, Response

from models.documents import DocumentKind
from models.events import EventType
from models.facts import PaymentConfirmed
from models.messages import PaymentMessage
from simulator.channels import TAKEN
from simulator.desk import Desk, Reply
from simulator.paper import paper
from simulator.records import Answer, Payment, PaymentAsked
from simulator.wire import wire_document

_STEP = "paid"


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    routes = APIRouter()

    @routes.post("/payment-requests", status_code=202)
    async def ask(message: PaymentMessage, request: Request) -> Response:
        """Open a payment request."""
        return desk.serve(request, message, message.head, lambda: _ask(desk, message))

    def compose(answer: Answer, at: datetime) -> tuple[EventType, Mapping[str, object]]:
        asked = desk.book.entry(PaymentAsked, desk.system, answer.course)
        if asked is None:
            raise LookupError(f"nothing was asked in {answer.course}")
        paid = Payment(
            system=desk.system,
            dossier_code=asked.dossier_code,
            key=answer.course,
            at=at,
            amount_vnd=asked.amount_vnd,
            receipt_number=f"BL-{desk.book.next_number('payment:receipt'):08d}",
        )
        desk.book.add(paid)
        confirmed = PaymentConfirmed(
            message_id=answer.message_id,
            dossier_code=paid.dossier_code,
            amount_vnd=paid.amount_vnd,
            receipt_number=paid.receipt_number,
            at=at,
        )
        receipt = wire_document(*paper(DocumentKind.PAYMENT_RECEIPT, paid.receipt_number))
        return EventType.PAYMENT, {
            **confirmed.model_dump(mode="json", exclude={"message_id", "dossier_code"}),
            "receipt": receipt,
        }

    desk.answers.composer(desk.system, compose)
    return routes


def _ask(desk: Desk, message: PaymentMessage) -> Reply:
    code = message.head.dossier_code
    instruction = desk.instruction(code)
    course = desk.answers.start(
        desk.system,
        code,
        f"{code}:payment",
        () if instruction.silent else (_STEP,),
        desk.delay(instruction),
    )
    desk.book.add(
        PaymentAsked(
            system=desk.system,
            dossier_code=code,
            key=course,
            at=message.head.sent_at,
            amount_vnd=message.fee.total_vnd,
            payer_personal_id=message.payer_personal_id,
        )
    )
    return TAKEN
