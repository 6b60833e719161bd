"""Approvals by SpiffWorkflow, its JSON kept in SQLite: start, one human task, one choice, end. Driven by its Python API alone: no HTTP, no
sign-in, no to-do list, no history of changes, all of which the platform's figure contains.

    approvals_spiff.py FOLDER INSTANCES

Prints {"instances": N, "cpu_seconds": S, "wall_seconds": S}. Every request is a transaction that is synced before it is done: the
instance is written when it waits, read when its task is completed, and written once more.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

FOLDER, INSTANCES = Path(sys.argv[1]), int(sys.argv[2])


def main():
    parser = BpmnParser()
    parser.add_bpmn_file(str(Path(__file__).parent / "approval.bpmn"))
    spec = parser.get_spec("approval")
    serializer = BpmnWorkflowSerializer()
    db = sqlite3.connect(FOLDER / "spiff.sqlite3", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE instances (id INTEGER PRIMARY KEY, status TEXT NOT NULL, workflow TEXT NOT NULL)")
    started, cpu = time.monotonic(), time.process_time()
    for number in range(INSTANCES):
        workflow = BpmnWorkflow(spec)
        workflow.data.update({"title": "Taxi", "amount": 120})
        workflow.do_engine_steps()
        row = db.execute(
            "INSERT INTO instances (status, workflow) VALUES ('waiting', ?)", [serializer.serialize_json(workflow)]
        ).lastrowid
        text = db.execute("SELECT workflow FROM instances WHERE id = ?", [row]).fetchone()[0]
        workflow = serializer.deserialize_json(text)
        (task,) = workflow.get_tasks(state=TaskState.READY, manual=True)
        task.data["outcome"] = "approve"
        task.run()
        workflow.do_engine_steps()
        assert workflow.completed
        db.execute(
            "UPDATE instances SET status = 'done', workflow = ? WHERE id = ?", [serializer.serialize_json(workflow), row]
        )
    used, took = time.process_time() - cpu, time.monotonic() - started
    assert db.execute("SELECT count(*) FROM instances WHERE status = 'done'").fetchone() == (INSTANCES,)
    print(json.dumps({"instances": INSTANCES, "cpu_seconds": used, "wall_seconds": took}))


main()
