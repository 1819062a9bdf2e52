"""Prometheus metrics of a worker: ours beside those of Temporal's SDK, on one port. Nothing personal in any of them.

All of ours are in `CATALOGUE`, those of the gateway in `OF_GATEWAY`: the source of docs/metrics.md. They are named as
Prometheus wants: base units, counters end in `_total`.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from time import perf_counter

from temporalio.common import MetricMeter
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from activities.http import AgencyError
from ledger.figures import Figures, LedgerFigures
from models.base import LEGAL_ZONE, legal, legal_date
from models.calendar import WorkingCalendar
from models.groups import Group
from models.publication import Publication
from models.senders import Turned
from models.systems import System
from settings import Settings
from trust.machines import is_this_machine
from workflows.plugin import core_logs

logger = logging.getLogger("lienthong.metrics")


class Kind(StrEnum):
    """How a metric behaves in Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Metric:
    """One of our metrics; `of_ledger`: every worker with the core queue reports the same, so take the maximum."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str
    of_ledger: bool = False


DOSSIERS = Metric(
    "lienthong_dossiers_open",
    Kind.GAUGE,
    ("group", "stage", "province"),
    "Dossiers that have not ended, by the stage they are at",
    of_ledger=True,
)
CONCLUDED = Metric(
    "lienthong_dossiers_concluded_total",
    Kind.COUNTER,
    ("group", "outcome", "timeliness"),
    "Dossiers that ended, as this worker wrote it down; timeliness is none where nothing was promised",
)
DUE_SOON = Metric(
    "lienthong_legs_due_soon",
    Kind.GAUGE,
    ("leg", "province"),
    "Legs not decided yet whose due date comes before the end of the next working day",
    of_ledger=True,
)
OVERDUE = Metric(
    "lienthong_legs_overdue",
    Kind.GAUGE,
    ("leg", "province"),
    "Legs not decided yet whose due date has passed",
    of_ledger=True,
)
CONSENTS = Metric(
    "lienthong_consents_waiting",
    Kind.GAUGE,
    ("leg",),
    "Consents asked for in VNeID and not answered, of legs that still want them",
    of_ledger=True,
)
REFUSED_DEMANDS = Metric(
    "lienthong_demands_refused",
    Kind.GAUGE,
    ("leg", "province", "reason"),
    "Demands of agencies that the return gate refused, since the ledger began: for want of grounds, or because they "
    "asked for what citizens need not supply",
    of_ledger=True,
)
OUTBOX = Metric(
    "lienthong_outbox_waiting", Kind.GAUGE, ("channel",), "Messages in the outbox not sent yet", of_ledger=True
)
OUTBOX_AGE = Metric(
    "lienthong_outbox_oldest_age_seconds",
    Kind.GAUGE,
    ("channel",),
    "How long the oldest of them has waited; 0 when none waits",
    of_ledger=True,
)
INBOX = Metric(
    "lienthong_inbox_waiting",
    Kind.GAUGE,
    (),
    "Messages that came in and wait for their dossier to judge them",
    of_ledger=True,
)
INBOX_AGE = Metric(
    "lienthong_inbox_oldest_age_seconds",
    Kind.GAUGE,
    (),
    "How long the oldest of them has waited; 0 when none waits",
    of_ledger=True,
)
READ_AT = Metric(
    "lienthong_figures_read_timestamp_seconds",
    Kind.GAUGE,
    (),
    "Unix time at which this worker last read the gauges above from the ledger; when it stands still, they are stale",
)
CALLS = Metric(
    "lienthong_agency_calls_total",
    Kind.COUNTER,
    ("system", "outcome"),
    "Exchanges with agency systems and channels, by what came of them: ok; AgencyUnavailable, AgencyNotReady, "
    "AgencyUnreadable, AgencyRejected (the kinds of activities/http.py, also where a system says so in an HTTP 200); "
    "failed here (ours to mend); stopped (the worker was stopping)",
)
CALL_SECONDS = Metric(
    "lienthong_agency_call_seconds",
    Kind.HISTOGRAM,
    ("system",),
    "How long such an exchange took, look-up before sending again and reading of documents included",
)

TURNED_AWAY = Metric(
    "lienthong_gateway_turned_away_total",
    Kind.COUNTER,
    ("reason",),
    "Requests that the gateway turned away unread: of a stranger; stale (rightly signed, at another time); "
    "stranger_too_often, sender_too_often (rate limits)",
)

CATALOGUE = (
    DOSSIERS,
    CONCLUDED,
    DUE_SOON,
    OVERDUE,
    CONSENTS,
    REFUSED_DEMANDS,
    OUTBOX,
    OUTBOX_AGE,
    INBOX,
    INBOX_AGE,
    READ_AT,
    CALLS,
    CALL_SECONDS,
)
OF_GATEWAY = (TURNED_AWAY,)

_PREFACE = """\
# Metrics

Made from `telemetry/metrics.py` by `python -m docs.generate`; do not edit. A worker whose LIENTHONG_METRICS_PORT is set
(`docs/settings.md`) serves them for Prometheus under `/metrics`, beside those of Temporal's SDK (`temporal_…`:
https://docs.temporal.io/references/sdk-metrics, times in seconds); a gateway serves those named `lienthong_gateway_…`
where LIENTHONG_GATEWAY_METRICS_PORT says. None holds anything of a person, nor a dossier code.

Those marked *ledger* are read from the ledger by every worker that has the `core` queue, so several report the same:
take the maximum, for example `max by (stage, province) (lienthong_dossiers_open)`. What has gone to nothing shows 0.
Counters and times are of the one process: add them up, for example
`sum by (system, outcome) (rate(lienthong_agency_calls_total[5m]))`.

| metric | type | labels | | meaning |
|---|---|---|---|---|"""

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OK, _FAILED, _STOPPED = "ok", "failed", "stopped"


def page() -> str:
    """docs/metrics.md."""
    rows = (
        f"| `{metric.name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels)} "
        f"| {'ledger' if metric.of_ledger else ''} | {metric.meaning} |"
        for metric in (*CATALOGUE, *OF_GATEWAY)
    )
    return "\n".join((_PREFACE, *rows, ""))


class MetricsOff(Exception):
    """The metrics cannot be served; the message is one Vietnamese line."""


def metered_runtime(settings: Settings) -> Runtime:
    """Temporal's runtime, serving `/metrics` if the settings name a port. Raises MetricsOff."""
    if not settings.metrics_port:
        return Runtime(telemetry=TelemetryConfig(logging=core_logs()))
    address = f"{settings.metrics_host}:{settings.metrics_port}"
    if not is_this_machine(settings.metrics_host):
        logger.warning("số liệu ở %s, máy khác cũng vào được", address)
    config = PrometheusConfig(
        bind_address=address,
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides={CALL_SECONDS.name: _BUCKETS},
    )
    try:
        return Runtime(telemetry=TelemetryConfig(logging=core_logs(), metrics=config, attach_service_name=False))
    except ValueError as error:
        raise MetricsOff(f"Không mở được cổng số liệu {address} (LIENTHONG_METRICS_HOST, _PORT): {error}") from None


class AgencyCalls:
    """What came of exchanges with agency systems and how long they took."""

    def __init__(self, meter: MetricMeter = MetricMeter.noop) -> None:
        self._calls = meter.create_counter(CALLS.name.removesuffix("_total"), CALLS.meaning)
        self._seconds = meter.create_histogram_float(CALL_SECONDS.name, CALL_SECONDS.meaning)

    @contextmanager
    def timed(self, system: System) -> Iterator[None]:
        """One exchange; its errors pass through."""
        began = perf_counter()
        outcome = _FAILED
        try:
            yield
            outcome = _OK
        except AgencyError as error:
            outcome = error.kind.value
            raise
        except asyncio.CancelledError:
            outcome = _STOPPED
            raise
        finally:
            self._calls.add(1, {"system": system.value, "outcome": outcome})
            self._seconds.record(perf_counter() - began, {"system": system.value})


class Conclusions:
    """How dossiers end."""

    def __init__(self, meter: MetricMeter = MetricMeter.noop) -> None:
        self._concluded = meter.create_counter(CONCLUDED.name.removesuffix("_total"), CONCLUDED.meaning)

    def concluded(self, publication: Publication, group: Group) -> None:
        """A dossier of that group has concluded with this publication."""
        outcome = publication.outcome.value if publication.outcome else "none"
        timeliness = publication.timeliness.value if publication.timeliness else "none"
        self._concluded.add(1, {"group": group.value, "outcome": outcome, "timeliness": timeliness})


class TurnedAwayCount:
    """Requests that the gateway turned away."""

    def __init__(self, meter: MetricMeter = MetricMeter.noop) -> None:
        self._count = meter.create_counter(TURNED_AWAY.name.removesuffix("_total"), TURNED_AWAY.meaning)

    def add(self, reason: Turned) -> None:
        """One more."""
        self._count.add(1, {"reason": reason.value})


class LedgerGauges:
    """The gauges that are read from the ledger every `metrics_refresh` seconds."""

    def __init__(self, meter: MetricMeter, figures: Figures, calendar: WorkingCalendar, settings: Settings) -> None:
        self._figures = figures
        self._calendar = calendar
        self._settings = settings
        self._gauges = {
            metric.name: _Gauge(meter, metric)
            for metric in (DOSSIERS, DUE_SOON, OVERDUE, CONSENTS, REFUSED_DEMANDS, OUTBOX, OUTBOX_AGE, INBOX, INBOX_AGE)
        }
        self._read_at = meter.create_gauge_float(READ_AT.name, READ_AT.meaning)

    async def run(self) -> None:
        """Read and show until cancelled; a ledger that is away is tried again."""
        while True:
            try:
                await asyncio.to_thread(self.refresh)
            except Exception as error:  # figures are for looking at: nothing else may stop because of them
                logger.warning("chưa đọc được số liệu từ sổ: %s", type(error).__name__)
            await asyncio.sleep(self._settings.metrics_refresh)

    def refresh(self) -> None:
        """Read and show once."""
        clock = datetime.now(UTC)
        now = legal(clock + self._settings.training_offset)
        soon = self._calendar.next_working(legal_date(now)) + timedelta(days=1)
        figures = self._figures.read(now, datetime.combine(soon, time(), LEGAL_ZONE))
        for name, values in _values(figures, now, clock).items():
            self._gauges[name].show(values)
        self._read_at.set(datetime.now(UTC).timestamp())


def _values(figures: LedgerFigures, now: datetime, clock: datetime) -> Mapping[str, Mapping[tuple[str, ...], float]]:
    """The figures by metric and label values; `now` is legal time, `clock` the machine's."""
    pressing = figures.pressing_legs.items()
    return {
        DOSSIERS.name: {tuple(map(str, key)): count for key, count in figures.open_dossiers.items()},
        DUE_SOON.name: {(key.leg, key.province): count for key, count in pressing if not key.overdue},
        OVERDUE.name: {(key.leg, key.province): count for key, count in pressing if key.overdue},
        CONSENTS.name: {(leg,): count for leg, count in figures.waiting_consents.items()},
        REFUSED_DEMANDS.name: {tuple(map(str, key)): count for key, count in figures.refused_demands.items()},
        OUTBOX.name: {(channel.value,): waiting.rows for channel, waiting in figures.outbox.items()},
        OUTBOX_AGE.name: {
            (channel.value,): max(0.0, (now - waiting.since).total_seconds())
            for channel, waiting in figures.outbox.items()
        },
        INBOX.name: {(): figures.inbox.rows if figures.inbox else 0},
        INBOX_AGE.name: {(): max(0.0, (clock - figures.inbox.since).total_seconds()) if figures.inbox else 0},
    }


class _Gauge:
    """A gauge whose label values come and go: one that has gone shows 0 and not its last value."""

    def __init__(self, meter: MetricMeter, metric: Metric) -> None:
        self._gauge = meter.create_gauge_float(metric.name, metric.meaning)
        self._labels = metric.labels
        self._seen: set[tuple[str, ...]] = set()

    def show(self, values: Mapping[tuple[str, ...], float]) -> None:
        self._seen |= values.keys()
        for key in self._seen:
            self._gauge.set(values.get(key, 0), dict(zip(self._labels, key, strict=True)))
