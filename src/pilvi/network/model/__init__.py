"""What networks are made of; no I/O."""

from pilvi.network.model.request import NetworkRequest, ServerPort

__all__ = ["NetworkRequest", "ServerPort"]
