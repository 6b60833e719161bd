"""CPU per transition, this crate and MiniStack's interpreter side by side.

Both count to a limit in a loop of a Choice and a Pass, in process, without HTTP. CPU is that of the whole process, so
what the other sleeps is not held against it.
"""

import json
import logging
import subprocess
import sys
import time

BOUND = 50
LIMIT = 2500
MACHINES = {
    "JSONPath": {
        "StartAt": "Check",
        "States": {
            "Check": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.i", "NumericLessThanPath": "$.limit", "Next": "Count"}],
                "Default": "Done",
            },
            "Count": {
                "Type": "Pass",
                "Parameters": {"i.$": "States.MathAdd($.i, 1)", "limit.$": "$.limit", "who.$": "$.who"},
                "Next": "Check",
            },
            "Done": {"Type": "Succeed"},
        },
    },
    "JSONata": {
        "QueryLanguage": "JSONata",
        "StartAt": "Check",
        "States": {
            "Check": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.i < $states.input.limit %}", "Next": "Count"}],
                "Default": "Done",
            },
            "Count": {
                "Type": "Pass",
                "Output": {
                    "i": "{% $states.input.i + 1 %}",
                    "limit": "{% $states.input.limit %}",
                    "who": "{% $states.input.who %}",
                },
                "Next": "Check",
            },
            "Done": {"Type": "Succeed"},
        },
    },
}


def other(language: str) -> float:
    """Seconds of CPU per transition of MiniStack."""
    from ministack.services import stepfunctions as service

    definition = json.dumps(MACHINES[language])
    body = service._create_state_machine({"name": language, "definition": definition})[2]
    arn = json.loads(body)["stateMachineArn"]
    given = json.dumps({"i": 0, "limit": LIMIT, "who": {"name": "Ada", "role": "clerk"}})
    before = time.process_time()
    body = service._start_execution({"stateMachineArn": arn, "input": given})[2]
    execution = service._executions[json.loads(body)["executionArn"]]
    while execution["status"] == "RUNNING":
        time.sleep(0.05)
    spent = time.process_time() - before
    if execution["status"] != "SUCCEEDED" or json.loads(execution["output"])["i"] != LIMIT:
        raise SystemExit(f"the other interpreter did not count: {execution['status']}")
    transitions = sum(event["type"].endswith("StateEntered") for event in execution["events"])
    return spent / transitions


def ours(program: str, language: str) -> float:
    figures = json.loads(subprocess.run([program, "loop", language], check=True, capture_output=True).stdout)
    return figures["seconds"] / figures["transitions"]


def main() -> None:
    logging.disable(logging.CRITICAL)
    met = True
    for language in MACHINES:
        here, there = ours(sys.argv[1], language), other(language)
        ratio = there / here
        met &= ratio >= BOUND
        missed = "" if ratio >= BOUND else "MISSED"
        print(
            f"{language:<9} CPU per transition: asl {here * 1e6:9.2f} us, MiniStack {there * 1e6:9.2f} us, "
            f"{ratio:8.1f} times less, at least {BOUND} {missed}"
        )
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
