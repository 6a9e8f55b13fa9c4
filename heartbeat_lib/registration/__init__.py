"""Stage 2, registration: one SQL file becomes one row of the registry, or a list of reasons why not.

A file is data. It is evaluated in a disposable database that holds nothing but an empty registry of the same shape
(`scratch`), what stands there afterwards is judged (`rules`), and only that row travels on, to one function in the real
database (`deploy`).
"""

from heartbeat_lib.registration.check import Checked, NoSuchMetricFileError, check
from heartbeat_lib.registration.deploy import (
    Commit,
    Plan,
    apply,
    definitions_to_try,
    git_commit,
    plan,
)
from heartbeat_lib.registration.displays import plan_html
from heartbeat_lib.registration.findings import DeployRefused, Finding, blocking

__all__ = [
    "Checked",
    "Commit",
    "DeployRefused",
    "Finding",
    "NoSuchMetricFileError",
    "Plan",
    "apply",
    "blocking",
    "check",
    "definitions_to_try",
    "git_commit",
    "plan",
    "plan_html",
]
