"""The vaccination register at work: made up for a test."""

from fastapi import APIRouter

from models.documents import DocumentKind
from simulator.desk import Desk
from simulator.json_agency import json_agency
from simulator.office import Procedure, numbered

PROCEDURES = {"vaccination_book": Procedure(DocumentKind("vaccination_book"), numbered("STC-"))}


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    return json_agency(desk, "/books", PROCEDURES, "ST-")
