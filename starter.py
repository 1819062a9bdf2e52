"""`lienthong`: the command line for people and scripts (the console entry point is `main`)."""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from cli.output import Exit, fail, use_utf8
from ledger.errors import DatabaseUnusable, DossierErased
from settings import BadSettings
from trust.key_errors import MasterKeyUnknown

ROOMS = {
    "cli.dossiers": ("submit", "show", "list", "retime"),
    "cli.facts": (
        *("consent", "attest-consent", "agreement", "withdraw", "agency-event", "pay", "attach"),
        *("supplement", "classify", "decide-overdue"),
    ),
    "cli.operator": ("operator",),
    "cli.gaps": ("gaps",),
    "cli.facilities": ("facilities",),
    "cli.inbox": ("inbox",),
    "cli.offline": ("deadline", "law", "checklist"),
    "cli.grounds": ("grounds",),
    "cli.places": ("provinces", "communes"),
    "cli.senders": ("senders",),
    "cli.operators": ("operators",),
    "cli.dev": ("dev",),
    "cli.demo": ("demo",),
    "cli.configuration": ("settings",),
    "cli.database": ("upgrade",),
    "cli.keys": ("keys", "erase"),
    "cli.audit": ("audit",),
    "cli.backup": ("backup", "restore"),
    "cli.recovery": ("recover",),
}
"""Which module has which commands. Only the module of the command at hand is loaded: a script that asks for a deadline
a thousand times should not load a database driver a thousand times."""

HELP = """Liên thông khai sinh, khai tử: nộp tờ khai, theo dõi hồ sơ, tra luật và thời hạn.

Bắt đầu: `lienthong demo` (xem thử), `lienthong dev` (chạy cả hệ thống trên máy này), rồi ở cửa sổ khác
`lienthong submit samples/birth/plain.json` hoặc `lienthong submit samples/death/householder.json`.

Bao lâu, cơ quan nào, ai nói: `lienthong law --group birth`, `lienthong law --group death`.

\b
Hồ sơ: submit, show, list, recover, retime, gaps, inbox
Cơ sở y tế ký số: facilities
Công dân: consent, attest-consent, agreement, withdraw, pay, attach, supplement
Cơ quan: agency-event, classify, decide-overdue
Người vận hành: operator
Tra cứu, không cần máy chủ: deadline, law, checklist, grounds, provinces,
communes
Hệ thống: dev, demo, settings, upgrade, senders, operators, backup, restore, keys, erase, audit

Mã thoát: 0 xong; 1 máy chủ hoặc cơ sở dữ liệu không dùng được; 2 nhập sai; 3 bị từ chối; 4 không tìm thấy.
"""


class Commands(TyperGroup):
    """The commands; an option that is missing, settings that cannot be, a database that fails, or an erased dossier end
    any of them with one clear line."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command at hand."""
        arguments = list(ctx.args)
        try:
            return super().invoke(ctx)
        except BadSettings as error:
            fail(Exit.USAGE, str(error), as_json="--json" in arguments)
        except typer.BadParameter as error:
            if error.message or not (error.param and error.ctx):
                raise
            how = f"Xem: {error.ctx.command_path} --help"
            fail(Exit.USAGE, f"Thiếu {error.param.get_error_hint()}.", how, as_json="--json" in arguments)
        except MasterKeyUnknown as error:
            fail(Exit.FAILED, str(error), "Các khóa ở máy này: lienthong keys list", as_json="--json" in arguments)
        except DossierErased as error:
            who = f"Ai, vì sao, theo luật nào: lienthong audit list --code {error.code} --what erased"
            fail(Exit.REFUSED, str(error), who, as_json="--json" in arguments)
        except DatabaseUnusable as error:
            fail(Exit.FAILED, str(error), as_json="--json" in arguments)


def application(arguments: Sequence[str]) -> typer.Typer:
    """The command line with the commands these arguments can mean; all of them for `--help` or a wrong name."""
    app = typer.Typer(
        name="lienthong",
        cls=Commands,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=HELP,
    )
    app.callback()(lambda: None)  # so that a single command still has its name
    named = [room for room, commands in ROOMS.items() if arguments and arguments[0] in commands]
    for room in named or ROOMS:
        import_module(room).register(app)
    return app


def main() -> None:
    """Run a command and leave with its exit code at once.

    Temporal's runtime thread can abort an interpreter that is shutting down (2 of 20 runs on 3.11, DESIGN §3.11), so
    after flushing we do not give it the chance.
    """
    use_utf8()
    try:
        application(sys.argv[1:])()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:  # while the command was still being loaded
        code = 128 + signal.SIGINT
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
