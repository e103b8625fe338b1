"""A run's steps name the child bots that it runs."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The run that a step is."""

    dependencies = [
        ("runs", "0003_working"),
    ]

    operations = [
        migrations.AddField(
            model_name="runstep",
            name="child",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="runs.run",
            ),
        ),
    ]
