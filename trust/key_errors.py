"""What can be wrong with master keys. Without cryptography, so that commands which need no key load none."""


class MasterKeyUnknown(Exception):
    """There is no master key of that id here; the message is one Vietnamese line."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"Không có khóa chủ “{key_id}”: khóa cũ phải còn trong vòng khóa thì mới đọc được dữ liệu cũ.")
        self.key_id = key_id


class MasterKeyMixedUp(MasterKeyUnknown):
    """Another key bears that id here than the one by which the ledger was sealed."""

    def __str__(self) -> str:
        return (
            f"Khóa chủ “{self.key_id}” ở máy này không phải khóa đã niêm phong sổ: "
            "tạo khóa một lần rồi chép cho mọi máy."
        )


class MasterKeysUnusable(Exception):
    """What was given as master keys is none; the message is one Vietnamese line and shows no key."""
