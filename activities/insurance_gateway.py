"""The social-insurance data gateway: short-lived tokens, always HTTP 200, a code in the body (STANDARDS §1.1)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from activities.http import (
    MAX_ANSWER_BYTES,
    AgencyClient,
    AgencyRejected,
    AgencyReply,
    AgencyUnavailable,
    AgencyUnreadable,
    Problem,
)
from models.messages import Head

_TOKEN = "/api/token"

_DONE = 200
_WRONG_TOKEN = 401
_FAILED = 500
_REFUSED = {205: "hệ thống báo sai định dạng dữ liệu", 401: "hệ thống không nhận mã truy cập", 1001: "gói tin quá lớn"}


class GatewayAnswer(BaseModel):
    """What every answer of the gateway has."""

    model_config = ConfigDict(extra="ignore")

    MaKetQua: Annotated[int, Field(strict=False)]


class _Token(GatewayAnswer):
    Token: str


A = TypeVar("A", bound=GatewayAnswer)

_Call = Callable[[Mapping[str, str]], Awaitable[AgencyReply]]


class InsuranceGateway:
    """Calls under a token that is renewed when the gateway says it has expired."""

    def __init__(self, client: AgencyClient) -> None:
        self._client = client
        self._token: str | None = None
        self._renewal = asyncio.Lock()

    async def post(
        self, path: str, body: Mapping[str, object], head: Head, model: type[A], most: int = MAX_ANSWER_BYTES
    ) -> A:
        """Send, reading at most that many bytes of the answer. Raises AgencyError unless `MaKetQua` is 200."""
        return await self._call(head, model, lambda headers: self._client.post(path, body, head, headers, most))

    async def get(
        self, path: str, head: Head, params: Mapping[str, str], model: type[A], most: int = MAX_ANSWER_BYTES
    ) -> A:
        """Look up, reading at most that many bytes. Raises AgencyError unless `MaKetQua` is 200."""
        return await self._call(head, model, lambda headers: self._client.get(path, head, headers, params, most))

    async def _call(self, head: Head, model: type[A], call: _Call) -> A:
        token = await self._valid_token(head, expired=None)
        reply = await call({"Authorization": f"Bearer {token}"})
        if reply.read(GatewayAnswer).MaKetQua == _WRONG_TOKEN:
            token = await self._valid_token(head, expired=token)
            reply = await call({"Authorization": f"Bearer {token}"})
        _check(reply.read(GatewayAnswer).MaKetQua, head)
        return reply.read(model)

    async def _valid_token(self, head: Head, expired: str | None) -> str:
        """The token in use; a new one, asked for once however many calls wait, when there is none or it expired."""
        async with self._renewal:
            if self._token is None or self._token == expired:
                reply = await self._client.post(_TOKEN, {"MaDonVi": self._client.unit}, head)
                _check(reply.read(GatewayAnswer).MaKetQua, head)
                self._token = reply.read(_Token).Token
            return self._token


def _check(code: int, head: Head) -> None:
    if code == _DONE:
        return
    if code == _FAILED:
        raise AgencyUnavailable("hệ thống báo lỗi tạm thời", dossier_code=head.dossier_code)
    if code in _REFUSED:
        problem = Problem(type=f"MaKetQua={code}")
        raise AgencyRejected(_REFUSED[code], dossier_code=head.dossier_code, problem=problem)
    raise AgencyUnreadable("hệ thống trả lời bằng mã không có trong danh mục", dossier_code=head.dossier_code)
