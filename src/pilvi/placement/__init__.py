"""How much of what is where: providers, inventories, allocations (Placement 1.x).

A provider that stands for a host follows it: name, processors, memory, disk and the traits that the
host reports are not changed by hand. An admin may add others to it, and may make providers of his
own, in trees and aggregates. What servers hold follows the servers; other consumers are the API's.

Invariants: an allocation is written in the transaction that chooses its provider, and counts up
that provider's generation; a claim that does not fit is refused whole; the sum of a provider's
allocations is the sum of what its consumers hold.
"""
