"""`lienthong`: the command line for people and scripts (the console entry point is `main`)."""

import os
import sys

import typer

from cli import demo, dev, dossiers, facts, offline

app = typer.Typer(
    name="lienthong",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Liên thông khai sinh: nộp tờ khai, theo dõi hồ sơ, tra luật và thời hạn.\n\n"
        "Bắt đầu: `lienthong demo` (xem thử), `lienthong dev` (chạy cả hệ thống trên máy này), rồi ở cửa sổ khác "
        "`lienthong submit samples/birth/plain.json`.\n\n"
        "Mã thoát: 0 xong; 1 máy chủ hoặc cơ sở dữ liệu không dùng được; 2 nhập sai; 3 bị từ chối; 4 không tìm thấy."
    ),
)
for commands in (dossiers, facts, offline, dev, demo):
    commands.register(app)


def main() -> None:
    """Run a command and leave with its exit code at once.

    Temporal's runtime thread can abort an interpreter that is shutting down (2 of 20 runs on 3.11, TEMPORAL §3), so
    after flushing we do not give it the chance.
    """
    try:
        app()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
