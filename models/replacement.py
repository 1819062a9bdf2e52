"""Results issued anew in place of those handed over before, as values (bản thay thế, REQUIREMENTS §§2, 7, 8).

`models.replacing` says what may replace what; `workflows.replacing` who is told, and how long is waited.
"""

from typing import Self

from pydantic import Field

from models.base import Code, Instant, LongText, Model
from models.clock import Due
from models.documents import Document, Sha256


class ReplacementRule(Model):
    """How many working days an agency has to say that it has put the new version in the place of the old [choice].

    By the 15:00 rule, as for any message to an agency. Once they are over nobody is waited for any more.
    """

    working_days: int = Field(ge=1)
    basis: LongText


class Telling(Model):
    """One new version (`sha256`) told to the agency that has `leg`.

    `void_since`: a newer version has made its acknowledgement unnecessary.
    """

    leg: Code
    sha256: Sha256
    acknowledged_at: Instant | None = None
    void_since: Instant | None = None

    @property
    def awaited(self) -> bool:
        return self.acknowledged_at is None and self.void_since is None


class Replacement(Model):
    """New versions of results of one leg. `number` rises by one within a dossier, also after it has concluded.

    `at` is the instant the agency states, `taken_at` ours, from which the agencies' limit runs. `superseded` are the
    versions replaced, `former_number` is the number they bear. `lapsed_at` is when the limit was over.
    """

    number: int = Field(ge=1)
    leg: Code
    at: Instant
    taken_at: Instant
    documents: tuple[Document, ...]
    superseded: tuple[Document, ...]
    registration_number: Code | None
    former_number: Code | None
    because: LongText | None
    tellings: tuple[Telling, ...]
    due: Due | None = None
    reminded: bool = False
    lapsed_at: Instant | None = None

    @property
    def awaited(self) -> tuple[Telling, ...]:
        """The acknowledgements that are missing, whether they are still waited for or not."""
        return tuple(telling for telling in self.tellings if telling.awaited)

    @property
    def awaited_legs(self) -> tuple[Code, ...]:
        """The legs whose agencies owe them."""
        return tuple(dict.fromkeys(telling.leg for telling in self.awaited))

    @property
    def pending(self) -> bool:
        """Whether acknowledgements are waited for."""
        return self.lapsed_at is None and bool(self.awaited)

    @property
    def next_step(self) -> Instant | None:
        """When there is something to do next: at once while it has no limit, to remind, to give up waiting."""
        if not self.pending:
            return None
        if self.due is None:
            return self.taken_at
        remind_at = self.due.remind_at
        return remind_at if remind_at and remind_at > self.taken_at and not self.reminded else self.due.at

    def void(self, shas: frozenset[str], at: Instant) -> Self:
        """The replacement when newer versions have replaced these of its documents."""
        return self.model_copy(
            update={
                "tellings": tuple(
                    telling.model_copy(update={"void_since": at})
                    if telling.sha256 in shas and telling.awaited
                    else telling
                    for telling in self.tellings
                )
            }
        )

    def joined(self, written: Self) -> Self:
        """The replacement as it stands, with what is written and never taken back: who acknowledged, what is void."""
        known = {(telling.leg, telling.sha256): telling for telling in written.tellings}
        return self.model_copy(
            update={"tellings": tuple(_joined(t, known.get((t.leg, t.sha256), t)) for t in self.tellings)}
        )


def replacement_id(code: Code, number: int) -> str:
    """The workflow of a replacement that came after its dossier had concluded."""
    return f"{code}/replacement/{number}"


def _joined(telling: Telling, written: Telling) -> Telling:
    return telling.model_copy(
        update={
            "acknowledged_at": telling.acknowledged_at or written.acknowledged_at,
            "void_since": telling.void_since or written.void_since,
        }
    )
