"""`lienthong upgrade`: the ledger's database brought to the schema of this program."""

from typing import Annotated

import typer

from cli.output import Exit, JsonOption, emit_json, fail, say
from ledger.engine import open_engine
from ledger.engine import upgrade as upgrade_schema
from ledger.errors import DatabaseUnusable
from ledger.failures import shown
from ledger.roles import RoleUnfit, grant_to
from models.base import Model
from settings import Settings


class Upgraded(Model):
    """What `upgrade --json` prints: which database, without its password, and whom it was granted to."""

    database: str
    granted_to: str | None = None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("upgrade")(upgrade)


def upgrade(
    grant: Annotated[
        str | None,
        typer.Option("--grant-to", metavar="VAI TRÒ", help="PostgreSQL: vai trò mà chương trình dùng để kết nối."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Đưa sổ hồ sơ lên đúng phiên bản của chương trình. Đã đúng rồi thì không đổi gì.

    Chạy sau mỗi lần cập nhật chương trình, khi worker và cổng nhận sự kiện đang dừng; dữ liệu giữ nguyên.

    Trên PostgreSQL, chạy bằng chủ sở hữu các bảng; chương trình kết nối bằng vai trò khác (--grant-to): vai trò ấy
    chỉ ghi thêm được vào nhật ký kiểm toán, không sửa, không xóa.

    Ví dụ:

      lienthong upgrade

      DATABASE_URL=postgresql://chu@may-chu/so lienthong upgrade --grant-to lienthong

      DATABASE_URL=postgresql://lienthong@may-chu/so lienthong upgrade --json
    """
    settings = Settings()
    try:
        engine = open_engine(settings.ledger_url, settings.connections("upgrade"))
        upgrade_schema(engine)
        if grant:
            grant_to(engine, grant)
    except DatabaseUnusable as error:
        fail(Exit.FAILED, str(error), as_json=as_json)
    except RoleUnfit as error:
        fail(Exit.USAGE, str(error), as_json=as_json)
    upgraded = Upgraded(database=shown(engine), granted_to=grant)
    if as_json:
        emit_json(upgraded)
    else:
        say(f"Sổ hồ sơ {upgraded.database} đã đúng phiên bản của chương trình.")
        if grant:
            say(f"Vai trò {grant} dùng được sổ, và chỉ ghi thêm được vào nhật ký kiểm toán.")
