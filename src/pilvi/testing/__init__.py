"""Clouds to test against: the whole control plane over fake hosts, in one process.

`pilvi up --fake` runs one, and the pytest plugin gives one to each test session. Everything above
the agents' drivers is what a real cloud runs; guests, disks and packets are values in memory.
"""
