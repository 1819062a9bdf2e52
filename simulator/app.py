"""The simulator as one web application: each system under its own path, the book and the instructions beside them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from types import ModuleType

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from models.systems import System
from simulator.answers import Answers
from simulator.authority import Authority, passing_authority
from simulator.book import Book
from simulator.desk import Desk
from simulator.instructions import CorrectionOrder, Instruction, Step
from simulator.records import BookSummary, DossierBook, Registration, ResultReissued
from simulator.wire import problem
from trust.senders import Senders

_SYSTEMS: Mapping[System, ModuleType] = {system: import_module(f"simulator.{system.value}") for system in System}
"""`simulator/<system>.py` makes a router from a desk. Its `INVALID`, if any, is what it says, in a 200, to a body
that is none of its wire."""


def create_app(
    book: Book, gateway: str, pace: float, senders: Senders | None = None, authority: Authority | None = None
) -> FastAPI:
    """The application over that book, answering to that gateway as those senders, `pace` seconds before each event.

    Without an `authority` papers are signed under one that nobody else knows.
    """
    authority = authority or passing_authority()
    answers = Answers(book, gateway, senders)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with answers:
            yield

    app = FastAPI(title="Liên thông: các hệ thống mô phỏng", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestValidationError, _invalid)

    @app.middleware("http")
    async def slow(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        """Answer a message as late as its system was told to."""
        response = await answer(request)
        system, code = request.url.path.split("/")[1], request.headers.get("X-Dossier-Code")
        if request.method == "POST" and code and system in set(System):
            await asyncio.sleep(book.instruction(code, System(system)).answer_after)
        return response

    for system, module in _SYSTEMS.items():
        desk = Desk(system, book, answers, pace, authority)
        app.include_router(module.router(desk), prefix=f"/{system.value}", tags=[system.label])
    app.include_router(_controls(book), tags=["Sổ và chỉ dẫn"])
    app.include_router(_corrections(book, answers, pace), tags=["Sổ và chỉ dẫn"])
    return app


def _controls(book: Book) -> APIRouter:
    routes = APIRouter()

    @routes.get("/health")
    async def health_() -> Mapping[str, str]:
        """Whether the simulator is up."""
        return {"status": "ok"}

    @routes.get("/book")
    async def summary() -> BookSummary:
        """The whole book in numbers."""
        return book.summary()

    @routes.get("/book/{dossier_code}")
    async def dossier(dossier_code: str) -> DossierBook:
        """Everything the systems know of one dossier."""
        return book.dossier(dossier_code)

    @routes.put("/instructions/{dossier_code}/{system}", status_code=204)
    async def instruct(dossier_code: str, system: System, instruction: Instruction) -> None:
        """Tell a system what to do with a dossier; "*" stands for every dossier without an instruction of its own."""
        book.instruct(dossier_code, system, instruction)

    @routes.get("/instructions/{dossier_code}/{system}")
    async def instruction(dossier_code: str, system: System) -> Instruction:
        """What a system would do with a dossier."""
        return book.instruction(dossier_code, system)

    return routes


def _corrections(book: Book, answers: Answers, pace: float) -> APIRouter:
    routes = APIRouter()

    @routes.post("/corrections/{dossier_code}/{system}", status_code=202)
    async def correct(dossier_code: str, system: System, order: CorrectionOrder) -> Response:
        """Tell an office to issue the result of its part anew, however long ago that was."""
        every = book.entries(Registration, dossier_code, system)
        registrations = [one for one in every if order.leg in (None, one.leg)]
        if not registrations:
            return problem(404, "nothing-registered", "Chưa có kết quả", "Hệ thống này chưa trả kết quả nào của hồ sơ.")
        registration = registrations[-1]
        earlier = [one for one in book.entries(ResultReissued, dossier_code, system) if one.of == registration.key]
        version = len(earlier) + 2
        last = earlier[-1].number if earlier else registration.number
        delay = book.instruction(dossier_code, system).delay
        course = answers.start(
            system,
            dossier_code,
            f"{dossier_code}:{registration.leg}:corrected",
            (Step.CORRECTED,),
            pace if delay is None else delay,
        )
        book.add(
            ResultReissued(
                system=system,
                dossier_code=dossier_code,
                key=course,
                at=book.legal_now(dossier_code),
                of=registration.key or "",
                number=f"{registration.number}-{version}" if order.new_number else last,
                version=version,
                text=order.text,
            )
        )
        return Response(status_code=202)

    return routes


async def _invalid(request: Request, error: Exception) -> Response:
    """A body that is none of the contract, answered as the system called answers such things."""
    for system, module in _SYSTEMS.items():
        if request.url.path.startswith(f"/{system.value}/") and hasattr(module, "INVALID"):
            return JSONResponse(module.INVALID)
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    places = (".".join(map(str, fault["loc"])) for fault in faults)
    return problem(422, "invalid", "Thông điệp không đúng cấu trúc", "; ".join(places))
