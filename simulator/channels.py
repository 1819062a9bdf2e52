"""What the channels to the citizen share: each takes dispatches of our own contract and books them once."""

import hashlib

from fastapi import APIRouter, Request, Response

from models.messages import DispatchKind, Sent
from simulator.desk import Desk, Reply
from simulator.records import Delivery, StatusTaken
from simulator.wire import DispatchRequest

TAKEN = Reply(Sent().model_dump(mode="json"), 202)
"""The answer of a channel that took what it was given."""


def add_channel(routes: APIRouter, desk: Desk, path: str) -> None:
    """Give a system a place to take dispatches at."""

    @routes.post(path, status_code=202, responses={202: {"model": Sent}})
    async def take(dispatch: DispatchRequest, request: Request) -> Response:
        """Take a notice, a status, a result or an order for paper."""

        def act() -> Reply:
            desk.book.add(_entry(desk, dispatch))
            return TAKEN

        return desk.serve(request, dispatch, dispatch.head, act)


def channel(desk: Desk, path: str) -> APIRouter:
    """The wire of a system that is a channel and nothing else."""
    routes = APIRouter()
    add_channel(routes, desk, path)
    return routes


def _entry(desk: Desk, dispatch: DispatchRequest) -> Delivery | StatusTaken:
    head = dispatch.head
    if dispatch.kind is DispatchKind.STATUS and dispatch.status:
        return StatusTaken(
            system=desk.system,
            dossier_code=head.dossier_code,
            key=head.key,
            at=head.sent_at,
            status=dispatch.status,
            text=dispatch.text,
        )
    return Delivery(
        system=desk.system,
        dossier_code=head.dossier_code,
        key=head.key,
        at=head.sent_at,
        kind=dispatch.kind,
        recipient=dispatch.recipient,
        address=dispatch.address,
        text=dispatch.text,
        document_kind=dispatch.document_kind,
        sha256=hashlib.sha256(dispatch.document.content).hexdigest() if dispatch.document else None,
        supersedes=dispatch.supersedes,
    )
