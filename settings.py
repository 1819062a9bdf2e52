"""Settings of every process, from the environment (prefix `LIENTHONG_`) or defaults that work on one machine."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, Field, IPvAnyNetwork, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from ledger.connections import DEFAULTS, Connections
from models.operators import OPERATOR_ID
from models.systems import System, system_queue
from trust.machines import is_this_machine


@dataclass(frozen=True)
class Unit:
    """The unit of a setting, for its documentation."""

    name: str


Seconds = Annotated[float, Field(allow_inf_nan=False), Unit("seconds")]
PerSecond = Annotated[float, Field(gt=0), Unit("per second")]
Share = Annotated[float, Field(gt=0, le=1), Unit("share of the machine")]
Port = Annotated[int, Field(ge=1, le=65_535)]
PortOrOff = Annotated[int, Field(ge=0, le=65_535)]
"""A port; 0 means that the server is off."""


def _safe_origin(origin: str) -> str:
    if _beyond_without_tls(origin):
        raise ValueError("https is needed beyond this machine")
    return origin


Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.-]+(:[0-9]{1,5})?$"), AfterValidator(_safe_origin)]
"""An origin as browsers state it (RFC 6454): scheme, host, port unless it is the usual one."""


class LogFormat(StrEnum):
    """How log lines are written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least serious lines that are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """The level as `logging` counts it."""
        return int(logging.getLevelNamesMapping()[self.name])


class BadSettings(Exception):
    """Settings that cannot be; the message is one Vietnamese line that names the variables and shows no value."""


class Settings(BaseSettings):
    """Where things are and how they behave.

    `training_offset_seconds` shifts legal time (REQUIREMENTS §6.10); anything but zero needs `training = true`.
    Raises BadSettings.
    """

    model_config = SettingsConfigDict(env_prefix="LIENTHONG_", extra="ignore", frozen=True, populate_by_name=True)

    state: Path = Field(default=Path(".state"), description="Folder for everything kept between runs")
    database_url: str = Field(
        default="",
        validation_alias=AliasChoices("LIENTHONG_DATABASE_URL", "DATABASE_URL", "database_url"),
        description="SQLAlchemy URL of the ledger; empty = SQLite in the state folder",
    )
    database_pool_size: int = Field(
        default=DEFAULTS.pool_size, ge=1, description="PostgreSQL connections a process keeps open"
    )
    database_pool_overflow: int = Field(
        default=DEFAULTS.pool_overflow, ge=0, description="More of them while it is busy; beyond, threads wait"
    )
    database_pool_wait: Seconds = Field(
        default=DEFAULTS.pool_wait, gt=0, description="How long a thread waits for one of them"
    )
    database_pool_recycle: Seconds = Field(
        default=DEFAULTS.pool_recycle, gt=0, description="Age at which a PostgreSQL connection is replaced"
    )
    database_connect_timeout: Seconds = Field(
        default=DEFAULTS.connect_timeout, ge=1, description="How long connecting to PostgreSQL may take, whole seconds"
    )
    database_statement_timeout: Seconds = Field(
        default=DEFAULTS.statement_timeout, ge=0.001, description="How long a statement on PostgreSQL may take"
    )
    database_lock_timeout: Seconds = Field(
        default=DEFAULTS.lock_timeout, ge=0.001, description="How long a statement on PostgreSQL waits for a lock"
    )
    database_idle_transaction_timeout: Seconds = Field(
        default=DEFAULTS.idle_transaction_timeout,
        ge=0.001,
        description="How long a transaction on PostgreSQL may stand idle before the server ends it",
    )
    database_ca: Path | None = Field(
        default=None, description="Authorities (PEM) trusted for PostgreSQL's certificate; default: the machine's"
    )
    database_unverified: bool = Field(
        default=False,
        description="Allow a PostgreSQL beyond this machine whose URL asks for less than `sslmode=verify-full`",
    )
    temporal_address: str = Field(
        default="127.0.0.1:7233",
        validation_alias=AliasChoices("LIENTHONG_TEMPORAL_ADDRESS", "TEMPORAL_ADDRESS", "temporal_address"),
        description="host:port of the Temporal frontend",
    )
    temporal_namespace: str = Field(
        default="default",
        validation_alias=AliasChoices("LIENTHONG_TEMPORAL_NAMESPACE", "TEMPORAL_NAMESPACE", "temporal_namespace"),
        description="Temporal namespace",
    )
    temporal_tls: bool | None = Field(
        default=None,
        description="TLS to Temporal, its certificate verified; default: on beyond this machine, "
        "and where anything below is set",
    )
    temporal_tls_ca: Path | None = Field(
        default=None, description="Authorities (PEM) trusted for Temporal's certificate; default: the machine's"
    )
    temporal_tls_certificate: Path | None = Field(
        default=None, description="Client certificate (PEM) shown to Temporal; needs its key"
    )
    temporal_tls_key: Path | None = Field(default=None, description="Private key (PEM) of that certificate")
    temporal_tls_server_name: str = Field(
        default="", description="Name Temporal's certificate must have; default: the host of its address"
    )
    temporal_api_key: SecretStr | None = Field(default=None, description="API key of Temporal; sent over TLS only")
    queue: str = Field(default="lienthong", description="Task queue of workflows; systems get `<queue>-<system>`")
    simulator_url: str = Field(
        default="http://127.0.0.1:8601", description="Base URL of the agency simulator, of use in training only"
    )
    system_urls: dict[System, str] = Field(
        default={}, description="Base URL per system; those not named are the simulator's in training, else missing"
    )
    system_ca: Path | None = Field(
        default=None, description="Authorities (PEM) trusted for systems' certificates beside the machine's"
    )
    plain_http_systems: frozenset[System] = Field(
        default=frozenset(), description="Systems beyond this machine that may be called without TLS (JSON list)"
    )
    gateway_host: str = Field(default="127.0.0.1", description="Address the gateway binds")
    gateway_port: Port = Field(default=8600, description="Port the gateway binds; `/health` and `/ready` are there too")
    senders: Path | None = Field(
        default=None,
        description="TOML file of those who may send events, with their keys: `docs/running.md`; the gateway needs it",
    )
    sender_events_per_minute: int = Field(
        default=6000, ge=1, description="Most events a sender may send in any minute to one gateway process"
    )
    stranger_requests_per_minute: int = Field(
        default=60, ge=1, description="Most requests without a right signature from one address in any minute"
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="Reverse proxies, as networks (JSON list), that are believed what they say of their callers",
    )
    client_certificate_header: str = Field(
        default="",
        description="Header in which trusted proxies state the client certificate they verified; empty: no mutual TLS",
    )
    gateway_metrics_port: PortOrOff = Field(
        default=0, description="Port of the gateway's `/metrics` (Prometheus); 0 = off"
    )
    codec_host: str = Field(default="127.0.0.1", description="Address the codec server binds")
    codec_port: Port = Field(
        default=8602, description="Port the codec server binds; `/health` and `/ready` are there too"
    )
    codec_ui_origins: tuple[Origin, ...] = Field(
        default=(),
        description="Where Temporal's Web UI may call the codec server from, as `https://host[:port]` (JSON list)",
    )
    operators: Path | None = Field(
        default=None,
        description="TOML file of the operators who may look, with their tokens' digests: `docs/running.md`; "
        "the codec server needs it",
    )
    operator_service: str = Field(
        default="",
        description="`module:factory` of a log-in service (`trust.operators.Identify`) used instead of that file",
    )
    operator_requests_per_minute: int = Field(
        default=3000, ge=1, description="Most requests of an operator in any minute to one codec server"
    )
    inbox_patience: Seconds = Field(
        default=2.0, gt=0, description="How long who brings a fact waits for its dossier's verdict; then it is stored"
    )
    call_timeout: Seconds = Field(default=10.0, gt=0, description="How long one agency call may take")
    calls_per_second: dict[System, PerSecond] = Field(
        default={},
        description="Rate limit per system, 20 where none is given: of workflows' calls over all workers together, "
        "of the outbox in each process that relays it",
    )
    concurrent_calls: dict[System, Annotated[int, Field(ge=1)]] = Field(
        default={}, description="Calls of workflows under way at once per system and worker, 20 where none is given"
    )
    workflow_tasks: int = Field(
        default=20,
        ge=2,
        description="Most workflow tasks at once in a worker: caps bursts, each new dossier costs a sandbox",
    )
    ledger_tasks: int = Field(default=16, ge=1, description="Most ledger activities at once in a worker, a thread each")
    target_cpu: Share = Field(default=0.9, description="CPU use from which a worker takes no more core tasks at once")
    target_memory: Share = Field(default=0.8, description="The same for memory; above 0.8 it may run out")
    stop_grace: Seconds = Field(
        default=10.0,
        ge=0,
        description="How long running calls get to finish after SIGTERM; then they are cancelled and tried elsewhere",
    )
    health_host: str = Field(default="127.0.0.1", description="Address of the worker's `/health` and `/ready`")
    health_port: PortOrOff = Field(default=0, description="Port of the worker's `/health` and `/ready`; 0 = off")
    metrics_host: str = Field(default="127.0.0.1", description="IP address of the worker's `/metrics`")
    metrics_port: PortOrOff = Field(default=0, description="Port of the worker's `/metrics` (Prometheus); 0 = off")
    metrics_refresh: Seconds = Field(
        default=15.0, gt=0, description="How often figures are read from the ledger for `/metrics`"
    )
    code_prefix: str = Field(default="G22.99.08", description="Unit code that dossier codes begin with")
    hash_key: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="Key of the hashes by which submissions and people are found again, at least 32 random characters; "
        "keep it. Default: the file `keys/hash.key` in the state folder, which `lienthong dev` makes",
    )
    master_keys: SecretStr | None = Field(
        default=None,
        description="Master keys `id:base64,id:base64` (32 bytes each), current one first; lost keys are lost data. "
        "Default: the file `keys/master.keys` in the state folder, which `lienthong dev` makes",
    )
    key_service: str = Field(
        default="",
        description="`module:factory` of a key service (`trust.masters.MasterKeys`), instead of master keys of ours",
    )
    calendar: tuple[Path, ...] = Field(default=(), description="Extra working-calendar CSV files (JSON list)")
    communes: tuple[Path, ...] = Field(default=(), description="CSV files with lists of communes (JSON list)")
    trust_roots: tuple[Path, ...] = Field(
        default=(), description="Root certificates trusted for digital signatures, PEM or DER (JSON list of files)"
    )
    revocation_lists: tuple[Path, ...] = Field(
        default=(),
        description="Revocation lists (CRL) of those who issue certificates, PEM or DER (JSON list of files)",
    )
    facilities: tuple[Path, ...] = Field(
        default=(), description="CSV files with the health facilities and whose certificates they sign with (JSON list)"
    )
    training: bool = Field(default=False, description="Allow legal time to differ from the clock")
    training_offset_seconds: Seconds = Field(
        default=0.0, description="Legal time minus clock; anything but 0 needs LIENTHONG_TRAINING=true"
    )
    operator: str = Field(
        default="",
        pattern=rf"^({OPERATOR_ID})?$",
        description="Who uses the commands, for the record: the code of an operator, asked for by `lienthong operator`",
    )
    log_format: LogFormat = Field(default=LogFormat.TEXT, description="Log lines for people (text) or machines (json)")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="The least serious log lines written")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise BadSettings(_bad(_problem(one["loc"], one["msg"]) for one in error.errors())) from None
        except SettingsError as error:  # a list or a mapping that is not JSON: the error names the field in its text
            unreadable = next((name for name in type(self).model_fields if f'"{name}"' in str(error)), "")
            raise BadSettings(_bad([f"{variables(unreadable)[0]} (must be JSON)"])) from None

    @model_validator(mode="after")
    def _offset_only_in_training(self) -> Self:
        if self.training_offset_seconds and not self.training:
            raise ValueError("LIENTHONG_TRAINING_OFFSET_SECONDS needs LIENTHONG_TRAINING=true")
        return self

    @model_validator(mode="after")
    def _certificates_only_from_proxies(self) -> Self:
        if self.client_certificate_header and not self.trusted_proxies:
            raise ValueError("LIENTHONG_CLIENT_CERTIFICATE_HEADER needs LIENTHONG_TRUSTED_PROXIES")
        return self

    @model_validator(mode="after")
    def _temporal_secrets_only_by_tls(self) -> Self:
        if bool(self.temporal_tls_certificate) != bool(self.temporal_tls_key):
            raise ValueError("LIENTHONG_TEMPORAL_TLS_CERTIFICATE and LIENTHONG_TEMPORAL_TLS_KEY go together")
        if self.temporal_tls is False and self._temporal_by_tls:
            raise ValueError("LIENTHONG_TEMPORAL_TLS=false does not go with a certificate, a name or an API key for it")
        return self

    @model_validator(mode="after")
    def _systems_by_tls(self) -> Self:
        wrong = {f"LIENTHONG_SYSTEM_URLS, {system.value}": url for system, url in self.system_urls.items()}
        wrong = {name: problem for name, url in wrong.items() if (problem := _wrong_url(url))}
        plain = [
            system.value
            for system, url in self.system_urls.items()
            if not wrong and system not in self.plain_http_systems and _beyond_without_tls(url)
        ]
        if plain:
            wrong["LIENTHONG_SYSTEM_URLS"] = f"https is needed for {', '.join(plain)}, or LIENTHONG_PLAIN_HTTP_SYSTEMS"
        if problem := _wrong_url(self.simulator_url):
            wrong["LIENTHONG_SIMULATOR_URL"] = problem
        elif _beyond_without_tls(self.simulator_url):
            wrong["LIENTHONG_SIMULATOR_URL"] = "https is needed beyond this machine"
        if wrong:
            raise ValueError("; ".join(f"{name} ({problem})" for name, problem in wrong.items()))
        return self

    @property
    def _temporal_by_tls(self) -> bool:
        """Whether something is set that makes sense with TLS only."""
        means = (self.temporal_tls_ca, self.temporal_tls_certificate, self.temporal_tls_server_name)
        return any(means) or self.temporal_api_key is not None

    @property
    def temporal_uses_tls(self) -> bool:
        """As it is said; unsaid: beyond this machine, and where something of TLS is set."""
        if self.temporal_tls is not None:
            return self.temporal_tls
        host = self.temporal_address.rpartition(":")[0] or self.temporal_address
        return self._temporal_by_tls or not is_this_machine(host)

    @property
    def ledger_url(self) -> str:
        return self.database_url or f"sqlite:///{self.state / 'ledger.db'}"

    def connections(self, process: str) -> Connections:
        """How a process of that name uses a PostgreSQL ledger."""
        return Connections(
            application=f"lienthong {process}",
            pool_size=self.database_pool_size,
            pool_overflow=self.database_pool_overflow,
            pool_wait=self.database_pool_wait,
            pool_recycle=self.database_pool_recycle,
            connect_timeout=self.database_connect_timeout,
            statement_timeout=self.database_statement_timeout,
            lock_timeout=self.database_lock_timeout,
            idle_transaction_timeout=self.database_idle_transaction_timeout,
            authorities=self.database_ca,
            unverified=self.database_unverified,
        )

    @property
    def documents(self) -> Path:
        return self.state / "documents"

    @property
    def training_offset(self) -> timedelta:
        return timedelta(seconds=self.training_offset_seconds)

    @property
    def urls(self) -> Mapping[System, str]:
        """The base URL of every system. Raises BadSettings outside training for those that have none."""
        missing = [system.value for system in System if system not in self.system_urls]
        if missing and not self.training:
            raise BadSettings(
                f"Thiếu địa chỉ của hệ thống {', '.join(missing)}: đặt LIENTHONG_SYSTEM_URLS. "
                "Chỉ khi tập dượt (LIENTHONG_TRAINING=true) mới dùng bộ mô phỏng."
            )
        return {
            system: self.system_urls.get(system, f"{self.simulator_url}/{system.value}").rstrip("/")
            for system in System
        }

    def rate(self, system: System) -> float:
        """Calls per second we allow ourselves towards a system."""
        return self.calls_per_second.get(system, 20.0)

    def concurrency(self, system: System) -> int:
        """Calls of workflows to a system that one worker has under way at most."""
        return self.concurrent_calls.get(system, 20)

    def queue_for(self, system: System) -> str:
        """The task queue of a system's activities."""
        return system_queue(self.queue, system)


def _wrong_url(url: str) -> str | None:
    """Why that cannot be a base URL; says nothing of what it is."""
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        return "not a URL"
    if not well:
        return "must be http(s)://host"
    return "no user, query or fragment" if parts.username or parts.query or parts.fragment else None


def _beyond_without_tls(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_this_machine(parts.hostname or "")


def variables(field: str) -> tuple[str, ...]:
    """The environment variables a setting is read from, the first that is set wins."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices if str(choice).isupper())
    return (f"{Settings.model_config['env_prefix']}{field}".upper(),)


def _problem(place: tuple[int | str, ...], message: str) -> str:
    """What is wrong with which variable; several settings that do not go together have no place of their own."""
    if not place:
        return message.removeprefix("Value error, ")
    field = str(place[0])
    return f"{variables(field)[0] if field in Settings.model_fields else field.upper()} ({message})"


def _bad(problems: Iterable[str]) -> str:
    return f"Cấu hình sai: {'; '.join(problems)}. Xem: lienthong settings."
