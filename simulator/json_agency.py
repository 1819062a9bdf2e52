"""The wire of an agency that speaks our own contract and honours idempotency keys (`activities.wire.JsonAgency`)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from models.messages import Sent
from simulator.desk import Desk, Reply
from simulator.office import Office, Procedure
from simulator.wire import FollowUpRequest, LegRequest

_NOT_HERE = Reply({"type": "urn:lienthong:simulator:unknown-leg", "title": "Không giải quyết thủ tục này"}, 422)


def json_agency(desk: Desk, path: str, procedures: Mapping[str, Procedure], code_prefix: str) -> APIRouter:
    """Parts come in at `path`, what follows beneath it; `code_prefix` begins the agency's own codes of parts."""
    office = Office(desk, procedures)
    routes = APIRouter()

    @routes.post(path, status_code=202, responses={202: {"model": Sent}})
    async def take(message: LegRequest, request: Request) -> Response:
        """Take a part in."""

        def act() -> Reply:
            procedure = office.procedure(message.leg)
            if procedure is None:
                return _NOT_HERE
            code = f"{code_prefix}{desk.book.next_number(f'{desk.system.value}:dossier'):08d}"
            intake = office.take_message(message, code)
            follows = procedure.receipt_by_event
            sent = Sent(receipt_at=None if follows else intake.at, receipt_follows=follows, agency_code=code)
            return Reply(sent.model_dump(mode="json"), 202)

        return desk.serve(request, message, message.head, act)

    @routes.post(f"{path}/follow-ups", status_code=202, responses={202: {"model": Sent}})
    async def take_more(message: FollowUpRequest, request: Request) -> Response:
        """Take in something more about a part."""
        return desk.serve(request, message, message.head, lambda: office.answer_follow_up(message))

    @routes.get(f"{path}/{{code}}")
    async def told(code: str, leg: str, request: Request) -> Response:
        """Say what has become of a part."""
        return desk.look_up(request, code, office.told(code, leg))

    return routes
