"""The vaccination register at work: made up for a test."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from models.documents import DocumentKind
from models.messages import Sent
from simulator.desk import Desk, Reply
from simulator.office import Office, Procedure
from simulator.records import Intake
from simulator.wire import FollowUpRequest, LegRequest


def _number(intake: Intake, serial: int, at: datetime) -> str:
    return f"STC-{serial}"


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    office = Office(desk, Procedure(result=DocumentKind("vaccination_book"), number=_number))
    routes = APIRouter()

    @routes.post("/books", status_code=201)
    async def take(message: LegRequest, request: Request) -> Response:
        """Take a request for a book in."""

        def act() -> Reply:
            intake = office.take_message(message, f"ST-{desk.book.next_number('vaccination:dossier')}")
            return Reply(Sent(receipt_at=intake.at, agency_code=intake.agency_code).model_dump(mode="json"), 201)

        return desk.serve(request, message, message.head, act)

    @routes.post("/books/follow-ups", status_code=202, responses={202: {"model": Sent}})
    async def take_more(message: FollowUpRequest, request: Request) -> Response:
        """Take in something more about a part."""
        return desk.serve(request, message, message.head, lambda: office.answer_follow_up(message))

    @routes.get("/books/{code}")
    async def told(code: str, leg: str, request: Request) -> Response:
        """Say what has become of a part."""
        return desk.look_up(request, code, office.told(code, leg))

    return routes
