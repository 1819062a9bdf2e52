"""`lienthong keys`: the master keys, made, changed and put to use; `lienthong erase`: one dossier's key destroyed."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.context import open_documents, open_ledger, told
from cli.output import Exit, JsonOption, emit_json, fail, say
from ledger.engine import check_schema, open_engine
from ledger.errors import DatabaseUnusable, DocumentDamaged, NotErasable, UnknownDossier
from ledger.known_keys import known_keys
from models.audit import Action
from models.base import Model
from models.erasure import ErasureOrder
from models.words import when
from settings import Settings
from trust.key_errors import MasterKeysUnusable
from trust.keys import MASTER_KEYS, new_master_key, secret_of, write_secret
from trust.masters import KeyRing

_HELP = """Khóa chủ: mọi dữ liệu cá nhân trong sổ, trong Temporal và giấy tờ được niêm phong bằng khóa lấy từ đây.

Mất khóa là mất dữ liệu: sao lưu tệp khóa ở nơi khác với sổ. Đổi khóa không phải dừng hệ thống: `keys new` một lần,
chép tệp cho mọi máy, rồi `keys use` ở mọi máy, rồi `keys reseal`. Khóa cũ giữ lại cho lịch sử trong Temporal.
"""

_NEW_HELP = """Thêm một khóa mới vào tệp khóa. Chưa có khóa nào thì nó được dùng ngay, nếu không: `keys use`.

Ví dụ:

  lienthong keys new k2
"""

_USE_HELP = """Từ nay niêm phong bằng khóa này; các khóa khác vẫn mở được dữ liệu cũ. Không phải khởi động lại gì.

Ví dụ:

  lienthong keys use k2
"""

_LIST_HELP = """Mã các khóa, khóa đang dùng, và số dòng trong sổ còn để rõ hoặc niêm phong bằng khóa khác.

Ví dụ:

  lienthong keys list

  lienthong keys list --json
"""

_RESEAL_HELP = """Niêm phong lại sổ và giấy tờ bằng khóa đang dùng.

Dành cho dữ liệu có từ trước khi có niêm phong, hoặc niêm phong bằng khóa cũ.
Chạy khi hệ thống đang chạy cũng được; dừng giữa chừng thì chạy lại.

Ví dụ:

  lienthong keys reseal
"""


class Keys(Model):
    """What keys there are; `rows_behind` of the ledger are in the clear or sealed by another than the current one."""

    current: str
    others: tuple[str, ...]
    rows_behind: int | None = None


class Resealed(Model):
    """What `keys reseal` prints."""

    rows: int
    documents: int


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(no_args_is_help=True, help=_HELP)
    keys.command("new", help=_NEW_HELP)(new)
    keys.command("use", help=_USE_HELP)(use)
    keys.command("list", help=_LIST_HELP)(list_keys)
    keys.command("reseal", help=_RESEAL_HELP)(reseal)
    app.add_typer(keys, name="keys")
    app.command("erase")(erase)


def new(
    key_id: Annotated[str, typer.Argument(metavar="MÃ", help="Mã của khóa mới: chữ không dấu, số, gạch nối.")],
    as_json: JsonOption = False,
) -> None:
    """A new key in the file, the last."""
    settings = _settings_with_file(as_json)
    entries = _entries(settings)
    if not entries:
        _expect_nothing_sealed(settings, as_json)
    _put([*entries, new_master_key(key_id)], settings, as_json)


def use(
    key_id: Annotated[str, typer.Argument(metavar="MÃ", help="Mã của khóa, xem: lienthong keys list.")],
    as_json: JsonOption = False,
) -> None:
    """A key put first."""
    settings = _settings_with_file(as_json)
    entries = _entries(settings)
    chosen = [entry for entry in entries if entry.partition(":")[0] == key_id]
    if not chosen:
        fail(Exit.NOT_FOUND, f"Không có khóa {key_id}.", "Xem: lienthong keys list", as_json=as_json)
    ledger, ordered = open_ledger(settings, as_json=as_json), [*chosen, *(one for one in entries if one not in chosen)]
    ledger.keys.masters.with_others(KeyRing.read(ordered)).expect_right()
    ledger.note(told(settings, Action.KEYS_CHANGED, key=key_id))
    _put(ordered, settings, as_json)


def list_keys(as_json: JsonOption = False) -> None:
    """Which keys there are, and what is behind."""
    settings = Settings()
    ledger = open_ledger(settings, as_json=as_json)
    current = ledger.keys.masters.current
    ids = [entry.partition(":")[0] for entry in _entries(settings)]
    keys = Keys(
        current=current,
        others=tuple(key_id for key_id in ids if key_id != current),
        rows_behind=ledger.sealed_otherwise(),
    )
    if as_json:
        emit_json(keys)
        return
    say(f"Đang dùng: {keys.current}.", f"Khóa khác trong tệp: {', '.join(keys.others) or 'không có'}.")
    if keys.rows_behind:
        say(f"{keys.rows_behind} dòng trong sổ chưa niêm phong bằng khóa đang dùng: lienthong keys reseal.")


def reseal(as_json: JsonOption = False) -> None:
    """Everything under the current key."""
    settings = Settings()
    ledger = open_ledger(settings, as_json=as_json)
    try:
        done = Resealed(rows=ledger.reseal(), documents=open_documents(settings).reseal())
    except DocumentDamaged as error:
        fail(Exit.FAILED, str(error), as_json=as_json)
    ledger.note(told(settings, Action.KEYS_CHANGED, key=ledger.keys.masters.current, resealed=str(done.rows)))
    if as_json:
        emit_json(done)
    else:
        say(f"Đã niêm phong lại {done.rows} dòng của sổ, {done.documents} giấy tờ.")


def erase(
    code: Annotated[str, typer.Argument(help="Mã hồ sơ đã kết thúc.")],
    reason: Annotated[str, typer.Option(help="Vì sao hủy; được ghi vào nhật ký.")],
    basis: Annotated[str, typer.Option(help="Căn cứ pháp lý, ví dụ “Luật 91/2025/QH15 Điều 14”.")],
    operator: Annotated[str | None, typer.Option(help="Mã người quyết định; mặc định: LIENTHONG_OPERATOR.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Không hỏi lại.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Hủy dữ liệu cá nhân của một hồ sơ: khóa của hồ sơ bị hủy, không ai đọc lại được nữa. Không hoàn lại được.

    Chỉ với hồ sơ đã kết thúc, mọi kết quả đã gửi xong. Còn lại: mã, ngày, trạng thái để thống kê, và nhật ký.
    Tiến trình khác còn nhớ khóa nhiều nhất một phút. Bản sao lưu cũ còn giữ khóa: xem docs/running.md.

    Ví dụ:

      \b
      lienthong erase G22.99.08-261119-000001 --operator vh-01 --yes \\
        --reason "Hết thời hạn lưu trữ" --basis "Luật 91/2025/QH15 Điều 14"
    """
    settings = Settings()
    try:
        order = ErasureOrder(code=code, operator=operator or settings.operator, because=reason, basis=basis)
    except ValidationError as error:
        names = {"because": "--reason", "basis": "--basis", "operator": "--operator", "code": "mã hồ sơ"}
        wrong = sorted({names[str(problem["loc"][0])] for problem in error.errors()})
        fail(Exit.USAGE, f"Thiếu hoặc sai: {', '.join(wrong)}.", as_json=as_json)
    ledger, documents = open_ledger(settings, as_json=as_json), open_documents(settings)
    if not yes and not typer.confirm(f"Hủy vĩnh viễn dữ liệu của hồ sơ {code}?", err=True):
        fail(Exit.REFUSED, "Chưa hủy gì.", as_json=as_json)
    began = datetime.now(UTC)
    try:
        erased = ledger.erase(order, began)
    except UnknownDossier as error:
        fail(Exit.NOT_FOUND, str(error), "Xem danh sách: lienthong list", as_json=as_json)
    except NotErasable as error:
        fail(Exit.REFUSED, str(error), as_json=as_json)
    for sha256 in erased.documents:
        documents.discard(sha256, unless_kept_since=began)  # somebody may just be declaring with the same paper
    if as_json:
        emit_json(erased)
    else:
        say(f"Dữ liệu của hồ sơ {code} đã được hủy lúc {when(erased.at)}; {len(erased.documents)} giấy tờ đã xóa.")


def _expect_nothing_sealed(settings: Settings, as_json: bool) -> None:
    """The first key: a ledger that was sealed by another needs that one, not a new one."""
    try:
        engine = open_engine(settings.ledger_url, settings.connections("command"))
        check_schema(engine)
        sealed_by = known_keys(engine)
    except DatabaseUnusable:
        return
    if sealed_by:
        said = f"Sổ đã niêm phong bằng khóa {', '.join(sorted(sealed_by))}: phục hồi tệp khóa ấy, đừng tạo khóa mới."
        fail(Exit.REFUSED, said, as_json=as_json)


def _settings_with_file(as_json: bool) -> Settings:
    settings = Settings()
    if settings.master_keys or settings.key_service:
        fail(Exit.USAGE, "Khóa chủ ở biến môi trường hoặc dịch vụ khóa: đổi ở đó, không phải ở tệp.", as_json=as_json)
    return settings


def _entries(settings: Settings) -> list[str]:
    if settings.key_service:
        return []
    if settings.master_keys:
        return settings.master_keys.get_secret_value().split(",")
    return (secret_of(settings.state / MASTER_KEYS) or "").split()


def _put(entries: list[str], settings: Settings, as_json: bool) -> None:
    """Write the file, if it is one that can be read again."""
    try:
        ring = KeyRing.read(entries)
    except MasterKeysUnusable as error:
        fail(Exit.USAGE, f"Không đổi gì: {error}.", as_json=as_json)
    write_secret(settings.state / MASTER_KEYS, "\n".join(entries) + "\n")
    ids = [entry.partition(":")[0] for entry in entries]
    if as_json:
        emit_json(Keys(current=ring.current, others=tuple(ids[1:])))
    else:
        say(f"Khóa đang dùng: {ring.current}; khóa khác: {', '.join(ids[1:]) or 'không có'}.")
