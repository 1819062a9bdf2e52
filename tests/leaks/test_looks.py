"""Who is shown something out of a sealed column has looked, on the trail: every command and every route says which.

A new command or route fails here until somebody has decided. That a look is written before anything is shown is proved
where each is tested; that the others print nothing of a person, by the leak scan (`Place.COMMANDS`, `Place.ANSWERS`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import typer
from fastapi import FastAPI
from typer.core import TyperGroup

import codec_server
import gateway
from ledger.store import Ledger
from models.audit import Action
from processes.probes import Process
from starter import application
from trust.operator_guard import OperatorGuard, Sessions

LOOKS: Mapping[str, Action] = {
    "show": Action.LOOKED,
    "audit list": Action.TRAIL_READ,
    "POST /decode": Action.DECODED,
    "GET /trail": Action.TRAIL_READ,
}
"""These show what is sealed."""

_OPAQUE = "codes, words of ours, dates and counts"
_OWN_FILE = "what it was given, and the law; opens no ledger"
_VERDICT = "what becomes of the caller's own message; a dossier's refusal quotes nobody's form"
_KEYS = "keys and files as they lie there, sealed"
_INVENTED = "people that are invented, in training only"
_LIVENESS = "how the process is"

NO_LOOKS: Mapping[str, str] = {
    **dict.fromkeys(("list", "gaps", "inbox", "facilities", "recover", "retime"), _OPAQUE),
    **dict.fromkeys(("audit verify", "erase", "upgrade", "settings"), _OPAQUE),
    **dict.fromkeys(("deadline", "law", "checklist", "grounds", "provinces"), _OWN_FILE),
    **dict.fromkeys(("communes find", "communes check"), _OWN_FILE),
    **dict.fromkeys(("senders key", "senders check", "operators token", "operators check"), _OWN_FILE),
    **dict.fromkeys(("submit", "consent", "attest-consent", "agreement", "withdraw", "agency-event"), _VERDICT),
    **dict.fromkeys(("pay", "attach", "supplement", "classify", "decide-overdue"), _VERDICT),
    **dict.fromkeys(("operator appoint", "operator paper-answer", "operator cancel", "operator go-on"), _VERDICT),
    **dict.fromkeys(("operator resend", "operator migrate", "operator set-aside"), _VERDICT),
    **dict.fromkeys(("backup", "restore", "keys new", "keys use", "keys list", "keys reseal"), _KEYS),
    **dict.fromkeys(("dev", "demo"), _INVENTED),
    "POST /events": _VERDICT,
    "GET /inbox/{token}": "the verdict on a message, to its sender, who alone knows the address",
    **dict.fromkeys(("GET /health", "GET /ready"), _LIVENESS),
    **dict.fromkeys(("POST /encode", "GET /login", "POST /login", "POST /decode/logout"), "nothing of a dossier"),
}
"""These do not, and what they show instead."""


def _commands(command: Any, name: str = "") -> Iterator[str]:
    if not isinstance(command, TyperGroup):
        yield name
        return
    for word, inner in command.commands.items():
        yield from _commands(inner, f"{name} {word}".strip())


def _routes(app: FastAPI) -> Iterator[str]:
    for path, methods in app.openapi()["paths"].items():
        yield from (f"{method.upper()} {path}" for method in methods)


def _apps() -> Iterator[FastAPI]:
    desk = codec_server.Desk(cast(Ledger, None), cast(OperatorGuard, None), Sessions(), ())
    yield codec_server.create_app(desk, cast(Process, None))
    yield gateway.create_app(cast(gateway.Doors, None), cast(gateway.GatewayProcess, None))


def _ways_to_see() -> Iterator[str]:
    yield from _commands(typer.main.get_command(application(())))
    for app in _apps():
        yield from _routes(app)


def test_every_command_and_route_is_a_look_or_says_what_else_it_shows() -> None:
    seen = {*_ways_to_see()}
    decided = LOOKS.keys() | NO_LOOKS.keys()
    assert seen - decided == set(), "does it show what is sealed? then note a look, else say here what it shows"
    assert decided - seen == set(), "no longer there"
    assert LOOKS.keys() & NO_LOOKS.keys() == set()
