"""The systems of social protection and of people with merit: state their receipt by event."""

from fastapi import APIRouter

from models.documents import DocumentKind
from simulator.desk import Desk
from simulator.json_agency import json_agency
from simulator.office import Procedure, numbered

PROCEDURES = {
    "funeral_cost_support": Procedure(DocumentKind.FUNERAL_DECISION, numbered("BTXH-"), receipt_by_event=True),
    "merit_funeral_benefit": Procedure(DocumentKind.FUNERAL_DECISION, numbered("MTP-NCC-"), receipt_by_event=True),
    "merit_survivor_benefit": Procedure(DocumentKind.SURVIVOR_DECISION, numbered("TT-NCC-"), receipt_by_event=True),
}


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    return json_agency(desk, "/benefit-dossiers", PROCEDURES, "CS-")
