"""Doing work without losing it: counting what is under way, shielding it, queueing it, trying it again."""

from strategy.runtime.backoff import Backoff
from strategy.runtime.in_flight import Activity, Precedence
from strategy.runtime.shielding import run_to_end, wait_until_or
from strategy.runtime.work_queue import WorkQueue
