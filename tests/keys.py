"""Master keys for tests."""

import base64

from trust.masters import KeyRing

_KEY = bytes(range(32))
MASTERS = KeyRing({"test": _KEY})
"""The same in every process."""

AS_SETTING = f"test:{base64.b64encode(_KEY).decode()}"
"""The same as LIENTHONG_MASTER_KEYS has them."""
