"""How our processes log: one line each, dossier codes but never a person's data."""

import logging

QUIET = ("httpx", "httpcore", "temporalio.worker", "uvicorn.access", "alembic")
"""Loggers whose every-day lines say nothing new."""


def configure() -> None:
    """Log to standard error from INFO on, the quiet ones from WARNING on."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
