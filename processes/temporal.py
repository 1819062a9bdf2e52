"""The Temporal server of the settings: its address, its TLS, who we are there."""

from pathlib import Path

from temporalio.client import Client
from temporalio.service import TLSConfig

from settings import BadSettings, Settings
from trust.codec import DossierCodec, Keys
from workflows.plugin import connect


async def connect_as_set(settings: Settings, keys: Keys, *, lazy: bool = False) -> Client:
    """A client of the server of the settings, which seals by these keys.

    Raises TemporalUnusable, and BadSettings for a file that is not there.
    """
    key = settings.temporal_api_key
    return await connect(
        settings.temporal_address,
        settings.temporal_namespace,
        DossierCodec(keys),
        lazy=lazy,
        tls=_tls(settings) if settings.temporal_uses_tls else False,
        api_key=key.get_secret_value() if key else None,
    )


def _tls(settings: Settings) -> TLSConfig:
    """The server is verified in any case, by the machine's authorities if none are named."""
    return TLSConfig(
        server_root_ca_cert=_pem("LIENTHONG_TEMPORAL_TLS_CA", settings.temporal_tls_ca),
        domain=settings.temporal_tls_server_name or None,
        client_cert=_pem("LIENTHONG_TEMPORAL_TLS_CERTIFICATE", settings.temporal_tls_certificate),
        client_private_key=_pem("LIENTHONG_TEMPORAL_TLS_KEY", settings.temporal_tls_key),
    )


def _pem(variable: str, file: Path | None) -> bytes | None:
    if file is None:
        return None
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadSettings(f"{variable}: không đọc được tệp ({type(error).__name__}).") from None
    if b"-----BEGIN " not in content:  # the library would trust nobody, and say only that it cannot connect
        raise BadSettings(f"{variable}: tệp không phải PEM.")
    return content
