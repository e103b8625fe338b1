"""Triggers with which the database itself refuses to change or delete audit entries.

A migration makes them. A later migration that remakes the table on SQLite has to make them again, as they go with it.
"""

from typing import Any

_MESSAGE = "Audit entries are final."

_CREATE = {
    "sqlite": [
        f"""CREATE TRIGGER audit_entry_is_not_{done} BEFORE {verb} ON audit_auditentry
        BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"""
        for verb, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
    ],
    "postgresql": [
        f"""CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RAISE EXCEPTION '{_MESSAGE}'; END $$""",
        """CREATE TRIGGER audit_entry_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_auditentry
        EXECUTE FUNCTION refuse_audit_change()""",
    ],
}
_REMOVE = {
    "sqlite": ["DROP TRIGGER audit_entry_is_not_changed", "DROP TRIGGER audit_entry_is_not_deleted"],
    "postgresql": [
        "DROP TRIGGER audit_entry_is_final ON audit_auditentry",
        "DROP FUNCTION refuse_audit_change()",
    ],
}


def create(connection: Any) -> None:
    """Make the triggers."""
    _run(connection, _CREATE)


def remove(connection: Any) -> None:
    """Take the triggers away: whoever reverses the migration, or empties a database of tests."""
    _run(connection, _REMOVE)


def _run(connection: Any, statements: dict[str, list[str]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
