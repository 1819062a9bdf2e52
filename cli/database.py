"""`lienthong upgrade`: the ledger's database brought to the schema of this program."""

import typer

from cli.output import Exit, JsonOption, emit_json, fail, say
from ledger.engine import open_engine
from ledger.engine import upgrade as upgrade_schema
from ledger.errors import DatabaseUnusable
from ledger.failures import shown
from models.base import Model
from settings import Settings


class Upgraded(Model):
    """What `upgrade --json` prints: which database, without its password."""

    database: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("upgrade")(upgrade)


def upgrade(as_json: JsonOption = False) -> None:
    """Đưa sổ hồ sơ lên đúng phiên bản của chương trình. Đã đúng rồi thì không đổi gì.

    Chạy sau mỗi lần cập nhật chương trình, khi worker và cổng nhận sự kiện đang dừng; dữ liệu giữ nguyên.

    Ví dụ:

      lienthong upgrade

      DATABASE_URL=postgresql://lienthong@may-chu/so lienthong upgrade --json
    """
    settings = Settings()
    try:
        engine = open_engine(settings.ledger_url, settings.connections("upgrade"))
        upgrade_schema(engine)
    except DatabaseUnusable as error:
        fail(Exit.FAILED, str(error), as_json=as_json)
    upgraded = Upgraded(database=shown(engine))
    if as_json:
        emit_json(upgraded)
    else:
        say(f"Sổ hồ sơ {upgraded.database} đã đúng phiên bản của chương trình.")
