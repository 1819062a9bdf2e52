"""VNeID: messages to people, and consent requests, which everybody grants unless told otherwise.

Of somebody without an account it says that they cannot be reached.
"""

from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter, Request, Response

from models.events import EventType
from models.facts import Answer as Consent
from models.facts import ConsentAnswer
from models.messages import ConsentMessage
from simulator.channels import TAKEN, add_channel
from simulator.desk import Desk, Reply
from simulator.instructions import ConsentReply, Instruction
from simulator.records import Answer, ConsentAsked

_STEP = "consent"


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    routes = APIRouter()
    add_channel(routes, desk, "/messages")

    @routes.post("/consent-requests", status_code=202)
    async def ask(message: ConsentMessage, request: Request) -> Response:
        """Put a consent request before a person."""
        return desk.serve(request, message, message.head, lambda: _ask(desk, message))

    def compose(answer: Answer, at: datetime) -> tuple[EventType, Mapping[str, object]]:
        asked = desk.book.entry(ConsentAsked, desk.system, answer.course)
        if asked is None:
            raise LookupError(f"nobody was asked in {answer.course}")
        given = ConsentAnswer(
            message_id=answer.message_id,
            dossier_code=asked.dossier_code,
            leg=asked.leg,
            personal_id=asked.personal_id,
            answer=Consent(asked.reply.value),
            at=at,
        )
        return EventType.VNEID_CONSENT, given.model_dump(mode="json", exclude={"message_id", "dossier_code"})

    desk.answers.composer(desk.system, compose)
    return routes


def _ask(desk: Desk, message: ConsentMessage) -> Reply:
    code, person = message.head.dossier_code, message.person
    instruction = desk.instruction(code).about(message.leg)
    reply = _reply(instruction, person.personal_id, person.roles)
    course = desk.answers.start(
        desk.system,
        code,
        f"{code}:{message.leg}:{person.key}",
        () if reply is ConsentReply.SILENT else (_STEP,),
        desk.delay(instruction),
    )
    desk.book.add(
        ConsentAsked(
            system=desk.system,
            dossier_code=code,
            key=course,
            at=message.head.sent_at,
            leg=message.leg,
            about=message.about,
            representative=message.representative,
            subject_name=message.subject_name,
            full_name=person.full_name,
            personal_id=person.personal_id,
            roles=person.roles,
            answer_by=message.answer_by,
            reply=reply,
        )
    )
    return TAKEN


def _reply(instruction: Instruction, personal_id: str, roles: tuple[str, ...]) -> ConsentReply:
    """What the person does: as told by number, else by role, else for everybody."""
    for name in (personal_id, *roles):
        if name in instruction.consents:
            return instruction.consents[name]
    return ConsentReply.SILENT if instruction.silent else ConsentReply.GRANTED
