from collections.abc import Iterator

import pytest

from tests.integration.system import System, running_system, system_settings


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running_system(system_settings(tmp_path_factory.mktemp("system"))) as system:
        yield system
