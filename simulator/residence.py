"""The residence system: our own contract, honours idempotency keys, states its receipt by event."""

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
    return f"TT-{serial}/{legal(at).year}"


PROCEDURE = Procedure(result=DocumentKind.RESIDENCE_NOTICE, number=_number, receipt_by_event=True)


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    office = Office(desk, PROCEDURE)
    routes = APIRouter()

    @routes.post("/dossiers", status_code=202, responses={202: {"model": Sent}})
    async def take(message: LegRequest, request: Request) -> Response:
        """Take a part in."""

        def act() -> Reply:
            intake = office.take_message(message, f"CT-{desk.book.next_number('residence:dossier'):08d}")
            sent = Sent(receipt_follows=True, agency_code=intake.agency_code)
            return Reply(sent.model_dump(mode="json"), 202)

        return desk.serve(request, message, message.head, act)

    @routes.post("/dossiers/follow-ups", status_code=202, responses={202: {"model": Sent}})
    async def take_more(message: FollowUpRequest, request: Request) -> Response:
        """Take in something more about a part."""
        return desk.serve(request, message, message.head, lambda: office.answer_follow_up(message))

    @routes.get("/dossiers/{code}")
    async def told(code: str, leg: str, request: Request) -> Response:
        """Say what has become of a part."""
        return desk.look_up(request, code, office.told(code, leg))

    return routes
