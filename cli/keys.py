"""`lienthong keys`: the master keys, made, changed and put to use; `lienthong erase`: one dossier's key destroyed."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.context import open_documents, open_ledger
from cli.output import Exit, JsonOption, emit_json, fail, say
from cli.refusals import refusals_told
from cli.undertakings import undertaking
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
Chạy khi hệ thống đang chạy cũng được; dừng giữa chừng thì chạy lại. Đang đổi khóa thì chỉ chạy khi mọi máy đã dùng
khóa mới: từ đó, dòng nhật ký kiểm toán nào ghi bằng khóa cũ là giả.

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


_STILL_IN_THE_FILE = (
    "Không ai dùng được khóa của hồ sơ nữa, giấy tờ đã xóa; nhưng khóa còn nằm trong tệp -wal của sổ, vì một tiến trình"
    " đang đọc sổ.",
    "Chạy lại lệnh này khi tiến trình đó đọc xong (ví dụ backup), cho đến khi không còn báo như vậy.",
)


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
    extended = _readable([*entries, new_master_key(key_id)], as_json)
    if entries:
        with undertaking(open_ledger(settings, as_json=as_json), settings, Action.KEYS_CHANGED, new=key_id) as said:
            _put(extended, settings)
            said["added"] = key_id
    else:  # there is no trail yet: this key is what its first line is bound by
        _expect_nothing_sealed(settings, as_json)
        _put(extended, settings)
    _print(extended, as_json)


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
    ordered = _readable([*chosen, *(one for one in entries if one not in chosen)], as_json)
    ledger = open_ledger(settings, as_json=as_json)
    ledger.keys.masters.with_others(KeyRing.read(ordered)).expect_right()
    with undertaking(ledger, settings, Action.KEYS_CHANGED, use=key_id) as said:
        _put(ordered, settings)
        said["key"] = key_id
    _print(ordered, as_json)


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
    ledger, documents = open_ledger(settings, as_json=as_json), open_documents(settings)
    masters = ledger.keys.masters
    try:
        with undertaking(ledger, settings, Action.KEYS_CHANGED, reseal=masters.current) as said:
            done = Resealed(rows=ledger.reseal(), documents=documents.reseal())
            said |= {"key": masters.current, "resealed": str(done.rows)}
    except DocumentDamaged as error:
        fail(Exit.FAILED, str(error), as_json=as_json)
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
    Tiến trình khác còn nhớ khóa nhiều nhất một phút. Bản sao cũ của sổ còn giữ khóa, bản sao cũ của kho còn giữ giấy
    tờ: xem docs/running.md. Chạy lại được: làm nốt việc chưa xong.

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
    try:
        with refusals_told(ledger, order.operator, "erase", order.because, code):
            erased = ledger.erase(order, datetime.now(UTC))
    except UnknownDossier as error:
        fail(Exit.NOT_FOUND, str(error), "Xem danh sách: lienthong list", as_json=as_json)
    except NotErasable as error:
        fail(Exit.REFUSED, str(error), as_json=as_json)
    try:
        ledger.let_go(documents, erased.documents)
    except OSError as error:
        again = "Khóa của hồ sơ đã hủy, nhưng chưa xóa được giấy tờ của hồ sơ; chạy lại lệnh này"
        fail(Exit.FAILED, f"{again}: {error.strerror}.", as_json=as_json)
    if not erased.overwritten:
        fail(Exit.FAILED, *_STILL_IN_THE_FILE, as_json=as_json)
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


def _readable(entries: list[str], as_json: bool) -> list[str]:
    """The entries, if a file of them can be read again; the command ends when not."""
    try:
        KeyRing.read(entries)
    except MasterKeysUnusable as error:
        fail(Exit.USAGE, f"Không đổi gì: {error}.", as_json=as_json)
    return entries


def _put(entries: list[str], settings: Settings) -> None:
    write_secret(settings.state / MASTER_KEYS, "\n".join(entries) + "\n")


def _print(entries: list[str], as_json: bool) -> None:
    current, *others = [entry.partition(":")[0] for entry in entries]
    if as_json:
        emit_json(Keys(current=current, others=tuple(others)))
    else:
        say(f"Khóa đang dùng: {current}; khóa khác: {', '.join(others) or 'không có'}.")
