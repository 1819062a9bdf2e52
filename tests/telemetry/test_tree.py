"""A trace as a tree for people."""

from typing import Any

from cli.otlp import SeenSpan
from cli.trace_tree import tree


def span(name: str, id_: str, parent: str = "", **more: Any) -> SeenSpan:
    at = int(id_) * 1_000_000
    given = {"failed": False, "facts": {}, "links": (), "raw": b"", "started": at, "ended": at + 5_000_000}
    return SeenSpan.model_validate(
        {"service": "lienthong-worker", "name": name, "trace_id": "t", "span_id": id_, "parent_id": parent}
        | given
        | more
    )


def shown(*spans: SeenSpan) -> list[str]:
    return [" ".join(line.split()) for line in tree(spans)]


def test_children_are_under_their_parents_with_service_duration_and_end() -> None:
    spans = (
        span("submission", "1", service="lienthong-cli"),
        span("send_leg", "2", "1", facts={"dossier.leg": "birth_registration", "dossier.attempt": 2}),
        span("POST provincial", "3", "2", failed=True, facts={"error.type": "AgencyUnavailable"}),
        span("concluded", "4", "1", ended=2_504_000_000, facts={"dossier.outcome": "completed"}),
        span("check", "5", "1", facts={"error.type": "NotReady"}),
    )
    assert shown(*spans) == [
        "submission cli 5 ms",
        "├─ send_leg birth_registration (lần 2) worker 5 ms",
        "│ └─ POST provincial worker 5 ms LỖI: AgencyUnavailable",
        "├─ concluded worker 2.5 s completed",
        "└─ check worker 5 ms chưa được: NotReady",
    ]


def test_many_alike_are_one_line_but_what_failed_inside_stands_alone() -> None:
    facts = [{"dossier.system": "sms"}, {"dossier.system": "portal"}] * 3
    many = [span("dispatch", str(number), "1", facts=facts[number - 2]) for number in range(2, 8)]
    inside = span("POST sms", "9", "3", failed=True, facts={"error.type": "AgencyRejected"})
    assert shown(span("workflow", "1"), *many, inside) == [
        "workflow worker 5 ms",
        "├─ dispatch ×5 (portal, sms) worker 25 ms",
        "└─ dispatch worker 5 ms",
        " └─ POST sms worker 5 ms LỖI: AgencyRejected".strip(),
    ]


def test_a_span_whose_parent_never_came_is_shown_all_the_same() -> None:
    assert shown(span("workflow", "2", "1"), span("publish", "3", "2")) == [
        "workflow worker 5 ms",
        "└─ publish worker 5 ms",
    ]


def test_nothing_is_an_empty_tree() -> None:
    assert shown() == []
