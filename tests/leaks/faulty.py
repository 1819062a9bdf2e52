"""A worker whose work fails with what must not be told in the exception: `python -m tests.leaks.faulty FILE`.

The file has the words, which are so neither in its arguments nor in its environment. The first publication, the first
call of an agency and the first view of each dossier fail with them; everything goes well when it is tried again.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from temporalio import workflow

import worker
from activities.adapters import Adapters
from ledger.store import Ledger
from processes.lifecycle import leave
from workflows.visibility import Display


def _failing_first(work: Callable[..., Any], words: str, whose: Callable[..., str]) -> Callable[..., Any]:
    failed: set[str] = set()

    def once(*arguments: Any) -> Any:
        code = whose(*arguments)
        if code in failed:
            return work(*arguments)
        failed.add(code)
        try:
            raise KeyError(words)
        except KeyError as cause:
            raise RuntimeError(f"{code}: {words}") from cause

    return once


def _of_workflow(*_: Any) -> str:
    return workflow.info().workflow_id


if __name__ == "__main__":
    words = Path(sys.argv[1]).read_text("utf-8")
    patches = (
        patch.object(Ledger, "publish", _failing_first(Ledger.publish, words, lambda _, news, *more: str(news.code))),
        patch.object(
            Adapters, "deliver", _failing_first(Adapters.deliver, words, lambda _, one, *more: str(one.channel))
        ),
        patch.object(Display, "show", _failing_first(Display.show, words, _of_workflow)),
    )
    for one in patches:
        one.start()
    leave(worker.main([]))
