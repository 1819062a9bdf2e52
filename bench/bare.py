"""The floor: a bare workflow and a bare worker that do what a dossier of ours does, and nothing else.

Same activities with payloads of the same size, same updates, timers and upserts, the same HTTP requests to the same
simulator, as many inserted rows of the same size. No law, no models, no rules. Run by the bench as a process:
`python -m bench.bare SCRIPT ROWS`; it takes the ordinary settings.
"""

import asyncio
import json
import re
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RawValue, SearchAttributeKey
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import httpx
    from temporalio.client import Client

    from bench.script import Request, Script, Step

QUEUE = "bench-bare"
_DONE = 200
_ATTEMPTS = 20
_SHOWN = SearchAttributeKey.for_keyword("DossierStage")


@workflow.defn(name="Bare")
class BareDossier:
    """Plays a script. Input: dossier code, batches of the script, sizes of its steps and of its result."""

    def __init__(self) -> None:
        self._updates = 0
        self._done: set[int] = set()
        self._provincial_code = ""

    @workflow.update(dynamic=True)
    async def told(self, name: str, args: Sequence[RawValue]) -> dict[str, Any]:
        """Any fact is taken."""
        self._updates += 1
        return {"message_id": f"{name}:{self._updates}", "text": "Đã ghi nhận.", "repeated": False}

    @workflow.run
    async def run(self, code: str, batches: list[dict[str, Any]], sizes: list[int], result: int) -> str:
        timers: dict[int, asyncio.Task[None]] = {}
        steps: list[asyncio.Task[None]] = []
        for number, batch in enumerate(batches):
            await workflow.wait_condition(
                lambda batch=batch: self._updates >= batch["updates"] and self._done >= set(batch["done"])  # type: ignore[misc]
            )
            steps += [asyncio.create_task(self._step(code, step, sizes[step])) for step in batch["steps"]]
            for timer in batch["timers"]:
                timers[timer] = asyncio.create_task(asyncio.sleep(timedelta(days=3).total_seconds()))
            for timer in batch["cancelled"]:
                timers[timer].cancel()
            if batch["upserts"]:
                workflow.upsert_search_attributes([_SHOWN.value_set(f"bare-{number}")])
        await asyncio.gather(*steps)
        return "x" * result

    async def _step(self, code: str, step: int, size: int) -> None:
        answer: list[str] = await workflow.execute_activity(
            "step",
            args=[code, step, self._provincial_code, "x" * size],
            start_to_close_timeout=timedelta(minutes=1),
            summary=f"Bước {step} của hồ sơ, không có gì trong đó",
        )
        self._provincial_code = answer[0] or self._provincial_code
        self._done.add(step)


class BareActivities:
    """Requests and rows, as the script says."""

    def __init__(self, script: Script, http: httpx.AsyncClient, rows: sqlite3.Connection) -> None:
        self._script = script
        self._http = http
        self._rows = rows
        self._writing = asyncio.Lock()
        self._provincial = re.compile(re.sub(r"\d", r"\\d", re.escape(script.provincial_code)))
        self._tokens: dict[str, str] = {}
        self._relayed: dict[str, asyncio.Task[None]] = {}

    @activity.defn(name="step")
    async def step(self, code: str, number: int, provincial_code: str, _: str) -> list[str]:
        """One step of a dossier: its rows in one transaction, its requests; what is dispatched goes out afterwards."""
        step = self._script.steps[number]
        if step.rows:
            async with self._writing:
                await asyncio.to_thread(self._insert, code, step.rows)
        found = ""
        for request in step.requests:
            said = self._provincial.search(await self._send(request, code, provincial_code))
            found = said.group() if said else found
        if step.dispatched:
            before = self._relayed.get(code)
            self._relayed[code] = asyncio.create_task(self._relay(before, step, code, provincial_code))
        return [found, "x" * step.answered]

    def _insert(self, code: str, sizes: Sequence[int]) -> None:
        with self._rows:
            self._rows.executemany(
                "INSERT INTO bare (code, body) VALUES (?, ?)", [(code, "x" * size) for size in sizes]
            )

    async def _relay(self, before: "asyncio.Task[None] | None", step: Step, code: str, provincial_code: str) -> None:
        if before:
            await before
        for request in step.dispatched:
            await self._send(request, code, provincial_code)

    async def _send(self, request: Request, code: str, provincial_code: str) -> str:
        """The answer to a recorded request, sent for this dossier."""
        if request.system not in self._script.tokens:
            return await self._request(request, code, provincial_code, {})
        for _ in range(_ATTEMPTS):
            token = self._tokens.get(request.system) or await self._ask_for_token(request.system, code)
            bearer = {"authorization": f"Bearer {token}"}
            answer = await self._request(request, code, provincial_code, bearer)
            if json.loads(answer)["MaKetQua"] == _DONE:
                return answer
            self._tokens.pop(request.system, None)
        raise RuntimeError(f"{request.method} {request.url}: no token is good")

    async def _ask_for_token(self, system: str, code: str) -> str:
        answer = json.loads(await self._request(self._script.tokens[system], code, "", {}))
        self._tokens[system] = answer["Token"]
        return self._tokens[system]

    async def _request(self, request: Request, code: str, provincial_code: str, own: Mapping[str, str]) -> str:
        def now(text: str) -> str:
            text = text.replace(self._script.code, code)
            return text.replace(self._script.provincial_code, provincial_code) if provincial_code else text

        headers = {name: now(value) for name, value in request.headers.items()}
        reply = await self._http.request(
            request.method, now(request.url), content=now(request.body).encode(), headers={**headers, **own}
        )
        if reply.status_code != request.status:
            raise RuntimeError(f"{request.method} {request.url}: {reply.status_code}, recorded {request.status}")
        return reply.text


async def work(script: Script, rows: Path, temporal: str, simulator: str) -> None:
    """Work until the process is told to stop."""
    connection = sqlite3.connect(rows, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS bare (id INTEGER PRIMARY KEY, code TEXT, body TEXT)")
    client = await Client.connect(temporal)
    async with httpx.AsyncClient(base_url=simulator, trust_env=False, timeout=30) as http:
        activities = BareActivities(script, http, connection)
        await Worker(client, task_queue=QUEUE, workflows=[BareDossier], activities=[activities.step]).run()


if __name__ == "__main__":
    from settings import Settings

    settings = Settings()
    asyncio.run(
        work(Script.load(Path(sys.argv[1])), Path(sys.argv[2]), settings.temporal_address, settings.simulator_url)
    )
