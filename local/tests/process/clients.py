"""boto3 and the AWS CLI against a running `pflow`: its AWS endpoint is the first argument, the CLI the second."""

import io
import json
import os
import subprocess
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT, CLI = sys.argv[1:3]
CONFIG = Config(region_name="us-east-1", retries={"max_attempts": 1}, s3={"addressing_style": "path"})


def client(service):
    return boto3.client(
        service, endpoint_url=ENDPOINT, aws_access_key_id="test", aws_secret_access_key="test", config=CONFIG
    )


def code(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def cli(*arguments):
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run([CLI, *arguments, "--endpoint-url", ENDPOINT, "--output", "json"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, (arguments, done.stderr)
    return json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout


def dynamodb():
    db = client("dynamodb")
    db.create_table(
        TableName="boto", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    db.put_item(TableName="boto", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
    assert db.get_item(TableName="boto", Key={"pk": {"S": "a"}})["Item"]["n"] == {"N": "1"}
    put = {"TableName": "boto", "Item": {"pk": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(pk)"}
    assert code(db.put_item, **put) == "ConditionalCheckFailedException"
    assert code(db.list_backups) == "UnknownOperationException"
    assert "boto" in cli("dynamodb", "list-tables")["TableNames"]
    db.delete_table(TableName="boto")


def sqs():
    queues = client("sqs")
    url = queues.create_queue(QueueName="boto")["QueueUrl"]
    # boto3 compares the digests itself.
    queues.send_message(
        QueueUrl=url, MessageBody="grün",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "x"}, "raw": {"DataType": "Binary", "BinaryValue": b"\0\1"}},
    )
    got = queues.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"])["Messages"][0]
    assert got["Body"] == "grün" and got["MessageAttributes"]["raw"]["BinaryValue"] == b"\0\1"
    assert got["Attributes"]["ApproximateReceiveCount"] == "1"
    queues.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    assert code(queues.get_queue_url, QueueName="nothing") == "AWS.SimpleQueueService.NonExistentQueue"
    fifo = queues.create_queue(QueueName="boto.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})["QueueUrl"]
    first = queues.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")
    assert queues.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")["MessageId"] == first["MessageId"]
    assert url in cli("sqs", "list-queues")["QueueUrls"]
    cli("sqs", "send-message", "--queue-url", url, "--message-body", "from the CLI")
    assert cli("sqs", "receive-message", "--queue-url", url)["Messages"][0]["Body"] == "from the CLI"


def events_and_schedules():
    queues, events, schedules = client("sqs"), client("events"), client("scheduler")
    url = queues.create_queue(QueueName="boto-events")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="boto", EventPattern=json.dumps({"source": ["shop"], "detail": {"n": [{"numeric": [">", 1]}]}}))
    events.put_targets(Rule="boto", Targets=[{"Id": "q", "Arn": arn}])
    sent = events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": json.dumps({"n": n})} for n in (1, 2)])
    assert sent["FailedEntryCount"] == 0
    bodies = [json.loads(m["Body"]) for m in queues.receive_message(QueueUrl=url, WaitTimeSeconds=5, MaxNumberOfMessages=10)["Messages"]]
    assert [body["detail"]["n"] for body in bodies] == [2]
    assert code(events.put_rule, Name="bad", EventPattern='{"source": "x"}') == "InvalidEventPatternException"
    schedules.create_schedule(
        Name="boto", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/x", "Input": "now"},
    )
    due = queues.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"][0]["Body"]
    assert due == "now", due
    assert cli("scheduler", "get-schedule", "--name", "boto")["State"] == "ENABLED"
    schedules.delete_schedule(Name="boto")
    assert code(schedules.get_schedule, Name="boto") == "ResourceNotFoundException"


def functions_and_machines():
    functions, machines = client("lambda"), client("stepfunctions")
    # A function of the platform: it refuses this event in Lambda's way.
    answer = functions.invoke(FunctionName="pflow-open_task", Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "BadEvent"
    assert code(functions.invoke, FunctionName="nothing") == "ResourceNotFoundException"
    assert "pflow-open_task" in [f["FunctionName"] for f in cli("lambda", "list-functions")["Functions"]]
    definition = {"StartAt": "a", "QueryLanguage": "JSONata", "States": {"a": {"Type": "Pass", "Output": "{% {'n': $states.input.n + 1} %}", "End": True}}}
    arn = machines.create_state_machine(name="boto", definition=json.dumps(definition), roleArn="arn:aws:iam::000000000000:role/x")["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=arn, name="one", input='{"n": 1}')["executionArn"]
    for _ in range(100):
        found = machines.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            break
        time.sleep(0.05)
    assert found["status"] == "SUCCEEDED" and json.loads(found["output"]) == {"n": 2}, found
    history = cli("stepfunctions", "get-execution-history", "--execution-arn", execution)["events"]
    assert [event["type"] for event in history] == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    assert code(machines.describe_execution, executionArn=execution + "x") == "ExecutionDoesNotExist"


def objects():
    store = client("s3")
    store.create_bucket(Bucket="boto")
    store.put_object(Bucket="boto", Key="a/b.txt", Body=b"hello", Metadata={"kind": "x"})
    got = store.get_object(Bucket="boto", Key="a/b.txt")
    assert got["Body"].read() == b"hello" and got["Metadata"] == {"kind": "x"}
    assert code(store.get_object, Bucket="boto", Key="nothing") == "NoSuchKey"
    # More than one part.
    store.upload_fileobj(io.BytesIO(b"x" * 20_000_000), "boto", "large")
    assert store.head_object(Bucket="boto", Key="large")["ContentLength"] == 20_000_000
    assert "a/b.txt" in cli("s3", "ls", "s3://boto", "--recursive")
    store.delete_object(Bucket="boto", Key="large")


for part in (dynamodb, sqs, events_and_schedules, functions_and_machines, objects):
    part()
    print("fine:", part.__name__)
