from tests.integration.conftest import system

__all__ = ["system"]
