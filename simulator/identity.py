"""The identity-card system: our own contract, honours idempotency keys, states its receipt in the answer."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from models.base import legal
from models.documents import DocumentKind
from models.messages import Sent
from simulator.desk import Desk, Reply
from simulator.office import Office, Procedure
from simulator.records import Intake
from simulator.wire import FollowUpRequest, LegRequest


def _number(intake: Intake, serial: int, at: datetime) -> str:
    return f"CC-{serial}/{legal(at).year}"


PROCEDURE = Procedure(result=DocumentKind.IDENTITY_CARD, number=_number)


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    office = Office(desk, PROCEDURE)
    routes = APIRouter()

    @routes.post("/card-requests", status_code=201, responses={201: {"model": Sent}})
    async def take(message: LegRequest, request: Request) -> Response:
        """Take a request for a card in."""

        def act() -> Reply:
            intake = office.take_message(message, f"TC-{desk.book.next_number('identity:dossier'):08d}")
            sent = Sent(receipt_at=intake.at, agency_code=intake.agency_code)
            return Reply(sent.model_dump(mode="json"), 201)

        return desk.serve(request, message, message.head, act)

    @routes.post("/card-requests/follow-ups", status_code=202, responses={202: {"model": Sent}})
    async def take_more(message: FollowUpRequest, request: Request) -> Response:
        """Take in something more about a part."""
        return desk.serve(request, message, message.head, lambda: office.answer_follow_up(message))

    @routes.get("/card-requests/{code}")
    async def told(code: str, leg: str, request: Request) -> Response:
        """Say what has become of a part."""
        return desk.look_up(request, code, office.told(code, leg))

    return routes
