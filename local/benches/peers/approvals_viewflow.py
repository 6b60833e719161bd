"""Approvals by viewflow on SQLite: start, one human task, one choice, end. Driven by its Python API alone: no HTTP, no sign-in, no
to-do list is asked for, all of which the platform's figure contains.

    approvals_viewflow.py FOLDER INSTANCES

Prints {"instances": N, "cpu_seconds": S, "wall_seconds": S}. Every request is a transaction that is synced before it is done.
"""

import json
import sys
import time
from pathlib import Path

import django
from django.conf import settings

FOLDER, INSTANCES = Path(sys.argv[1]), int(sys.argv[2])

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "viewflow.sqlite3",
            "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"},
        }
    },
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "viewflow", "viewflow.workflow", "approvals"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from approvals.flows import Approval  # noqa: E402
from viewflow.workflow.models import Process, Task  # noqa: E402


class Request:
    """What a view hands over."""

    def __init__(self, user):
        self.user = user


def main():
    call_command("migrate", verbosity=0)
    manager = User.objects.create(username="manager")
    started, cpu = time.monotonic(), time.process_time()
    for number in range(INSTANCES):
        Approval.start.run(_process_data={"title": "Taxi", "amount": 120})
        todo = Task.objects.get(owner=manager, status="ASSIGNED")
        with transaction.atomic():
            activation = todo.flow_task.activation_class(todo)
            activation.process.data["outcome"] = "approve"
            activation.process.save()
            activation.start(Request(manager))
            activation.execute()
    used, took = time.process_time() - cpu, time.monotonic() - started
    assert Process.objects.filter(status="DONE").count() == INSTANCES
    print(json.dumps({"instances": INSTANCES, "cpu_seconds": used, "wall_seconds": took}))


main()
