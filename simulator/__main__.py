"""`python -m simulator`: every agency system in one process, until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import contextlib
import logging
import signal
import sqlite3
import sys
from pathlib import Path

from processes.serving import serving
from settings import Settings
from simulator.app import create_app
from simulator.authority import Authority
from simulator.book import Book
from telemetry import logs, traces
from trust.senders import Senders, SendersUnusable

SERVICE = "lienthong-simulator"

logger = logging.getLogger("simulator")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8601, help="port on 127.0.0.1 (0 = a free one)")
    parser.add_argument("--gateway", default="http://127.0.0.1:8600", help="base URL that events are sent to")
    parser.add_argument("--book", default=":memory:", help="SQLite file of the book; by default kept in memory only")
    parser.add_argument("--pace", type=float, default=0.2, help="seconds before each event")
    parser.add_argument("--senders", type=Path, help="the gateway's file of senders: events are signed with its keys")
    parser.add_argument("--authority", type=Path, help="folder of the certificates that papers are signed with")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if arguments.book != ":memory:":
        Path(arguments.book).parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Book(arguments.book)) as book:
        senders = Senders.load(arguments.senders) if arguments.senders else None
        app = create_app(book, arguments.gateway, arguments.pace, senders, Authority(arguments.authority))
        async with serving(app, port=arguments.port) as url:
            logger.info("simulator ready: %s, events go to %s", url, arguments.gateway)
            await stop.wait()


def main() -> None:
    """Run until told to stop. Exit code 1 when the port, the folder of the book or the file of senders is unusable."""
    arguments = _arguments()
    logs.configure(Settings(), SERVICE)
    traces.configure(SERVICE)
    try:
        asyncio.run(_run(arguments))
    except SendersUnusable as error:
        sys.exit(str(error))
    except (OSError, sqlite3.OperationalError) as error:
        sys.exit(f"Cannot use port {arguments.port} or the book {arguments.book}: {error}")
    finally:
        traces.close()


if __name__ == "__main__":
    main()
