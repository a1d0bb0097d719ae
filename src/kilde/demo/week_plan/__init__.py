"""The week plan: a task that documents cannot teach and training can.

Requests in, plans as JSON out, after house rules that stand in ``rules.toml`` and in no prompt.
``rules`` plans, ``requests`` words requests and makes rows for training and testing, ``check``
says which rules an answer breaks.

>>> from kilde.demo.week_plan import Request, check, rows
>>> row = rows("en", "test", 1, seed=0)[0]
>>> check(Request(**row["request"]), row["messages"][-1]["content"])
()
"""

from kilde.demo.week_plan.check import RULES, Fault, check
from kilde.demo.week_plan.requests import COUNTS, LANGUAGES, SPLITS, rows, to_jsonl
from kilde.demo.week_plan.rules import Request, load_rules, plan, written

__all__ = [
    "COUNTS",
    "LANGUAGES",
    "RULES",
    "SPLITS",
    "Fault",
    "Request",
    "check",
    "load_rules",
    "plan",
    "rows",
    "to_jsonl",
    "written",
]
