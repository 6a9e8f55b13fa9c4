"""Stage 8, owner review: the answer. Four outcomes to an audit, counts by hand, and what waits for a person."""
