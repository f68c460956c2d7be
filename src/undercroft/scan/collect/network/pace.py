"""How fast one host is spoken to."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """Connections to one host, spread over time, and the questions that must not meet."""

    rate: float
    """Connections per second."""
    late: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the host is asked something that can stall it: never two of those at once."""
    _next: float = 0.0

    async def wait(self) -> None:
        """Return when the next connection may be opened."""
        now = asyncio.get_running_loop().time()
        slot = max(now, self._next)
        self._next = slot + 1 / self.rate
        if slot > now:
            await asyncio.sleep(slot - now)
