"""Harbour Bank, the demo: an invented bank with faults planted for a cockpit to find.

`heartbeat_lib.demo.bank.bank` makes the tables. Nothing is imported here, so that a command without a demo pays nothing.
"""
