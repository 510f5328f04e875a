"""Rules of time loosened in their smallest parts, one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from clinseek_assets.mimic.visibility.moments import (
    AT_ONCE,
    Always,
    At,
    FirstOf,
    FromNumber,
    Latest,
    Moment,
    Of,
    OnlyFor,
    Where,
)
from clinseek_assets.mimic.visibility.rule import Rule


def loosened(moment: Moment, said: Collection[Moment] = ()) -> Iterator[Moment]:
    """The moment with one of its parts left out, taken as long past, or without what is added to it.

    Args:
        moment: of a rule.
        said: parts of it that stay as they are.
    """
    match moment:
        case Always():
            return
        case Latest() | FirstOf():
            kind = type(moment)
            for place, part in enumerate(moment.moments):
                if part in said:
                    continue
                before, after = moment.moments[:place], moment.moments[place + 1 :]
                if len(moment.moments) > 1:
                    yield kind(*before, *after)
                yield from (kind(*before, less, *after) for less in loosened(part))
        case Where():
            yield from (replace(moment, filled=less) for less in loosened(moment.filled))
            yield from (replace(moment, empty=less) for less in loosened(moment.empty))
        case FromNumber():
            yield from (replace(moment, reached=less) for less in loosened(moment.reached))
            yield from (replace(moment, below=less) for less in loosened(moment.below))
        case OnlyFor():
            yield from (replace(moment, moment=less) for less in loosened(moment.moment))
            yield from (replace(moment, texts=(text,)) for text in moment.texts if len(moment.texts) > 1)
        case _:
            if isinstance(moment, At | Of) and moment.plus != AT_ONCE:
                yield replace(moment, plus=AT_ONCE)
            yield Always()


def rules_loosened(rule: Rule) -> Iterator[Rule]:
    """The rule with its rows, or one group of values, known too early; a value need not wait for what its row did."""
    yield from (replace(rule, row=less) for less in loosened(rule.row))
    waited = rule.row.moments if isinstance(rule.row, Latest) else ()
    for place, settled in enumerate(rule.settled):
        for less in loosened(settled.known, waited):
            changed = replace(settled, known=less)
            yield replace(rule, settled=(*rule.settled[:place], changed, *rule.settled[place + 1 :]))
