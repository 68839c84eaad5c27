"""What `pilvi doctor` finds: one thing that was looked at, and what mends it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is empty when it is well."""

    what: str
    is_well: bool
    mend: str = ""
    is_need: bool = True
    """Whether the cloud does not work without it; else it works, worse."""

    @property
    def is_bad(self) -> bool:
        """Whether it has to be mended."""
        return self.is_need and not self.is_well
