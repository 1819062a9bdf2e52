"""What both doors of the social-insurance gateway share: short-lived tokens and codes in a 200 (STANDARDS §1.1)."""

import secrets

from fastapi import APIRouter, Request

from models.base import Code, Model
from simulator.wire import Json

DONE, BAD_FORMAT, WRONG_TOKEN, FAILED = 200, 205, 401, 500

CALLS_PER_TOKEN = 20
"""How many calls a token is good for; the real ones live by the clock, this one by use, so that tests need not wait."""

INVALID: Json = {"MaKetQua": BAD_FORMAT}
"""The answer to a body that is none of this wire."""

EXPIRED: Json = {"MaKetQua": WRONG_TOKEN}
"""The answer to a call without a valid token."""


class TokenBody(Model):
    """A request for a token."""

    MaDonVi: Code


class Tokens:
    """The tokens in use; they are forgotten at a restart, as short-lived things are."""

    def __init__(self) -> None:
        self._calls_left: dict[str, int] = {}

    def issue(self) -> str:
        """A new token."""
        token = secrets.token_hex(16)
        self._calls_left[token] = CALLS_PER_TOKEN
        return token

    def use(self, request: Request) -> bool:
        """Whether the caller has a token that is still good; using it up by one call."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        left = self._calls_left.get(token, 0)
        if left:
            self._calls_left[token] = left - 1
        return left > 0


def add_tokens(routes: APIRouter) -> Tokens:
    """Give a system its token call."""
    tokens = Tokens()

    @routes.post("/api/token")
    async def token(body: TokenBody) -> Json:
        """Issue a token."""
        return {"MaKetQua": DONE, "Token": tokens.issue()}

    return tokens


def failure(code: str | None) -> Json:
    """The failure that the gateway was told to answer with."""
    return {"MaKetQua": int(code) if code else FAILED}
