"""The Django application of `approvals_viewflow.py`."""
