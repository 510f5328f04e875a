"""What a store holds that no artifact names any more, and taking it away.

Content stays when an entry is replaced, since another home may be fetching it; a machine that was killed leaves content
that never got an entry, or half a file. Both are left over when they have lain for a while. Who publishes sends old
content anew (`Published.publish`), so what is found here is not about to be named.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from clinseek_assets.storage.atomic import UNFINISHED
from clinseek_assets.storage.store.objects import side_by_side
from clinseek_assets.storage.store.published import OBJECTS, YOUNG_SECONDS, Published

AT_A_TIME = 200  # between two looks at what has been named meanwhile
LEAST_DAYS = 2 * YOUNG_SECONDS / 86_400


def leftovers(published: Published, days: float) -> dict[str, int]:
    """Objects that nothing names and that have not changed for some days, with their bytes.

    An object of which the store does not tell when it was written is none.

    Args:
        published: the artifacts of the store.
        days: at least `LEAST_DAYS`.

    Raises:
        StoreFault: the store cannot be read, or an entry is none of ours.
    """
    before = time.time() - max(days, LEAST_DAYS) * 86_400
    there = published.objects.facts(OBJECTS)
    named = _named(published)
    return {
        name: facts.size
        for name, facts in sorted(there.items())
        if (UNFINISHED in name or name not in named) and facts.changed is not None and facts.changed < before
    }


def remove_leftovers(published: Published, names: list[str], moved: Callable[[int, int], None]) -> int:
    """Take left over objects away, but for those that an entry names by now; returns how many that were.

    Killed in the middle, it has taken a part away.

    Args:
        published: the artifacts of the store.
        names: as `leftovers` found them.
        moved: told how many of all are done.

    Raises:
        StoreFault: the store cannot be written.
    """
    removed = 0
    for start in range(0, len(names), AT_A_TIME):
        named = _named(published)
        going = [name for name in names[start : start + AT_A_TIME] if name not in named]
        side_by_side(published.objects.remove, going)
        removed += len(going)
        moved(min(start + AT_A_TIME, len(names)), len(names))
    return removed


def _named(published: Published) -> set[str]:
    """The objects that an entry names, by a look that is made now."""
    published.look(now=True)
    return published.named()
