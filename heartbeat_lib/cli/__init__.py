"""The command line: a door. It reads words, calls one verb, prints; no rule stands behind it."""
