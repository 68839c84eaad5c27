"""How much of what is where: providers, inventories, allocations (Placement 1.x).

A provider is a host; its inventories follow from what the host reports, its allocations from what
consumers (servers) claim. Only this cloud writes them: the API reads.

Invariants: an allocation is written in the transaction that chooses its provider, and counts up
that provider's generation; a claim that does not fit is refused whole; the sum of a provider's
allocations is the sum of what its consumers hold.
"""
