"""Heartbeat: business metrics that somebody stands behind.

One SQL file per metric, a clock that computes it, people who judge and sign it, and the evidence for all of it.
The folders of this package are the stages of a metric's life; `lifecycle` joins them.
"""
