"""Where agents report: leases, what each host should hold, what it holds.

Not an OpenStack API. Services above assign wishes (`operations/assignments.py`); agents fetch them
newer than a revision and report what they see; a report wakes the owner of what changed.

Invariants: every change of an assignment raises its generation and its host's revision; a row of
an assignment goes only when its host has reported the object absent at the withdrawing generation;
a host reads and reports only what is assigned to it.
"""
