"""An operator has the running dossier go over to another law pack, on the record (REQUIREMENTS §9, §10).

The law is resolved anew by an activity, for the dossier as it stands; should it have moved meanwhile, once more. What
has begun keeps its course (`models.migrating`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from models.base import legal, legal_date
from models.dossier import Leg
from models.facts import FactRefusal, FactRefused, PackMigration
from models.migration import Migration, MigrationQuery
from models.publication import Notice
from models.words import listed, when
from workflows import ports
from workflows.completing import ask_to_complete

if TYPE_CHECKING:
    from workflows.dossier import DossierWorkflow


async def resolved_anew(dossier: "DossierWorkflow", act: PackMigration) -> Migration:
    """The dossier under the other pack, as it stands when this returns. Raises FactRefused."""
    while True:
        migrate_effect(dossier, act, None)
        query = _query(dossier, act)
        answer = await dossier.compute(ports.migrate_plan, query, f"Áp dụng gói luật {act.pack}")
        if _query(dossier, act).model_copy(update={"now": query.now}) == query:
            return answer


def migrate_effect(dossier: "DossierWorkflow", act: PackMigration, answer: Migration | None) -> Callable[[], None]:
    """What going over does; the answer is None before the law was asked. Raises FactRefused."""
    plan = dossier.required_plan
    if act.pack == plan.pack:
        raise FactRefused(FactRefusal.CONTRADICTS, f"Hồ sơ đang theo gói luật {plan.pack}.")
    if dossier.clock is None:
        text = "Gói luật của hồ sơ được xác định khi hệ thống cấp tỉnh tiếp nhận; trước đó chưa có gì để chuyển."
        raise FactRefused(FactRefusal.OUT_OF_TURN, text)
    if dossier.stop or all(leg.ended for leg in dossier.legs.values()):
        raise FactRefused(FactRefusal.ENDED, "Không còn thủ tục nào để chuyển sang gói luật khác.")
    if answer and answer.problem:
        raise FactRefused(FactRefusal.NOT_PERMITTED, answer.problem)
    return lambda: _go_over(dossier, answer) if answer else None


def _query(dossier: "DossierWorkflow", act: PackMigration) -> MigrationQuery:
    assert dossier.clock is not None
    begun = {key: leg for key, leg in dossier.legs.items() if leg.sent_at or leg.ended}
    return MigrationQuery(
        code=dossier.code,
        revision=dossier.revision,
        pack=act.pack,
        plan=dossier.required_plan,
        begun=tuple(begun),
        asked=tuple(key for key, leg in dossier.legs.items() if leg.consents),
        owed={key: due for key, leg in begun.items() if leg.undecided and (due := leg.due or leg.expected)},
        attached=tuple(sorted(dossier.attached)),
        notice=dossier.notice_found.state if dossier.notice_found else None,
        on=dossier.submitted_on,
        received_on=legal_date(dossier.clock.entries[0].at),
        now=dossier.time.now(),
    )


def _go_over(dossier: "DossierWorkflow", answer: Migration) -> None:
    before, plan = dossier.required_plan, answer.plan
    assert plan is not None
    dossier.plan = plan
    dossier.plan_changed()
    for leg in plan.legs:
        now = dossier.legs.get(leg.key, Leg(key=leg.key))
        expected = answer.expected.get(leg.key)
        if expected or leg.key in answer.added:
            dossier.put(now.model_copy(update={"expected": expected}))
    ask_to_complete(dossier, answer.completed_by_agencies)
    dossier.warn(f"Đã chuyển từ gói luật {before.pack} sang {plan.pack}. Giữ nguyên: {_names(answer, answer.kept)}.")
    for warning in answer.warnings:
        dossier.warn(warning)
    dossier.tell(Notice.LAW_MIGRATED, law=answer.law.rstrip("."), changes=_changes(answer))


def _names(answer: Migration, keys: tuple[str, ...]) -> str:
    assert answer.plan is not None
    return listed(f"“{answer.plan.leg(key).name}”" for key in keys)


def _changes(answer: Migration) -> str:
    """What is new for the citizen: more procedures, other dates."""
    assert answer.plan is not None
    said = [
        f"{'thêm thủ tục ' if key in answer.added else ''}“{answer.plan.leg(key).name}”, dự kiến {when(legal(due.at))}"
        for key, due in answer.expected.items()
        if due.at
    ]
    words = "; ".join(said) or "các ngày hẹn không đổi"
    return words[0].upper() + words[1:]
