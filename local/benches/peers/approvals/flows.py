"""Start, one human task, one choice, end."""

from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.models import Process


class Approval(flow.Flow):
    process_class = Process
    start = flow.StartHandle().Next(this.approve)
    approve = flow.View(lambda request: None).Assign(username="manager").Next(this.decide)
    decide = (
        flow.If(lambda activation: activation.process.data["outcome"] == "approve")
        .Then(this.approved)
        .Else(this.rejected)
    )
    approved = flow.End()
    rejected = flow.End()
