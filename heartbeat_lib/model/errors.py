"""The one base class of everything Heartbeat refuses or reports.

A message says what was wrong, where, and what to do. Doors catch this class alone: whatever else escapes is a defect.
"""


class HeartbeatError(Exception):
    """Something a person can act on; the message is written for that person."""
