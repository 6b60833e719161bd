"""What SAM's CLI does not tell of a stack, by the credentials of the session, whatever they come from.

    stack.py exists STACK           ends with 0, or with 3 where there is none yet
    stack.py run STACK COMMAND...   runs a program with the credentials in its environment, and the stack's prefix
    stack.py url STACK              prints where the API answers
"""

import os
import sys

import boto3
from botocore.exceptions import ClientError

NONE_YET = 3
# An aborted first deployment leaves these: there is nothing in it, or nothing that works.
NOTHING_IN_IT = {"REVIEW_IN_PROGRESS"}


def described(session, name):
    try:
        stacks = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return next((stack for stack in stacks if stack["StackStatus"] not in NOTHING_IN_IT), None)


def outputs(session, name):
    stack = described(session, name)
    if stack is None:
        sys.exit(f"there is no stack {name} in {session.region_name}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def environment(session, name):
    credentials = session.get_credentials().get_frozen_credentials()
    variables = dict(
        os.environ,
        AWS_REGION=session.region_name,
        AWS_ACCESS_KEY_ID=credentials.access_key,
        AWS_SECRET_ACCESS_KEY=credentials.secret_key,
        PFLOW_PREFIX=outputs(session, name)["Prefix"],
    )
    variables.pop("AWS_SESSION_TOKEN", None)
    if credentials.token:
        variables["AWS_SESSION_TOKEN"] = credentials.token
    return variables


def main(verb, name, *command):
    session = boto3.Session()
    if session.region_name is None:
        sys.exit("no region: set AWS_REGION")
    if verb == "exists":
        stack = described(session, name)
        if stack is None:
            sys.exit(NONE_YET)
        if stack["StackStatus"] == "ROLLBACK_COMPLETE":
            sys.exit(f"the first deployment of {name} failed; docs/deploying.md tells how to remove what is left")
    elif verb == "run":
        os.execvpe(command[0], command, environment(session, name))
    elif verb == "url":
        print(outputs(session, name)["ApiUrl"])
    else:
        sys.exit(__doc__)


main(*sys.argv[1:])
