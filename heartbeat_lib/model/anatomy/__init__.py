"""What a value_sql does, read out of its syntax tree: its parts, its shape, the columns it reads, and whether two are one.

Nothing is run. Audits compare it with what a methodology says; a discovery looks for metrics that do the same already.
"""
