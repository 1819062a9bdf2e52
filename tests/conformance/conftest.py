from tests.workflows.conftest import play

__all__ = ["play"]
