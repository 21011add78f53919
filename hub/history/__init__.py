"""Every change of every entity, encrypted, for charts and for looking back."""

from hub.history.history import History

__all__ = ["History"]
