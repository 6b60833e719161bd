"""Starts LocalStack without Docker, with what it would fetch or run in a container put in its place.

- Lambda: functions are names; the event is posted to the URL in the function's variable, as MiniStack does. (The
  variable LAMBDA_FORWARD_URL of older versions has had no effect since version 3.)
- DynamoDB Local: run from the folder in PFLOW_DYNAMODB_LOCAL by the Java on PATH, without the agent that LocalStack
  adds, which lifts a limit on indexes.
- JSONata: evaluated by jsonata-python instead of by a Java library in this process.
- HTTP: on the loopback address alone; LocalStack's server would listen on all.
"""

import functools
import os
from typing import Any

import jsonata as evaluator
import requests
from localstack.runtime.server import twisted
from localstack.services.dynamodb.packages import DynamoDBLocalPackageInstaller
from localstack.services.dynamodb.server import DynamodbServer
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import DockerRuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor
from localstack.services.stepfunctions.asl.jsonata import jsonata

FORWARD_TO = "MINISTACK_LAMBDA_PROXY_URL"


class Forwarding(RuntimeExecutor):
    """Has the function run where it lives."""

    def start(self, env_vars):
        self.url = env_vars[FORWARD_TO]

    def invoke(self, payload):
        request_id = payload["invoke-id"]
        try:
            answer = requests.post(
                self.url,
                data=payload["payload"].encode(),
                headers={
                    "Content-Type": "application/json",
                    "X-Amzn-Lambda-Function-Request-Id": request_id,
                },
                timeout=self.function_version.config.timeout,
            )
        except requests.Timeout:
            body = b'{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out"}'
            return InvocationResult(request_id, body, is_error=True, logs="")
        return InvocationResult(request_id, answer.content, is_error=not answer.ok, logs="")

    def stop(self):
        pass

    def get_address(self):
        return "127.0.0.1"

    def get_endpoint_from_executor(self):
        return "127.0.0.1"

    def get_runtime_endpoint(self):
        return ""

    def get_logs(self):
        return ""

    @classmethod
    def prepare_version(cls, function_version):
        pass

    @classmethod
    def cleanup_version(cls, function_version):
        pass


def evaluate(expression: str) -> Any:
    try:
        return plain(evaluator.Jsonata(expression).evaluate(None))
    except Exception as error:
        raise jsonata.JSONataException("UNKNOWN", str(error)) from error


def plain(value: Any) -> Any:
    """What JSON can say; JSONata has a null of its own, and lists that remember where they came from."""
    if value is evaluator.Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, (list, range)):
        return [plain(member) for member in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def without_agent(command):
    def build(self):
        return [word for word in command(self) if not word.startswith("-javaagent:")]

    return build


twisted.endpoints.TCP4ServerEndpoint = functools.partial(
    twisted.endpoints.TCP4ServerEndpoint, interface="127.0.0.1"
)
DockerRuntimeExecutorPlugin.load = lambda self, *args, **kwargs: Forwarding
DynamoDBLocalPackageInstaller.get_installed_dir = lambda self: os.environ["PFLOW_DYNAMODB_LOCAL"]
DynamoDBLocalPackageInstaller.get_java_env_vars = lambda self: {}
DynamodbServer._create_shell_command = without_agent(DynamodbServer._create_shell_command)
jsonata._eval_jsonata = evaluate

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
