"""What a provider has of a resource class, and whether something fits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pilvi.placement.model.resources import Amounts

# Largest integer of the API: "no limit of its own".
UNIT_MAX = 2_147_483_647
CAPACITY_MAX = 2**63 - 1
"""Largest number that is told to a client: ratios may be as large as anybody likes."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """One resource class of one provider."""

    resource_class: str
    total: int
    reserved: int = 0
    min_unit: int = 1
    max_unit: int = UNIT_MAX
    """As much as one consumer may claim."""
    step_size: int = 1
    allocation_ratio: float = 1.0

    def why_wrong(self, *, may_reserve_all: bool) -> str:
        """What does not fit together in it; empty when all does. Pure."""
        if self.reserved > self.total or (self.reserved == self.total and not may_reserve_all):
            return f"{self.reserved} of {self.total} {self.resource_class} are reserved"
        if self.min_unit > self.max_unit:
            return f"min_unit {self.min_unit} is over max_unit {self.max_unit}"
        return ""

    @property
    def capacity(self) -> int:
        """How much may be claimed in all."""
        return min(int((self.total - self.reserved) * self.allocation_ratio), CAPACITY_MAX)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one provider has and what of it is used, each by resource class."""

    inventories: Mapping[str, Inventory] = field(default_factory=dict)
    used: Amounts = field(default_factory=dict)

    @property
    def total(self) -> Amounts:
        """What there is, before anything is reserved or sold more than once."""
        return {name: one.total for name, one in self.inventories.items()}

    @property
    def reserved(self) -> Amounts:
        """What the host keeps for itself."""
        return {name: one.reserved for name, one in self.inventories.items()}

    @property
    def ratio(self) -> Mapping[str, float]:
        """How many times over each unit is sold."""
        return {name: one.allocation_ratio for name, one in self.inventories.items()}

    @property
    def capacity(self) -> Amounts:
        """What may be claimed in all."""
        return {name: one.capacity for name, one in self.inventories.items()}

    @property
    def free(self) -> Amounts:
        """What may still be claimed; below zero when the provider has shrunk."""
        return {
            name: one.capacity - self.used.get(name, 0) for name, one in self.inventories.items()
        }

    def list_shortfalls(self, asked: Amounts) -> list[str]:
        """Why `asked` does not fit here, a phrase for each class; empty when it fits. Pure."""
        found = (self._shortfall(name, amount) for name, amount in asked.items() if amount)
        return [phrase for phrase in found if phrase]

    def _shortfall(self, name: str, amount: int) -> str:
        inventory = self.inventories.get(name)
        if inventory is None:
            return f"asked for {amount} {name}, has none"
        free = max(0, self.free[name])
        if amount > free:
            return f"asked for {amount} {name}, {free} free"
        if amount > inventory.max_unit:
            return f"asked for {amount} {name}, one server may have {inventory.max_unit}"
        if amount < inventory.min_unit or amount % inventory.step_size:
            step = f"{inventory.min_unit} in steps of {inventory.step_size}"
            return f"asked for {amount} {name}, which comes from {step}"
        return ""
