"""The age of the oldest message that waits, as Prometheus reads it; on the clock, wherever legal time is."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from temporalio.runtime import Runtime

from cli.stack import LOOPBACK, free_port
from ledger.engine import open_engine
from ledger.figures import Figures
from ledger.store import Ledger
from models.calendar import load_calendar
from settings import Settings
from telemetry.metrics import LedgerGauges, metered_runtime
from tests.keys import MASTERS
from tests.ledger.builders import consent
from tests.ledger.databases import with_tables

CODE = "G22.99.08-261110-000001"
LEASE = timedelta(seconds=5)
YEAR = timedelta(days=365)


def scraped(port: int) -> tuple[int, float]:
    """How many wait, and for how long the oldest has."""
    text = httpx.get(f"http://{LOOPBACK}:{port}/metrics", trust_env=False).raise_for_status().text
    found = dict(re.findall(r"^lienthong_inbox_(waiting|oldest_age_seconds) (\S+)$", text, re.MULTILINE))
    return int(found["waiting"]), float(found["oldest_age_seconds"])


def test_an_hour_of_waiting_is_an_hour_until_the_last_is_judged(tmp_path: Path) -> None:
    engine = open_engine(with_tables(f"sqlite:///{tmp_path / 'ledger.db'}"))
    ledger, port = Ledger(engine, MASTERS), free_port()
    settings = Settings(metrics_port=port, training=True, training_offset_seconds=YEAR.total_seconds())
    runtime: Runtime = metered_runtime(settings)
    gauges = LedgerGauges(runtime.metric_meter, Figures(engine, MASTERS), load_calendar(), settings)
    began = datetime.now(UTC) - timedelta(hours=1)
    for minutes, message_id in ((0, "m1"), (30, "m2")):
        ledger.store(consent(CODE, message_id), "digest", "vneid", began + timedelta(minutes=minutes), LEASE)
    for judged, left, age in ((None, 2, 3600), ("m1", 1, 1800), ("m2", 0, 0)):
        if judged:
            ledger.settled(judged, True, None, "Đã ghi nhận.")
        gauges.refresh()
        count, seconds = scraped(port)
        assert count == left
        assert age <= seconds < age + 60
    engine.dispose()
