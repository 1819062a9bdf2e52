"""A dossier's trace as a tree for people: what was done under what, by which process, how long, and how it ended."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from cli.otlp import SeenSpan
from telemetry.traces import Fact

_MOST_ALIKE = 4
"""More successful siblings of one name than this become one line."""

_WIDTH = 74
_SERVICE_PREFIX = "lienthong-"

Children = Mapping[str, Sequence[SeenSpan]]


def tree(spans: Sequence[SeenSpan]) -> Iterator[str]:
    """The lines of the tree; a span whose parent never arrived stands at the top, since nothing may be hidden."""
    known = {span.span_id for span in spans}
    parent = {span.span_id: span.parent_id if span.parent_id in known else "" for span in spans}
    children = {at: [span for span in spans if parent[span.span_id] == at] for at in {"", *parent.values()}}
    for root in children[""]:
        yield _line("", root)
        yield from _below(root, children, "")


def _below(above: SeenSpan, children: Children, margin: str) -> Iterator[str]:
    entries = list(_entries(children.get(above.span_id, ()), children))
    for number, alike in enumerate(entries):
        last = number == len(entries) - 1
        branch = margin + ("└─ " if last else "├─ ")
        if len(alike) > 1:
            yield _summary(branch, alike)
            continue
        yield _line(branch, alike[0])
        yield from _below(alike[0], children, margin + ("   " if last else "│  "))


def _entries(siblings: Sequence[SeenSpan], children: Children) -> Iterator[Sequence[SeenSpan]]:
    """The siblings in order; many alike, in which nothing failed, as one entry at the place of the first."""
    sound = [span for span in siblings if _sound(span, children)]
    counted = {name: list(alike) for name, alike in groupby(sorted(sound, key=_name), key=_name)}
    grouped = {name for name, alike in counted.items() if len(alike) > _MOST_ALIKE}
    for span in siblings:
        if span.name not in grouped or not _sound(span, children):
            yield [span]
        elif span is counted[span.name][0]:
            yield counted[span.name]


def _sound(span: SeenSpan, children: Children) -> bool:
    return not span.failed and all(_sound(child, children) for child in children.get(span.span_id, ()))


def _name(span: SeenSpan) -> str:
    return span.name


def _line(branch: str, span: SeenSpan) -> str:
    said = " ".join(filter(None, (span.name, span.fact(Fact.LEG) or span.fact(Fact.STEP))))
    attempt = span.fact(Fact.ATTEMPT)
    again = f" (lần {attempt})" if attempt not in ("", "1") else ""
    ended = _mishap(span) if span.fact(Fact.ERROR) else span.fact(Fact.OUTCOME) or span.fact(Fact.STATUS)
    return _columns(f"{branch}{said}{again}", span.service, _duration(span.ended - span.started), ended)


def _summary(branch: str, alike: Sequence[SeenSpan]) -> str:
    systems = sorted({span.fact(Fact.SYSTEM) for span in alike} - {""})
    where = f" ({', '.join(systems)})" if systems else ""
    total = sum(span.ended - span.started for span in alike)
    return _columns(f"{branch}{alike[0].name} ×{len(alike)}{where}", alike[0].service, _duration(total), "")


def _mishap(span: SeenSpan) -> str:
    return f"{'LỖI' if span.failed else 'chưa được'}: {span.fact(Fact.ERROR)}"


def _columns(what: str, service: str, duration: str, ended: str) -> str:
    return f"{what:<{_WIDTH}} {service.removeprefix(_SERVICE_PREFIX):<9} {duration:>8}  {ended}".rstrip()


def _duration(nanoseconds: int) -> str:
    milliseconds = nanoseconds / 1e6
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"
