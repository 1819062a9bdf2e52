"""The residence system: registers residence and strikes off the deceased; states its receipt by event."""

from fastapi import APIRouter

from models.documents import DocumentKind
from simulator.desk import Desk
from simulator.json_agency import json_agency
from simulator.office import Procedure, numbered

PROCEDURES = {
    "residence_registration": Procedure(DocumentKind.RESIDENCE_NOTICE, numbered("TT-"), receipt_by_event=True),
    "residence_deregistration": Procedure(DocumentKind.DEREGISTRATION_NOTICE, numbered("XTT-"), receipt_by_event=True),
}


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    return json_agency(desk, "/dossiers", PROCEDURES, "CT-")
