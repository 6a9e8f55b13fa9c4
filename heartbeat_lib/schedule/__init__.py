"""The clock: a door that calls when something is due. It decides nothing; the store's runs say what is due and what is done."""

from heartbeat_lib.schedule.clock import Clock, next_due

__all__ = ["Clock", "next_due"]
