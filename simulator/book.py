"""The simulator's book (SQLite): what each system did, was sent and still owes. It outlives a restart."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time
from typing import TypeVar

from models.messages import DispatchKind
from models.systems import System
from simulator.instructions import EVERY_DOSSIER, Instruction
from simulator.records import (
    Answer,
    AnswerState,
    BookSummary,
    ConsentAsked,
    Delivery,
    DocumentReplaced,
    DossierBook,
    FollowUpTaken,
    Intake,
    NoticeAsked,
    Payment,
    PaymentAsked,
    PeopleAsked,
    Record,
    Registration,
    RequestSeen,
    StatusTaken,
    SystemSummary,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, system TEXT NOT NULL, dossier_code TEXT NOT NULL,
    key TEXT, content TEXT NOT NULL, UNIQUE (kind, system, key)
);
CREATE INDEX IF NOT EXISTS records_of_dossier ON records (dossier_code, kind);
CREATE TABLE IF NOT EXISTS answers (
    message_id TEXT PRIMARY KEY, course TEXT NOT NULL, position INTEGER NOT NULL, dossier_code TEXT NOT NULL,
    system TEXT NOT NULL, step TEXT NOT NULL, delay REAL NOT NULL, due REAL, body TEXT,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, problem TEXT
);
CREATE INDEX IF NOT EXISTS answers_of_course ON answers (course, position);
CREATE INDEX IF NOT EXISTS answers_of_dossier ON answers (dossier_code);
CREATE TABLE IF NOT EXISTS instructions (
    dossier_code TEXT, system TEXT, content TEXT NOT NULL, PRIMARY KEY (dossier_code, system)
);
CREATE TABLE IF NOT EXISTS failures (
    dossier_code TEXT, system TEXT, count INTEGER NOT NULL, PRIMARY KEY (dossier_code, system)
);
CREATE TABLE IF NOT EXISTS offsets (dossier_code TEXT PRIMARY KEY, seconds REAL NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS papers (name TEXT PRIMARY KEY, content BLOB NOT NULL);
"""

_OWED = "(state = 'waiting' OR state = 'lost' AND body IS NULL)"

R = TypeVar("R", bound=Record)


class Book:
    """One connection, used from one event loop. `path` may be ":memory:"."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Records

    def add(self, record: Record) -> bool:
        """Write an entry; False when there is one of that class, system and key already."""
        cursor = self._db.execute(
            "INSERT OR IGNORE INTO records (kind, system, dossier_code, key, content) VALUES (?, ?, ?, ?, ?)",
            (type(record).__name__, record.system, record.dossier_code, record.key, record.model_dump_json()),
        )
        return cursor.rowcount == 1

    def entries(self, model: type[R], dossier_code: str, system: System | None = None) -> tuple[R, ...]:
        """A dossier's entries of one class, oldest first."""
        rows = self._db.execute(
            "SELECT content FROM records"
            " WHERE dossier_code = ? AND kind = ? AND system = ifnull(?, system) ORDER BY id",
            (dossier_code, model.__name__, system),
        )
        return tuple(model.model_validate_json(row["content"]) for row in rows)

    def entry(self, model: type[R], system: System, key: str) -> R | None:
        """The entry of that class, system and key."""
        row = self._db.execute(
            "SELECT content FROM records WHERE kind = ? AND system = ? AND key = ?", (model.__name__, system, key)
        ).fetchone()
        return model.model_validate_json(row["content"]) if row else None

    def next_number(self, name: str) -> int:
        """The next number of a series, from 1."""
        (number,) = self._db.execute(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
            (name,),
        ).fetchone()
        return int(number)

    # Papers

    def paper(self, name: str) -> bytes | None:
        """The paper of that name, once it was made."""
        row = self._db.execute("SELECT content FROM papers WHERE name = ?", (name,)).fetchone()
        return bytes(row["content"]) if row else None

    def keep_paper(self, name: str, content: bytes) -> None:
        """Keep a paper, so that its bytes are the same for ever."""
        self._db.execute("INSERT INTO papers VALUES (?, ?)", (name, content))

    # Instructions

    def instruct(self, dossier_code: str, system: System, instruction: Instruction) -> None:
        """Replace the instruction for a dossier (or every dossier); failures are counted anew."""
        with self.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO instructions VALUES (?, ?, ?)",
                (dossier_code, system, instruction.model_dump_json()),
            )
            self._db.execute(
                "DELETE FROM failures WHERE system = ? AND ? IN (dossier_code, ?)",
                (system, dossier_code, EVERY_DOSSIER),
            )

    def instruction(self, dossier_code: str, system: System) -> Instruction:
        """What to do with a dossier: its own instruction, else the one for every dossier, else the straight path."""
        row = self._db.execute(
            "SELECT content FROM instructions WHERE system = ? AND dossier_code IN (?, ?) ORDER BY dossier_code = ?",
            (system, dossier_code, EVERY_DOSSIER, EVERY_DOSSIER),
        ).fetchone()
        return Instruction.model_validate_json(row["content"]) if row else Instruction()

    def take_failure(self, dossier_code: str, system: System) -> Instruction | None:
        """The instruction, if this message is one of those that must fail."""
        instruction = self.instruction(dossier_code, system)
        row = self._db.execute(
            "SELECT count FROM failures WHERE dossier_code = ? AND system = ?", (dossier_code, system)
        ).fetchone()
        if (row["count"] if row else 0) >= instruction.fail_times:
            return None
        self._db.execute(
            "INSERT INTO failures VALUES (?, ?, 1) ON CONFLICT (dossier_code, system) DO UPDATE SET count = count + 1",
            (dossier_code, system),
        )
        return instruction

    # Legal time

    def note_sent_at(self, dossier_code: str, sent_at: datetime) -> None:
        """Learn a dossier's legal time from a message: sent_at minus our clock, the largest seen.

        A message sent again carries its old time, and legal time never goes back, so a smaller one says nothing.
        """
        seconds = (sent_at - datetime.now(UTC)).total_seconds()
        self._db.execute(
            "INSERT INTO offsets VALUES (?, ?) "
            "ON CONFLICT (dossier_code) DO UPDATE SET seconds = max(seconds, excluded.seconds)",
            (dossier_code, seconds),
        )

    def legal_now(self, dossier_code: str) -> datetime:
        """Legal time as this dossier's messages have it (REQUIREMENTS §6.10)."""
        return datetime.now(UTC) + timedelta(seconds=self._offset(dossier_code) or 0)

    def _offset(self, dossier_code: str) -> float | None:
        row = self._db.execute("SELECT seconds FROM offsets WHERE dossier_code = ?", (dossier_code,)).fetchone()
        return float(row["seconds"]) if row else None

    # Answers

    def new_course(self, name: str) -> str:
        """A course of that name, numbered if there has been one already."""
        number = self.next_number(f"course {name}")
        return name if number == 1 else f"{name}.{number}"

    def owe(self, answers: tuple[Answer, ...]) -> None:
        """Write down the events of a course; the first is due after its delay, each other after the one before it."""
        for answer in answers:
            self._db.execute(
                "INSERT INTO answers (message_id, course, position, dossier_code, system, step, delay, due, state,"
                " attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                (
                    answer.message_id,
                    answer.course,
                    answer.position,
                    answer.dossier_code,
                    answer.system,
                    answer.step,
                    answer.delay,
                    time() + answer.delay if answer.position == 0 else None,
                    answer.state,
                ),
            )

    def open_courses(self) -> tuple[str, ...]:
        """The courses that still owe events."""
        rows = self._db.execute(f"SELECT DISTINCT course FROM answers WHERE {_OWED}")
        return tuple(row["course"] for row in rows)

    def next_answer(self, course: str) -> Answer | None:
        """The next event of a course: to be sent or, if it is to get lost, to happen."""
        row = self._db.execute(
            f"SELECT * FROM answers WHERE course = ? AND {_OWED} ORDER BY position LIMIT 1", (course,)
        ).fetchone()
        return _answer(row) if row else None

    def answers(self, course: str) -> tuple[Answer, ...]:
        """The events of a course, in their order."""
        rows = self._db.execute("SELECT * FROM answers WHERE course = ? ORDER BY position", (course,))
        return tuple(_answer(row) for row in rows)

    def happened(self, course: str) -> tuple[tuple[str, str], ...]:
        """The steps that have happened in a course so far, each with its event, sent or lost."""
        rows = self._db.execute(
            "SELECT step, body FROM answers WHERE course = ? AND body IS NOT NULL ORDER BY position", (course,)
        )
        return tuple((row["step"], row["body"]) for row in rows)

    def turn(self, course: str, of: AnswerState, into: AnswerState, after: int = -1) -> bool:
        """Put the events of a course that stand so, beyond a position, into another state; False if there are none."""
        cursor = self._db.execute(
            "UPDATE answers SET state = ? WHERE course = ? AND state = ? AND position > ?", (into, course, of, after)
        )
        return cursor.rowcount > 0

    def seconds_until_due(self, answer: Answer) -> float:
        """How long until the event is due; from now on that is fixed, restart or not."""
        (due,) = self._db.execute(
            "UPDATE answers SET due = ifnull(due, ?) WHERE message_id = ? RETURNING due",
            (time() + answer.delay, answer.message_id),
        ).fetchone()
        return max(0.0, float(due) - time())

    def composed(self, answer: Answer) -> str | None:
        """The body of the event, if it was composed before."""
        (body,) = self._db.execute("SELECT body FROM answers WHERE message_id = ?", (answer.message_id,)).fetchone()
        return str(body) if body is not None else None

    def keep_composed(self, answer: Answer, body: str) -> None:
        """Keep the body, so that every attempt sends the same."""
        self._db.execute("UPDATE answers SET body = ? WHERE message_id = ?", (body, answer.message_id))

    def note_attempt(self, answer: Answer, state: AnswerState, problem: str | None) -> None:
        """What became of sending the event once."""
        self._db.execute(
            "UPDATE answers SET attempts = attempts + 1, state = ?, problem = ? WHERE message_id = ? AND state = ?",
            (state, problem, answer.message_id, AnswerState.WAITING),
        )

    # Views

    def dossier(self, code: str) -> DossierBook:
        """Everything about one dossier."""
        deliveries = self.entries(Delivery, code)

        def of(kind: DispatchKind) -> tuple[Delivery, ...]:
            return tuple(delivery for delivery in deliveries if delivery.kind is kind)

        rows = self._db.execute("SELECT * FROM answers WHERE dossier_code = ? ORDER BY rowid", (code,))
        return DossierBook(
            dossier_code=code,
            offset_seconds=self._offset(code),
            intakes=self.entries(Intake, code),
            registrations=self.entries(Registration, code),
            follow_ups=self.entries(FollowUpTaken, code),
            replaced=self.entries(DocumentReplaced, code),
            notices=of(DispatchKind.NOTICE),
            results=of(DispatchKind.RESULT),
            paper_orders=of(DispatchKind.PAPER_ORDER),
            statuses=self.entries(StatusTaken, code),
            people=self.entries(PeopleAsked, code),
            notices_asked=self.entries(NoticeAsked, code),
            consents=self.entries(ConsentAsked, code),
            payment_requests=self.entries(PaymentAsked, code),
            payments=self.entries(Payment, code),
            requests=self.entries(RequestSeen, code),
            answers=tuple(_answer(row) for row in rows),
        )

    def summary(self) -> BookSummary:
        """The whole book in numbers."""
        codes = self._db.execute("SELECT DISTINCT dossier_code FROM records ORDER BY dossier_code")
        return BookSummary(
            dossiers=tuple(row["dossier_code"] for row in codes),
            systems={system: self._system_summary(system) for system in System},
        )

    def _system_summary(self, system: System) -> SystemSummary:
        def count(model: type[Record], condition: str = "1") -> int:
            query = f"SELECT count(*) FROM records WHERE kind = ? AND system = ? AND {condition}"
            (number,) = self._db.execute(query, (model.__name__, system)).fetchone()
            return int(number)

        answers = self._db.execute("SELECT state, count(*) FROM answers WHERE system = ? GROUP BY state", (system,))
        return SystemSummary(
            requests=count(RequestSeen),
            repeats=count(RequestSeen, "json_extract(content, '$.repeat')"),
            intakes=count(Intake),
            registrations=count(Registration),
            deliveries=count(Delivery),
            answers={AnswerState(state): number for state, number in answers},
        )


def _answer(row: sqlite3.Row) -> Answer:
    return Answer.model_validate({name: row[name] for name in Answer.model_fields})
