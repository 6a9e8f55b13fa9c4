"""Stages 5, 7 and 9: what people decide about a metric. Thresholds, target, owner, verification, through one door.

The rules are the database's (`heartbeat.patch_verification`), so that every door has the same; this room only carries a patch
there and brings the answer back. It also replays the judgement over what is kept, for somebody who thinks about a threshold.
No value is ever proposed here.
"""

from heartbeat_lib.verification.decide import Decision, Refusal, decide
from heartbeat_lib.verification.rehearse import Rehearsal, RehearsalRefused, judged_statuses, rehearse

__all__ = ["Decision", "Refusal", "Rehearsal", "RehearsalRefused", "decide", "judged_statuses", "rehearse"]
