"""The identity-card system: states its receipt in the answer."""

from fastapi import APIRouter

from models.documents import DocumentKind
from simulator.desk import Desk
from simulator.json_agency import json_agency
from simulator.office import Procedure, numbered

PROCEDURES = {"identity_card": Procedure(DocumentKind.IDENTITY_CARD, numbered("CC-"))}


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    return json_agency(desk, "/card-requests", PROCEDURES, "TC-")
