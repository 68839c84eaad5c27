"""The whole cloud on one seed: control plane, agents, users, network and clock in one process.

Everything above the agents' drivers is what a real cloud runs. Time is virtual, every choice comes
from one seeded random, processes die as by kill -9, and messages are lost, late and doubled.
"""
