"""Records executions of generated state machines on real Step Functions, in the format of the corpus `asl-histories`.

The owner of an AWS account runs it once (see README.md); it makes a queue, a role and machines under a prefix of its own, and removes
them again, however it ends. A function that a machine calls is played by this script: the call becomes a message with a task token, which is
what a generated machine waits for anyway, so no function has to be deployed.
"""

import argparse
import copy
import datetime
import json
import pathlib
import re
import sys
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

HERE = pathlib.Path(__file__).parent
CALL = "arn:aws:states:::lambda:invoke"
MESSAGE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
TOKEN = "{% $states.context.Task.Token %}"
# How long anything may take that is waited for, and how long a new role takes until all of AWS knows it.
PATIENCE_SECONDS = 120
ROLE_SECONDS = 20
# Of the machine whose task is answered too late.
SHORT_SECONDS = 5


def machine(path):
    return json.loads((HERE / path).read_text())


EXPENSE_APPROVAL = "../generated/expense-approval.asl.json"
FIRST_NO_WINS = "machines/first-no-wins.asl.json"


class Recorder:
    def __init__(self, options):
        config = Config(retries={"max_attempts": 10, "mode": "standard"})
        session = boto3.Session(region_name=options.region)
        self.client = lambda service: session.client(service, endpoint_url=options.endpoint_url, config=config)
        self.states, self.queues = self.client("stepfunctions"), self.client("sqs")
        self.prefix = f"pflow-recording-{uuid.uuid4().hex[:8]}"
        self.role_arn, self.output = options.role_arn, options.output
        self.region = session.region_name
        self.queue_url, self.machines, self.executions = None, [], []
        self.role_made = False
        # Messages that came for a task which is not asked for yet.
        self.waiting = []

    # What is made, and removed again.

    def make(self):
        self.queue_url = self.queues.create_queue(QueueName=self.prefix)["QueueUrl"]
        if self.role_arn is None:
            self.role_arn = self.make_role()

    def make_role(self):
        attributes = self.queues.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=["QueueArn"])
        queue = attributes["Attributes"]["QueueArn"]
        iam = self.client("iam")
        trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = iam.create_role(RoleName=self.prefix, AssumeRolePolicyDocument=policy(trust))["Role"]
        self.role_made = True
        send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}
        iam.put_role_policy(RoleName=self.prefix, PolicyName="messages", PolicyDocument=policy(send))
        time.sleep(ROLE_SECONDS)
        return role["Arn"]

    def remove(self):
        """Everything, also when some of it is not there or does not want to go; what stays is told."""
        steps = [lambda arn=arn: self.stop(arn) for arn in self.executions]
        steps += [lambda arn=arn: self.states.delete_state_machine(stateMachineArn=arn) for arn in self.machines]
        if self.queue_url:
            steps.append(lambda: self.queues.delete_queue(QueueUrl=self.queue_url))
        if self.role_made:
            iam = self.client("iam")
            steps.append(lambda: iam.delete_role_policy(RoleName=self.prefix, PolicyName="messages"))
            steps.append(lambda: iam.delete_role(RoleName=self.prefix))
        for step in steps:
            try:
                step()
            except Exception as error:  # noqa: BLE001: the others have to go all the same
                print(f"NOT removed, look for {self.prefix}: {error}", file=sys.stderr)

    # What an execution is put through.

    def start(self, definition, values):
        definition = with_messages(definition, self.queue_url)
        name = f"{self.prefix}-{len(self.machines)}"
        created = self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=self.role_arn, type="STANDARD"
        )
        self.machines.append(created["stateMachineArn"])
        given = {
            "tenant": "default", "instance": "i-1", "epoch": 1, "workflow": "recorded", "version": 1,
            "ticket": "1", "starter": "somebody", "seq": 0, "path": [], "visits": {}, "data": values,
        }
        started = self.states.start_execution(stateMachineArn=created["stateMachineArn"], input=json.dumps(given))
        self.executions.append(started["executionArn"])
        return Execution(self, started["executionArn"], definition, given)

    def stop(self, arn):
        if self.states.describe_execution(executionArn=arn)["status"] == "RUNNING":
            self.states.stop_execution(executionArn=arn)

    def call(self, node):
        """The call of a function at this node of the machine; waits for it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            for call in self.waiting:
                if call["payload"]["node"] == node:
                    self.waiting.remove(call)
                    return call
            received = self.queues.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
            for message in received.get("Messages", []):
                self.waiting.append(json.loads(message["Body"]))
                self.queues.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        raise TimeoutError(f"nothing is called at {node}")

    def answer(self, node, value):
        """Answers the call at this node; a function that is not waited for has its answer in `Payload`."""
        call = self.call(node)
        output = value if call["waits"] else {"Payload": value, "StatusCode": 200}
        self.states.send_task_success(taskToken=call["payload"]["token"], output=json.dumps(output))
        return call["payload"]["token"]


class Execution:
    def __init__(self, recorder, arn, definition, given):
        self.recorder, self.arn, self.definition, self.given = recorder, arn, definition, given

    def ends(self):
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            status = self.recorder.states.describe_execution(executionArn=self.arn)["status"]
            if status != "RUNNING":
                return status
            time.sleep(0.5)
        raise TimeoutError(f"{self.arn} does not end")

    def history(self):
        pages = self.recorder.states.get_paginator("get_execution_history").paginate(executionArn=self.arn)
        return [event for page in pages for event in page["events"]]


# The scenarios: each an execution, and what is worth noting beside its history.


def callback(recorder):
    execution = recorder.start(machine(EXPENSE_APPROVAL), {"amount": 120})
    recorder.answer("manager", {"outcome": "approve", "data": {}})
    recorder.answer("pay", {"data": {}})
    return execution, {"status": execution.ends()}


def abort_while_waiting(recorder):
    execution = recorder.start(machine(EXPENSE_APPROVAL), {"amount": 120})
    call = recorder.call("manager")
    recorder.states.stop_execution(executionArn=execution.arn, error="Suspended", cause="by hand")
    status = execution.ends()
    return execution, {"status": status, "late_answer": late(recorder, call)}


def redrive(recorder):
    execution = recorder.start(machine(EXPENSE_APPROVAL), {"amount": 120})
    token = recorder.call("manager")["payload"]["token"]
    recorder.states.send_task_failure(taskToken=token, error="Refused", cause="not today")
    failed = execution.ends()
    recorder.states.redrive_execution(executionArn=execution.arn)
    recorder.answer("manager", {"outcome": "reject", "data": {}})
    return execution, {"status": execution.ends(), "status_before": failed}


def cancel_in_parallel(recorder):
    execution = recorder.start(machine(FIRST_NO_WINS), {})
    other = recorder.call("other")
    recorder.answer("one", {"outcome": "reject", "data": {}})
    # The function that closes what is open in the scope.
    recorder.answer("no:close:1", {"seq": 9, "visits": {}, "data": {}})
    status = execution.ends()
    return execution, {"status": status, "late_answer": late(recorder, other)}


def late_token(recorder):
    definition = machine(EXPENSE_APPROVAL)
    definition["States"]["manager"]["TimeoutSeconds"] = SHORT_SECONDS
    execution = recorder.start(definition, {"amount": 120})
    call = recorder.call("manager")
    status = execution.ends()
    return execution, {"status": status, "late_answer": late(recorder, call)}


def late(recorder, call):
    """How AWS takes the answer of a task that nobody waits for any more: the error's code, or none."""
    try:
        recorder.states.send_task_success(taskToken=call["payload"]["token"], output="{}")
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


SCENARIOS = [callback, abort_while_waiting, redrive, cancel_in_parallel, late_token]


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def with_messages(definition, queue_url):
    """The machine with a message in the place of each call of a function, and the token in it."""

    def replaced(value):
        if isinstance(value, list):
            return [replaced(element) for element in value]
        if not isinstance(value, dict):
            return value
        value = {name: replaced(member) for name, member in value.items()}
        if str(value.get("Resource", "")).startswith(CALL):
            called = value["Arguments"]
            body = {
                "function": called["FunctionName"].replace("${FunctionPrefix}", ""),
                "waits": value["Resource"] != CALL,
                "payload": called["Payload"] | {"token": TOKEN},
            }
            value |= {"Resource": MESSAGE, "Arguments": {"QueueUrl": queue_url, "MessageBody": body}}
        return value

    return replaced(copy.deepcopy(definition))


# The format of the corpus.

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Members that become one word, and members whose distinct values are counted.
WORDS = {
    "RequestId": "RequestId", "x-amzn-RequestId": "x-amzn-RequestId", "X-Amzn-Trace-Id": "X-Amzn-Trace-Id",
    "Date": "date", "date": "date", "roleArn": "snf_role_arn", "QueueUrl": "sqs_queue_url",
    "Content-Length": "content-length", "content-length": "content-length",
}
COUNTED = {"MD5OfMessageBody": "m-d5-of-message-body", "token": "task_token"}


class Redaction:
    """Takes out what belongs to one account, one run, or one moment; equal placeholders stand for equal values."""

    def __init__(self, account, region, partition, prefix):
        self.account, self.region, self.partition, self.prefix = account, region, partition, prefix
        self.counted = {}

    def number(self, name, value):
        values = self.counted.setdefault(name, [])
        if value not in values:
            values.append(value)
        return f"<{name}:{values.index(value) + 1}>"

    def text(self, text):
        text = text.replace(self.prefix, "<resource:1>").replace(self.account, "111111111111")
        text = text.replace(f"arn:{self.partition}:iam:", "arn:<partition>:iam:")
        text = re.sub(rf"\b{re.escape(self.region)}\b", "<region>", text)
        text = UUID.sub(lambda found: self.number("uuid", found.group()), text)
        return INSTANT.sub("date", text)

    def value(self, value, name=""):
        if name == "timestamp" or isinstance(value, datetime.datetime):
            return "timestamp"
        if name in WORDS:
            return WORDS[name]
        if isinstance(value, dict):
            return {key: self.value(member, key) for key, member in value.items()}
        if isinstance(value, list):
            return [self.value(element, name) for element in value]
        if not isinstance(value, str):
            return value
        if value.startswith("{%"):
            return value
        if value.startswith("{"):
            try:
                return self.value(json.loads(value))
            except ValueError:
                return self.text(value)
        if name in COUNTED:
            return self.number(COUNTED[name], value)
        return self.text(value)


def recording(name, execution, noted, redaction):
    history = redaction.value(execution.history())
    definition = redaction.value(execution.definition)
    types = [event["type"] for event in history]
    resources = sorted(set(members(definition, "Resource")))
    words = [*WORDS.values(), "date"]
    return {
        "id": f"state-machines/recording/record.py::{name}",
        "key": "get_execution_history",
        "source": {"repo": "pflow", "path": "state-machines/recording/record.py", "licence": "MIT"},
        "aws_recorded": datetime.datetime.now(datetime.timezone.utc).strftime("%d-%m-%Y, %H:%M:%S"),
        "aws_validated": None,
        "match": "traced",
        "input_equals_test_input": True,
        "query_language": definition["QueryLanguage"],
        "has_task": bool(resources),
        "services": resources,
        "order_normalised": False,
        "events_missing": 0,
        "distributed_map": False,
        "item_reader": False,
        "redactions": [{"jsonpath": f"$..{word}", "replacement": word, "indexed": False} for word in sorted(set(words))],
        "state_types": sorted(set(state_types(definition))),
        "terminal_event": types[-1],
        "noted": noted,
        "definition": definition,
        "input": redaction.value(execution.given),
        "input_origin": "recorded",
        "history": history,
    }


def members(value, name):
    if isinstance(value, list):
        for element in value:
            yield from members(element, name)
    elif isinstance(value, dict):
        for key, member in value.items():
            if key == name and isinstance(member, str):
                yield member
            else:
                yield from members(member, name)


def state_types(definition):
    for state in definition["States"].values():
        yield state["Type"]
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]:
            yield from state_types(inner)


def write(folder, files):
    """The recordings, and the index of them all."""
    (folder / "histories").mkdir(parents=True, exist_ok=True)
    listed = ["id", "key", "query_language", "has_task", "order_normalised", "distributed_map", "terminal_event"]
    index = {"source": {"repo": "pflow", "licence": "MIT"}, "files": []}
    for name, file in files.items():
        path = f"histories/{name.replace('_', '-')}.json"
        (folder / path).write_text(json.dumps(file, indent=1) + "\n")
        index["files"].append({"path": path} | {member: file[member] for member in listed})
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=pathlib.Path, help="folder of the recordings")
    parser.add_argument("--region", help="else that of the session")
    parser.add_argument("--endpoint-url", help="another endpoint than AWS's own")
    parser.add_argument("--role-arn", help="a role that is there: none is made; for endpoints without IAM any ARN does")
    parser.add_argument("--only", action="append", choices=[one.__name__ for one in SCENARIOS], help="these scenarios")
    return parser.parse_args()


def main():
    options = arguments()
    recorder = Recorder(options)
    files = {}
    try:
        recorder.make()
        for scenario in SCENARIOS:
            if options.only and scenario.__name__ not in options.only:
                continue
            execution, noted = scenario(recorder)
            _, partition, _, region, account, *_ = execution.arn.split(":")
            redaction = Redaction(account, region, partition, recorder.prefix)
            files[scenario.__name__] = recording(scenario.__name__, execution, noted, redaction)
            print(f"{scenario.__name__}: {noted}, {len(execution.history())} events", flush=True)
    finally:
        recorder.remove()
        write(options.output, files)


if __name__ == "__main__":
    main()
