"""Settings of every process, from the environment (prefix `LIENTHONG_`) or defaults that work on one machine."""

from datetime import timedelta
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.systems import System, system_queue


class Settings(BaseSettings):
    """Where things are and how they behave. Times are seconds unless said otherwise.

    `training_offset_seconds` shifts legal time (REQUIREMENTS §6.10); anything but zero needs `training = true`.
    """

    model_config = SettingsConfigDict(env_prefix="LIENTHONG_", extra="ignore", frozen=True, populate_by_name=True)

    state: Path = Field(default=Path(".state"), description="Folder for everything kept between runs")
    database_url: str = Field(
        default="",
        validation_alias=AliasChoices("LIENTHONG_DATABASE_URL", "DATABASE_URL", "database_url"),
        description="SQLAlchemy URL of the ledger; empty = SQLite in the state folder",
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
    queue: str = Field(default="lienthong", description="Task queue of workflows; systems get `<queue>-<system>`")
    simulator_url: str = Field(default="http://127.0.0.1:8601", description="Base URL of the agency simulator")
    system_urls: dict[System, str] = Field(default={}, description="Base URL per system; default: the simulator's")
    gateway_host: str = Field(default="127.0.0.1", description="Address the gateway binds")
    gateway_port: int = Field(default=8600, description="Port the gateway binds")
    call_timeout: float = Field(default=10.0, gt=0, description="Seconds one agency call may take")
    calls_per_second: dict[System, float] = Field(default={}, description="Rate limit per system; default 20")
    code_prefix: str = Field(default="G22.99.08", description="Unit code that dossier codes begin with")
    hash_key: SecretStr = Field(
        default=SecretStr("training-only"), description="Key of the submission and child hashes"
    )
    calendar: tuple[Path, ...] = Field(default=(), description="Extra working-calendar CSV files (JSON list)")
    training: bool = Field(default=False, description="Allow legal time to differ from the clock")
    training_offset_seconds: float = Field(default=0.0, description="Legal time minus clock, in seconds")

    @property
    def ledger_url(self) -> str:
        return self.database_url or f"sqlite:///{self.state / 'ledger.db'}"

    @property
    def documents(self) -> Path:
        return self.state / "documents"

    @property
    def training_offset(self) -> timedelta:
        return timedelta(seconds=self.training_offset_seconds)

    def url(self, system: System) -> str:
        """The base URL of a system."""
        return self.system_urls.get(system, f"{self.simulator_url}/{system.value}").rstrip("/")

    def rate(self, system: System) -> float:
        """Calls per second we allow ourselves towards a system."""
        return self.calls_per_second.get(system, 20.0)

    def queue_for(self, system: System) -> str:
        """The task queue of a system's activities."""
        return system_queue(self.queue, system)
