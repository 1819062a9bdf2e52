"""The command that lists what agencies may demand of citizens, and on what grounds (the return gate's data)."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import Exit, GroupOption, JsonOption, emit_json, fail, table
from models.base import legal
from models.gate import Gate, gate_of
from models.groups import Group
from models.law import LawError, pack_in_force
from models.words import listed
from settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("grounds")(grounds)


def grounds(
    on: Annotated[
        str | None, typer.Option(help="Ngày hồ sơ được tiếp nhận (năm-tháng-ngày); mặc định hôm nay.")
    ] = None,
    group: GroupOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mã lý do, giấy tờ cơ quan được và không được dùng. Khi yêu cầu bổ sung, trả lại, từ chối; của từng nhóm.

    Ví dụ:

      lienthong grounds

      lienthong grounds --group death

      lienthong grounds --on 2026-06-30 --json
    """
    try:
        today = legal(datetime.now(UTC) + Settings().training_offset)
        day = datetime.fromisoformat(on).date() if on else today.date()
        gates = [gate_of(pack_in_force(day), one) for one in ([group] if group else Group)]
    except ValueError as error:
        text = str(error) if isinstance(error, LawError) else f"Không đọc được ngày “{on}”; ghi như 2026-11-19."
        fail(Exit.USAGE, text, as_json=as_json)
    if as_json:
        emit_json(gates)
        return
    for gate in gates:
        _print(gate)


def _print(gate: Gate) -> None:
    of_group = f"{gate.group.label}, gói luật {gate.pack}"
    rows = [(r.code, r.label, listed(_LEADS_TO[way] for way in r.leads_to), r.basis) for r in gate.reasons]
    table(f"Lý do ({of_group})", ("Mã", "Lý do", "Dẫn tới", "Căn cứ"), rows)
    documents = [(d.code, d.label, "được" if d.ask else "KHÔNG", d.basis) for d in gate.documents]
    table(f"Giấy tờ ({of_group})", ("Mã", "Giấy tờ", "Được yêu cầu", "Căn cứ"), documents)


_LEADS_TO = {"supplement": "bổ sung", "refusal": "từ chối"}
