"""Judging papers with limits: in a process of its own, whose memory and time are bounded.

A few kilobytes of PDF can unpack to gigabytes or lead a parser in circles. The process is started with the first paper
and serves all that follow; it ends when whoever started it does.
"""

import json
import resource
import signal
import subprocess
import sys
import threading
from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from asn1crypto import crl, x509

from models.documents import Document, MediaType
from models.sealing import seal_rules, treated
from models.signatures import Seal, SignatureOutcome
from settings import Settings
from trust.papers import judge
from trust.roots import TrustStore

CPU_SECONDS = 5.0
"""What one paper may take; usual ones take a hundredth. Not by the clock: a busy machine is no fault of the paper's."""

PATIENCE = 60.0
"""Seconds by the clock after which a process is given up, whatever it does."""

MEMORY = 1024**3
"""Bytes of address space for judging."""

_THE_PAPERS_FAULT = frozenset({-signal.SIGPROF, -signal.SIGSEGV, -signal.SIGABRT})
"""How the process ends of a paper that takes too long or that its parser does not survive."""

_TOO_MUCH = Seal(
    outcome=SignatureOutcome.UNVERIFIABLE, says="Tệp PDF quá phức tạp, không kiểm tra được trong giới hạn cho phép."
)

_NO_PDF = Seal(outcome=SignatureOutcome.NONE, says="Không phải tệp PDF có chữ ký số.")


class Papers:
    """What papers are worth that come from outside, by whom this system trusts and at legal time."""

    def __init__(self, trust: TrustStore, training_offset: timedelta = timedelta(), *, training: bool = False) -> None:
        self._examiner = Examiner(trust)
        self._training_offset = training_offset
        self._training = training

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the settings say. Raises TrustUnusable."""
        return cls(
            TrustStore.load(settings.trust_roots, settings.revocation_lists),
            settings.training_offset,
            training=settings.training,
        )

    def sealed(self, document: Document, content: bytes, sent_at: datetime | None) -> Document:
        """The document with what its signatures are worth, if its kind is judged; whoever claims to know is not heard.

        `sent_at` is the legal time its sender speaks at: it is believed in training only, where time that is skipped
        runs ahead of ours. Raises OSError when nobody can judge.
        """
        if document.kind not in seal_rules():
            return document.model_copy(update={"seal": None})
        now = datetime.now(UTC) + self._training_offset
        now = max(now, sent_at) if sent_at and self._training else now
        found = self._examiner.judge(content, now) if document.media_type is MediaType.PDF else _NO_PDF
        return document.model_copy(update={"seal": treated(document.kind, found)})

    def close(self) -> None:
        """Judge no more."""
        self._examiner.close()


class Examiner:
    """Judges one paper at a time, from any thread."""

    def __init__(self, trust: TrustStore, cpu_seconds: float = CPU_SECONDS) -> None:
        self._trust = trust
        self._cpu_seconds = cpu_seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def judge(self, content: bytes, now: datetime) -> Seal:
        """As `papers.judge`, within the limits; what goes beyond them is not verifiable.

        Raises OSError when the process cannot be started, or ends for no fault of the paper's.
        """
        with self._lock:
            for _ in range(2):  # one that somebody else has ended is replaced
                if answer := self._ask(content, now):
                    return Seal.model_validate_json(answer)
                if self._end() in _THE_PAPERS_FAULT:
                    return _TOO_MUCH
            raise OSError("the process that judges papers was ended twice")

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, content: bytes, now: datetime) -> bytes:
        """The answer, or nothing."""
        child = self._child = self._child or self._started()
        order = {"size": len(content), "now": now.isoformat(), "cpu_seconds": self._cpu_seconds}
        return _exchange(child, json.dumps(order).encode() + b"\n" + content)

    def _started(self) -> "subprocess.Popen[bytes]":
        """A process that is ready. Raises OSError."""
        child = subprocess.Popen(
            (sys.executable, "-m", "trust.examiner"),
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for whoever started it
        )
        self._child = child
        trusted = {
            "roots": [_text(root) for root in self._trust.roots],
            "lists": [_text(one) for one in self._trust.revocation_lists],
        }
        if not _exchange(child, json.dumps(trusted).encode() + b"\n"):
            self._end()
            raise OSError("the process that judges papers does not start")
        return child

    def _end(self) -> int | None:
        """End the process; its exit code, which tells why if it had ended before."""
        child, self._child = self._child, None
        if child is None:
            return None
        child.kill()
        with suppress(BrokenPipeError):
            child.communicate()
        return child.returncode


def _exchange(child: "subprocess.Popen[bytes]", said: bytes) -> bytes:
    """A line for an answer; nothing when the process has ended, or is ended because it does not answer."""
    assert child.stdin
    assert child.stdout
    watch = threading.Timer(PATIENCE, child.kill)
    watch.start()
    try:
        child.stdin.write(said)
        child.stdin.flush()
        return child.stdout.readline()
    except BrokenPipeError:
        return b""
    finally:
        watch.cancel()


def _text(structure: x509.Certificate | crl.CertificateList) -> str:
    return b64encode(structure.dump()).decode("ascii")


def _serve() -> None:
    """Judge what comes in until nothing more does."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    ins, out = sys.stdin.buffer, sys.stdout.buffer
    trusted = json.loads(ins.readline())
    trust = TrustStore(
        tuple(x509.Certificate.load(b64decode(root)) for root in trusted["roots"]),
        tuple(crl.CertificateList.load(b64decode(one)) for one in trusted["lists"]),
    )
    out.write(b"ready\n")
    out.flush()
    while line := ins.readline():
        order = json.loads(line)
        content, now = ins.read(order["size"]), datetime.fromisoformat(order["now"])
        signal.setitimer(signal.ITIMER_PROF, order["cpu_seconds"])  # SIGPROF ends the process
        seal = judge(content, trust, now)
        signal.setitimer(signal.ITIMER_PROF, 0)
        out.write(seal.model_dump_json().encode() + b"\n")
        out.flush()


if __name__ == "__main__":
    _serve()
