"""What the application may do in PostgreSQL: work with every table, but never change or shorten the audit trail.

The tables belong to whoever upgrades the database; the application connects as another role, which is none of its
owners and cannot become one. SQLite knows no roles: there only the triggers stand before the trail.
"""

from sqlalchemy import Connection, Engine, text

from ledger.failures import told_if_known, told_when_opening
from models.tables import AuditRow, DossierKeyRow, Table

_TRAIL = str(AuditRow.__tablename__)
_VERSION = "alembic_version"


class RoleUnfit(Exception):
    """The role cannot be the application's; the message is one Vietnamese line."""


def grant_to(engine: Engine, role: str) -> None:
    """Grants a role what the application needs and no more, again after every upgrade; all or nothing.

    Raises RoleUnfit for a role that could change the trail all the same, and DatabaseUnusable.
    """
    if engine.dialect.name != "postgresql":
        raise RoleUnfit("Chỉ PostgreSQL có vai trò người dùng; SQLite thì không.")
    with told_when_opening(engine):
        connected = engine.connect()
    with told_if_known(engine), connected as connection, connection.begin():
        _expect_no_owner(connection, role)
        name = connection.dialect.identifier_preparer.quote_identifier(role)
        for statement in (*_grants(name, _schema(connection)), *_for_erasing(connection, name)):
            connection.execute(text(statement.replace(":", r"\:")))
        _expect_the_trail_out_of_reach(connection, role)


def _grants(role: str, schema: str) -> tuple[str, ...]:
    ordinary = ", ".join(f"{schema}.{name}" for name in sorted(Table.metadata.tables) if name != _TRAIL)
    return (
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {ordinary} TO {role}",
        f"REVOKE ALL ON {schema}.{_TRAIL}, {schema}.{_VERSION} FROM PUBLIC, {role}",
        f"GRANT SELECT, INSERT ON {schema}.{_TRAIL} TO {role}",
        f"GRANT SELECT ON {schema}.{_VERSION} TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    )


def _for_erasing(connection: Connection, role: str) -> tuple[str, ...]:
    """Erasing a dossier also clears its seed from the pages of the table; before PostgreSQL 17 only an owner can."""
    version = connection.dialect.server_version_info
    return (f"GRANT MAINTAIN ON {DossierKeyRow.__tablename__} TO {role}",) if version and version >= (17,) else ()


def _schema(connection: Connection) -> str:
    schema: str = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    return schema


def _expect_no_owner(connection: Connection, role: str) -> None:
    found = connection.execute(
        text(
            "SELECT rolsuper OR rolcreaterole OR pg_has_role(rolname, relowner, 'MEMBER') FROM pg_roles, pg_class"
            " WHERE rolname = :role AND pg_class.oid = CAST(:trail AS regclass)"
        ),
        {"role": role, "trail": _TRAIL},
    ).scalar()
    if found is None:
        raise RoleUnfit(f"Máy chủ không có vai trò “{role}”; tạo trước: CREATE ROLE … LOGIN.")
    if found:
        raise RoleUnfit(
            f"Vai trò “{role}” sở hữu các bảng, là siêu người dùng, hoặc tạo được vai trò:"
            " nó sửa được nhật ký kiểm toán. Dùng một vai trò khác cho chương trình."
        )


def _expect_the_trail_out_of_reach(connection: Connection, role: str) -> None:
    reach = text("SELECT has_table_privilege(:role, :trail, 'UPDATE, DELETE, TRUNCATE')")
    if connection.execute(reach, {"role": role, "trail": _TRAIL}).scalar_one():
        raise RoleUnfit(f"Vai trò “{role}” vẫn sửa được nhật ký kiểm toán nhờ một vai trò khác mà nó thuộc về.")
