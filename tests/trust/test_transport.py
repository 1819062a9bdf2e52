"""What leaves this machine: by TLS, to who is configured and proves to be, and to nobody else."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url

from activities.adapters import Adapters
from activities.http import AgencyClient, AgencyUnavailable, AgencyUnreadable, tls_context
from cli.stack import LOOPBACK, free_port, program
from ledger.connections import Connections
from ledger.engine import check_schema, open_engine
from ledger.errors import DatabaseUnusable
from models.systems import System
from processes.temporal import connect_as_set
from settings import BadSettings, Settings
from telemetry import traces
from tests.activities.simulated import head
from tests.trust.tls import TestAuthority, answering, forwarding_to, listening, server_context
from trust.codec import NoKeys
from workflows.plugin import TemporalUnusable

OTHER = "other.example"
FAR = "postgresql://app@db.example/ledger"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> TestAuthority:
    return TestAuthority(tmp_path_factory.mktemp("tls") / "strange")


# --- Agencies ---------------------------------------------------------------------------------------------------------


async def asked(url: str, authorities: Path | None) -> int:
    """The status of an answer of the agency there."""
    async with AgencyClient(System.RESIDENCE, url, timeout=5, tls=tls_context(authorities)) as client:
        return (await client.get("/x", head())).status


async def test_an_agency_is_believed_by_a_certificate_of_an_authority_we_trust(
    authority: TestAuthority, stranger: TestAuthority
) -> None:
    async with listening(answering("HTTP/1.1 200 OK"), server_context(*authority.certify(LOOPBACK))) as port:
        url = f"https://{LOOPBACK}:{port}"
        assert await asked(url, authority.file) == 200
        for others in (None, stranger.file):
            with pytest.raises(AgencyUnavailable, match="chứng thư TLS"):
                await asked(url, others)


async def test_an_agency_must_have_the_name_it_is_called_by(authority: TestAuthority) -> None:
    async with listening(answering("HTTP/1.1 200 OK"), server_context(*authority.certify(OTHER))) as port:
        with pytest.raises(AgencyUnavailable, match="chứng thư TLS"):
            await asked(f"https://{LOOPBACK}:{port}", authority.file)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_authorities_that_cannot_be_read_end_the_process_with_one_line(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSettings, match="LIENTHONG_SYSTEM_CA"):
        Adapters(Settings(training=True, system_ca=file))


@asynccontextmanager
async def elsewhere(*, headers: tuple[str, ...] = ()) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server nobody has configured, and what was asked of it."""
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()

    async with listening(hear) as port:
        yield port, heard


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_leads_nowhere(status: str) -> None:
    async with elsewhere() as (port, heard):
        answer = answering(f"HTTP/1.1 {status}", f"Location: http://{LOOPBACK}:{port}/x")
        async with listening(answer) as agency:
            with pytest.raises(AgencyUnreadable):
                await asked(f"http://{LOOPBACK}:{agency}", None)
            assert not heard


async def test_a_link_to_another_host_is_not_followed() -> None:
    async with elsewhere() as (port, heard), elsewhere() as (agency, asked_of_agency):
        async with AgencyClient(System.RESIDENCE, f"http://{LOOPBACK}:{agency}", timeout=5) as client:
            for link in (f"http://{LOOPBACK}:{port}/x", f"https://{LOOPBACK}:{agency}/x", f"http://u@{OTHER}/x"):
                with pytest.raises(AgencyUnreadable, match="máy chủ khác"):
                    await client.get(link, head())
            await client.get("/x", head())
            await client.get(f"//{LOOPBACK}:{port}/x", head())  # a path, for all it looks like
        assert (len(heard), len(asked_of_agency)) == (0, 2)


async def test_proxies_of_the_environment_see_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with elsewhere() as (proxy, heard), elsewhere() as (agency, asked_of_agency):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://{LOOPBACK}:{proxy}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        url = f"http://{LOOPBACK}:{agency}"
        assert await asked(url, None) == 200
        assert (len(heard), len(asked_of_agency)) == (0, 1)
        async with httpx.AsyncClient() as naive:  # or the test would show nothing
            await naive.get(url)
        assert len(heard) == 1


# --- Temporal ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def temporal() -> Iterator[int]:
    """A Temporal server without TLS; its port."""
    port = free_port()
    server = subprocess.Popen([program("temporal-test-server"), str(port)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    try:
        while True:
            try:
                asyncio.run(connect_as_set(Settings(temporal_address=f"{LOOPBACK}:{port}"), NoKeys()))
                break
            except TemporalUnusable:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()


def by_tls(port: int, authority: TestAuthority, **more: object) -> Settings:
    return Settings.model_validate(
        {"temporal_address": f"{LOOPBACK}:{port}", "temporal_tls_ca": authority.file, **more}
    )


async def test_temporal_is_believed_by_a_certificate_of_an_authority_we_trust(
    temporal: int, authority: TestAuthority, stranger: TestAuthority
) -> None:
    context = server_context(*authority.certify(LOOPBACK), None, "h2")
    async with listening(forwarding_to(temporal), context) as port:
        client = await connect_as_set(by_tls(port, authority), NoKeys())
        assert await client.service_client.check_health()
        machines = Settings(temporal_address=f"{LOOPBACK}:{port}", temporal_tls=True)
        for others in (by_tls(port, stranger), machines):
            with pytest.raises(TemporalUnusable, match=r"(?i)certificate|UnknownIssuer"):
                await connect_as_set(others, NoKeys())
        with pytest.raises(TemporalUnusable):
            await connect_as_set(Settings(temporal_address=f"{LOOPBACK}:{port}"), NoKeys())


async def test_temporal_must_have_the_name_it_is_called_by(temporal: int, authority: TestAuthority) -> None:
    context = server_context(*authority.certify(OTHER), None, "h2")
    async with listening(forwarding_to(temporal), context) as port:
        with pytest.raises(TemporalUnusable, match=r"(?i)certificate|NotValidForName"):
            await connect_as_set(by_tls(port, authority), NoKeys())
        assert await connect_as_set(by_tls(port, authority, temporal_tls_server_name=OTHER), NoKeys())


async def test_temporal_is_shown_our_certificate(temporal: int, authority: TestAuthority) -> None:
    certificate, key = authority.certify("lienthong")
    context = server_context(*authority.certify(LOOPBACK), authority.file, "h2")
    async with listening(forwarding_to(temporal), context) as port:
        shown = by_tls(port, authority, temporal_tls_certificate=certificate, temporal_tls_key=key)
        assert await connect_as_set(shown, NoKeys())
        with pytest.raises(TemporalUnusable):
            await connect_as_set(by_tls(port, authority), NoKeys())


@pytest.mark.parametrize("content", [None, b"no certificate"])
async def test_a_file_for_temporal_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSettings, match="LIENTHONG_TEMPORAL_TLS_CA"):
        await connect_as_set(Settings(temporal_tls_ca=file), NoKeys())


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def reaching(url: str, connections: Connections | None = None) -> dict[str, object]:
    """What libpq is given to connect by."""
    engine = open_engine(url, connections or Connections())
    _, given = engine.dialect.create_connect_args(engine.url)
    return dict(given)


def test_postgresql_beyond_this_machine_is_verified(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")
    monkeypatch.delenv("PGSSLROOTCERT", raising=False)
    for url in (FAR, "postgresql://app@10.0.0.7/ledger", "postgresql://app@/ledger?host=127.0.0.1,db.example"):
        given = reaching(url)
        assert (given["sslmode"], given["sslrootcert"]) == ("verify-full", "system"), url
    assert reaching(FAR, Connections(authorities=tmp_path / "ca.pem"))["sslrootcert"] == str(tmp_path / "ca.pem")
    assert reaching(f"{FAR}?sslrootcert=/etc/ca.pem")["sslrootcert"] == "/etc/ca.pem"
    assert "sslmode" not in reaching("postgresql://app@127.0.0.1/ledger")
    assert "sslmode" not in reaching("postgresql://app@/ledger?host=/run/postgresql")


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def test_also_where_the_environment_of_libpq_says_where_it_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "sslmode" not in reaching("postgresql:///ledger")
    monkeypatch.setenv(name, "10.0.0.7")
    assert reaching("postgresql:///ledger")["sslmode"] == "verify-full"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_less_must_be_said_twice(mode: str) -> None:
    with pytest.raises(DatabaseUnusable, match="LIENTHONG_DATABASE_UNVERIFIED"):
        open_engine(f"{FAR}?sslmode={mode}")
    told = Settings(database_unverified=True).connections("test")
    assert reaching(f"{FAR}?sslmode={mode}", told)["sslmode"] == mode
    assert reaching(FAR, told)["sslmode"] == "verify-full"


async def test_a_database_without_tls_is_not_spoken_to_where_it_must_be_verified() -> None:
    """The package's PostgreSQL is built without TLS, so its answer to libpq's request for TLS is all that is needed."""
    heard: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readexactly(8))
        writer.write(b"N")
        await writer.drain()
        heard.append(await reader.read())

    async with listening(refuse) as port:
        engine = open_engine(f"postgresql://app@{LOOPBACK}:{port}/ledger?sslmode=verify-full&gssencmode=disable")
        with pytest.raises(DatabaseUnusable, match="không dùng TLS"):
            await asyncio.to_thread(check_schema, engine)
    assert [len(part) for part in heard] == [8, 0]


async def test_a_database_must_prove_who_it_is(authority: TestAuthority, stranger: TestAuthority) -> None:
    """A server that starts TLS as PostgreSQL does: whom libpq believes, it sends who it is and what it wants."""
    cases = ((authority, LOOPBACK, True), (authority, OTHER, False), (stranger, LOOPBACK, False))
    for certifier, name, believed in cases:
        context = server_context(*certifier.certify(name))
        introduced: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(8)
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(context)  # noqa: B023
            introduced.append(await reader.read(1024))  # noqa: B023

        async with listening(serve) as port:
            url = f"postgresql://app@{LOOPBACK}:{port}/ledger?sslmode=verify-full&gssencmode=disable"
            engine = open_engine(url, Connections(authorities=authority.file))
            expected = "mất kết nối|không kết nối được" if believed else "chứng thư TLS"
            with pytest.raises(DatabaseUnusable, match=expected):
                await asyncio.to_thread(check_schema, engine)
        assert any(b"ledger" in part for part in introduced) is believed


def test_a_password_is_not_shown_where_a_url_is_refused() -> None:
    url = make_url(FAR).set(password="hunter2").render_as_string(hide_password=False)
    with pytest.raises(DatabaseUnusable) as refused:
        open_engine(f"{url}?sslmode=prefer")
    assert "hunter2" not in str(refused.value)


# --- Traces -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "recorded"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.example:4318"}, False),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://10.0.0.7:4318/v1/traces"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://10.0.0.7:4318", "OTEL_EXPORTER_OTLP_INSECURE": "true"}, True),
    ],
)
def test_traces_leave_this_machine_by_tls_only(
    environment: dict[str, str], recorded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    traces.configure("lienthong-test")
    try:
        assert traces.recording() is recorded
    finally:
        traces.close()
