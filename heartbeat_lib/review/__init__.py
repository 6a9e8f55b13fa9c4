"""Stage 8, owner review: the answer. Four outcomes to an audit, counts by hand, and what waits for a person.

The rules are the database's (`heartbeat.review_metric`, `heartbeat.count_by_hand`), so that every door has the same; this room
carries an answer there and reads what follows from it.
"""

from heartbeat_lib.review.answer import Outcome, Reviewed, decide_review
from heartbeat_lib.review.counts import Counted, count_by_hand, hand_counts
from heartbeat_lib.review.waiting import Reason, Row, latest_audits, waiting

__all__ = [
    "Counted",
    "Outcome",
    "Reason",
    "Reviewed",
    "Row",
    "count_by_hand",
    "decide_review",
    "hand_counts",
    "latest_audits",
    "waiting",
]
