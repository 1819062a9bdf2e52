"""The national population database: everybody matches, but for two endings that stand for trouble."""

from fastapi import APIRouter, Request, Response

from models.messages import PeopleAnswer, PeopleQuery, PersonMatch
from simulator.desk import Desk, Reply
from simulator.records import PeopleAsked

_NOT_FOUND, _MISMATCH = "9999", "8888"
"""How personal numbers end that nobody has, or that belong to another name."""


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    routes = APIRouter()

    @routes.post("/checks", responses={200: {"model": PeopleAnswer}})
    async def check(query: PeopleQuery, request: Request) -> Response:
        """Validate people."""

        def act() -> Reply:
            head = query.head
            desk.book.add(
                PeopleAsked(
                    system=desk.system,
                    dossier_code=head.dossier_code,
                    key=head.key,
                    at=head.sent_at,
                    people=query.people,
                )
            )
            answer = PeopleAnswer(matches=tuple(_match(person.personal_id) for person in query.people))
            return Reply(answer.model_dump(mode="json"))

        return desk.serve(request, query, query.head, act)

    return routes


def _match(number: str) -> PersonMatch:
    if number.endswith(_NOT_FOUND):
        return PersonMatch.NOT_FOUND
    return PersonMatch.MISMATCH if number.endswith(_MISMATCH) else PersonMatch.MATCH
