"""Stage 8, owner review: the evidence. Is the number what its texts say, is it fresh, does another road lead to it?

Five layers look at one metric, each by itself: methodology, source, rebuild, history, action. What a layer could not look at is
"not examined" and never holds. Nothing that people own is written here; an audit appends its row and writes a dated report.
"""
