"""The ledger: what the database says, compared with what is really there on every host.

Reconcilers mend what an audit would find; it exists to prove that, not to be needed. An audit asks
every host to list what is there, reads the whole database in one transaction, and compares the two
as values (`model.compare`). It changes nothing.

Work under way is no leak. What belongs to a wish that its host does not yet agree with is passed
over, and whoever asks looks twice, some seconds apart: only a difference that both looks show
counts (`model.difference.confirm`).
"""
