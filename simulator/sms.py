"""The SMS gateway."""

from fastapi import APIRouter

from simulator.channels import channel
from simulator.desk import Desk


def router(desk: Desk) -> APIRouter:
    """The system's wire."""
    return channel(desk, "/messages")
