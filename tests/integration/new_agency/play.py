"""Run inside the copy: one dossier from declaration to its results, told as JSON on standard output."""

import json
import sys
from pathlib import Path

from tests.integration.system import running_system, system_settings

if __name__ == "__main__":
    with running_system(system_settings(Path(sys.argv[1]))) as system:
        code = system.open("plain")
        system.start(code)
        dossier = system.concluded(code)
        told = {
            "legs": {leg.key: leg.model_dump(mode="json") for leg in dossier.legs},
            "notices": [notice.dispatch.text for notice in dossier.notices],
            "book": system.book(code),
            "law": system.command("law", "--on", "2026-11-19").stdout,
        }
        sys.stdout.write(json.dumps(told))
