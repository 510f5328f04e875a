"""One thread for the products of matrices.

They are many and small: threads that wait for one another cost more than they give, several times more where other work
runs beside them. And the order of additions, with it the last digits and so the hash of what is stored, must not depend
on the number of processors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

P = ParamSpec("P")
T = TypeVar("T")


def one_thread(function: Callable[P, T]) -> Callable[P, T]:
    """The function, with linear algebra on one thread while it runs."""
    limited: Callable[P, T] = threadpool_limits.wrap(limits=1, user_api="blas")(function)
    return limited
