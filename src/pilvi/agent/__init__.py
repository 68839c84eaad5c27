"""What runs on every host: fetch desired, observe, plan, apply, report.

Each folder owns one kind of thing: `plan.py` is pure, `driver.py` is the protocol, `fake.py` and
the real driver stand beside it, `reconciler.py` joins them. A guest is a process of its own
session: the agent may be killed and started again, and no guest notices.
"""
