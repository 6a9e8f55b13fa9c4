"""Stage 1, discovery: money story first, SQL last.

An analyst looks at what exists and at what the marts hold, writes whose job a number serves and what its red would cost, has that
agreed, and only then drafts SQL. Everything is kept with the candidate in the store, so it can be left and taken up again, and
the report of the day shows it. Nothing here reaches the registry: `promote` writes a file, and a person deploys it.

The surprise: the database holds the order. A draft belongs to a story that somebody agreed to, word for word; a story written
anew has no draft until it is agreed to anew.
"""
