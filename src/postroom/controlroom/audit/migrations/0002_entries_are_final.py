"""The database refuses to change or delete entries."""

from typing import Any

from django.db import migrations

from postroom.controlroom.audit import triggers


def _create(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001
    triggers.create(schema_editor.connection)


def _remove(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    """Make the triggers."""

    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunPython(_create, _remove)]
