"""What a new agency touches: one row per catalogue, one law pack, one adapter, one simulator module. Nothing else.

The files in `new_agency/` are laid over a copy of the project; there a dossier goes through the made-up leg for real.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.integration.system import ROOT

_ADDED = Path(__file__).parent / "new_agency"
_ROWS = {
    "models/systems.py": (
        '    POST = "post",',
        '    VACCINATION = "vaccination", "hệ thống tiêm chủng", Role.HANDLES_LEGS\n',
    ),
    "models/documents.py": (
        '    PAYMENT_RECEIPT = "payment_receipt",',
        '    VACCINATION_BOOK = "vaccination_book", "Sổ tiêm chủng"\n',
    ),
}
"""The one new row of each catalogue, and the row it stands before."""


def _copy_of_the_project(folder: Path) -> None:
    kept = shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info", "docs")
    shutil.copytree(ROOT, folder, ignore=kept)
    shutil.copytree(_ADDED, folder, dirs_exist_ok=True)
    for name, (before, row) in _ROWS.items():
        file = folder / name
        text = file.read_text("utf-8")
        assert text.count(before) == 1, f"{name} no longer has one row {before}"
        file.write_text(text.replace(before, row + before), "utf-8")


def test_an_agency_is_added_by_data_and_one_adapter(tmp_path: Path) -> None:
    project = tmp_path / "project"
    _copy_of_the_project(project)
    played = subprocess.run(
        [sys.executable, "play.py", str(tmp_path / "state")],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert played.returncode == 0, played.stderr
    told = json.loads(played.stdout)

    leg = told["legs"]["vaccination_book"]
    assert leg["outcome"] == "completed"
    assert leg["timeliness"]
    assert "4 ngày làm việc" in " ".join(leg["due"]["explanation"])
    registered = [row for row in told["book"]["registrations"] if row["system"] == "vaccination"]
    assert len(registered) == 1
    assert any("Cấp sổ tiêm chủng" in (notice or "") for notice in told["notices"])
    delivered = {row["system"] for row in told["book"]["results"] if row["document_kind"] == "vaccination_book"}
    assert {"documents", "portal", "provincial"} <= delivered
    assert "Văn bản giả định Điều 2" in told["law"]
