"""`lienthong backup`, `lienthong restore`: ledger, documents and keys into a folder, and back on an empty machine."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from cli import postgres
from cli.audit import wrong
from cli.context import acting, observe, open_ledger, told, user
from cli.output import Exit, JsonOption, emit_json, explain, fail, heading, say
from cli.stack import senders_file
from cli.undertakings import undertaking
from ledger.backup import Backup, BackupUnusable, Manifest, back_up
from ledger.copies import CopyFailed
from ledger.documents import DocumentStore
from ledger.engine import open_engine
from ledger.store import Ledger
from models.audit import Action, TrailHead, Verification
from models.base import Code, Instant, Model, legal_date
from settings import Settings
from trust.key_errors import MasterKeysUnusable
from trust.keys import HASH_KEY, MASTER_KEYS, master_keys
from trust.masters import KeyRing, MasterKeys

_CODE = re.compile(r"[A-Z0-9][A-Z0-9.]*-[0-9]{6}-[0-9]{6}")
_MASTERS = "master.keys"


class What(Model):
    """What a backup is of, in short."""

    made_at: Instant
    dossiers: int
    documents: int
    keys: tuple[Code, ...]


class BackedUp(What):
    """What `backup --json` prints; `head` is that of the audit trail."""

    folder: str
    head: str | None


class Restored(What):
    """What `restore --json` prints; `erased` counts the codes that were given."""

    erased: int
    trail: Verification


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    folder: Annotated[Path, typer.Argument(help="Thư mục mới, trên đĩa khác hoặc máy khác.")],
    with_keys: Annotated[
        bool, typer.Option("--keys/--without-keys", help="Kèm các tệp khóa; không kèm thì cất khóa riêng ở nơi khác.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Sao lưu sổ, kho giấy tờ và khóa khi hệ thống đang chạy. Bản sao có khóa thì ai cầm cũng đọc được: cất như khóa.

    PostgreSQL: chạy bằng chủ sở hữu các bảng, cần pg_dump cùng phiên bản máy chủ.

    Ví dụ:

      lienthong backup /sao-luu/2026-11-19

      lienthong backup /sao-luu/2026-11-19 --without-keys --json
    """
    settings = Settings()
    ledger = open_ledger(settings, as_json=as_json)
    engine = open_engine(settings.ledger_url, settings.connections("backup"))
    keys = _key_files(settings) if with_keys else {}
    try:
        with undertaking(ledger, settings, Action.BACKED_UP, with_keys=str(with_keys).lower()) as said:
            manifest = back_up(engine, ledger.keys.masters, settings.documents, keys, folder, _programs())
            said |= {"head": manifest.head or "", "documents": str(manifest.documents)}
    except (BackupUnusable, CopyFailed) as error:
        fail(Exit.FAILED, f"Không sao lưu được: {error}", as_json=as_json)
    except OSError as error:
        fail(Exit.FAILED, f"Không ghi được vào {folder}: {error.strerror}.", as_json=as_json)
    if as_json:
        emit_json(BackedUp(folder=str(folder), head=manifest.head, **_what(manifest).model_dump()))
        return
    say(f"Đã sao lưu vào {folder}: {_counted(manifest)}. Đầu nhật ký kiểm toán: {manifest.head}")
    if _MASTERS not in manifest.keys:
        say("Bản sao không có khóa chủ: phải cất riêng, mất khóa chủ là mất dữ liệu.")


def restore(
    folder: Annotated[Path, typer.Argument(help="Thư mục mà lienthong backup đã tạo.")],
    erased: Annotated[
        Path | None, typer.Option(metavar="TỆP", help="Tệp có mã những hồ sơ đã hủy dữ liệu từ khi sao lưu.")
    ] = None,
    nothing_erased: Annotated[
        bool, typer.Option("--nothing-erased-since", help="Không hồ sơ nào bị hủy dữ liệu từ khi sao lưu.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Phục hồi vào máy trống: sổ, kho giấy tờ, khóa; kiểm tra từng tệp và nhật ký kiểm toán.

    Hồ sơ đã hủy dữ liệu sau khi sao lưu phải được hủy lại, nên phải nêu: --erased (mỗi dòng một mã, hoặc kết quả của
    lienthong audit list --what erased --json), hoặc --nothing-erased-since.

    Sau đó: lienthong recover --republish, rồi khởi động worker và cổng nhận sự kiện.

    Ví dụ:

      lienthong restore /sao-luu/2026-11-19 --nothing-erased-since

      lienthong restore /sao-luu/2026-11-19 --erased da-huy.txt --json
    """
    if (erased is None) is not nothing_erased:
        fail(Exit.USAGE, "Nêu một trong hai: --erased TỆP, hoặc --nothing-erased-since.", as_json=as_json)
    codes = _codes_in(erased, as_json=as_json) if erased else frozenset()
    settings = Settings()
    observe(settings)
    engine = open_engine(settings.ledger_url, settings.connections("restore"))
    try:
        found = Backup.open(folder)
        masters = _masters(settings, found, as_json=as_json)
        found.expect_genuine(masters)
        with found.restoring(engine, settings.documents, _key_files(settings), _programs()) as arriving:
            _made_fit_to_read(arriving, masters, settings, found.manifest, codes)
    except (BackupUnusable, MasterKeysUnusable) as error:
        fail(Exit.REFUSED, f"Không phục hồi được: {error}", as_json=as_json)
    except CopyFailed as error:
        fail(Exit.FAILED, f"Không phục hồi được: {error}", as_json=as_json)
    except OSError as error:
        fail(Exit.FAILED, f"Không phục hồi được: {error.strerror} ({error.filename}).", as_json=as_json)
    manifest = found.manifest
    trail = Ledger(engine, masters).verify_trail(TrailHead.read(manifest.head) if manifest.head else None)
    if as_json:
        emit_json(Restored(erased=len(codes), trail=trail, **_what(manifest).model_dump()))
    else:
        _print(manifest, trail)
    if not trail.whole:
        raise typer.Exit(Exit.REFUSED)


def _made_fit_to_read(
    arriving: Engine, masters: MasterKeys, settings: Settings, manifest: Manifest, codes: Collection[Code]
) -> None:
    """What must be done to a restored ledger before anybody reads it or opens dossiers in it."""
    ledger = Ledger(arriving, masters, acting(settings), user())
    documents = DocumentStore(settings.documents, masters)
    for sha256 in ledger.erase_again(codes, datetime.now(UTC)):
        documents.discard(sha256)
    ledger.skip_numbers(legal_date(datetime.now(UTC) + settings.training_offset))
    ledger.note(told(settings, Action.RESTORED, made=manifest.made_at.isoformat(), head=manifest.head or ""))


def _print(manifest: Manifest, trail: Verification) -> None:
    say(f"Đã phục hồi bản sao lưu lúc {manifest.made_at:%d/%m/%Y %H:%M:%S}: {_counted(manifest)}.")
    if not trail.whole:
        heading("Nhật ký kiểm toán trong bản sao không nguyên vẹn")
        explain(wrong(trail))
    say("Tiếp theo: lienthong recover --republish, rồi khởi động worker và cổng nhận sự kiện.")


def _what(manifest: Manifest) -> What:
    return What(
        made_at=manifest.made_at,
        dossiers=manifest.rows["dossiers"],
        documents=manifest.documents,
        keys=manifest.keys,
    )


def _counted(manifest: Manifest) -> str:
    keys = ", ".join(manifest.keys) or "không có"
    return f"{manifest.rows['dossiers']} hồ sơ, {manifest.documents} giấy tờ, khóa: {keys}"


def _key_files(settings: Settings) -> dict[str, Path]:
    """Where this machine has what is secret, by the name it has in a backup."""
    return {
        _MASTERS: settings.state / MASTER_KEYS,
        "hash.key": settings.state / HASH_KEY,
        "senders.toml": senders_file(settings),
        "operators.toml": settings.operators or settings.state / "operators.toml",
    }


def _masters(settings: Settings, found: Backup, *, as_json: bool) -> MasterKeys:
    """Those of this machine, else those of the backup. Raises BadSettings, MasterKeysUnusable."""
    if settings.key_service or settings.master_keys or (settings.state / MASTER_KEYS).exists():
        return master_keys(settings)
    if file := found.key(_MASTERS):
        return KeyRing.read(file.read_text("ascii").split())
    fail(
        Exit.USAGE,
        "Bản sao lưu không kèm khóa chủ và máy này cũng chưa có.",
        f"Đặt LIENTHONG_MASTER_KEYS, LIENTHONG_KEY_SERVICE, hoặc chép khóa vào {settings.state / MASTER_KEYS}.",
        as_json=as_json,
    )


def _codes_in(file: Path, *, as_json: bool) -> frozenset[Code]:
    """The codes of dossiers in a text of whatever form."""
    try:
        codes = frozenset(_CODE.findall(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError):
        fail(Exit.USAGE, f"Không đọc được tệp {file}.", as_json=as_json)
    if not codes:
        fail(Exit.USAGE, f"Tệp {file} không có mã hồ sơ nào; nếu vậy dùng --nothing-erased-since.", as_json=as_json)
    return codes


def _programs() -> Path | None:
    """Where the bundled PostgreSQL has its programs."""
    try:
        return postgres.psql().parent
    except ImportError:
        return None
