"""Who executes the steps of a run: this process, processes of this machine, or Celery's workers on several machines.

That is for runs which the daemon or the web page starts. The command line executes its runs itself.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import dagster as dg

from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.settings import CELERY, IN_PROCESS, MULTIPROCESS, Settings

CLUSTER_PARTS = ("celery", "redis", "dagster_celery", "dagster_postgres")
NOT_INSTALLED = "Celery is named as the executor, but what it takes is not installed ({missing})."
INSTALL = "Install the extra: pip install -c constraints.txt -e '.[cluster]', on the head and on every worker."


def executor_of(settings: Settings) -> dg.ExecutorDefinition:
    """The executor that the settings name.

    Raises:
        SettingsFault: it is celery, and the extra `cluster` is not installed.
    """
    return EXECUTORS[settings.executor](settings)


def in_celery(settings: Settings) -> dg.ExecutorDefinition:
    """Steps on Celery's workers.

    Raises:
        SettingsFault: the extra `cluster` is not installed.
    """
    require_cluster_parts()
    from clinseek_assets.automation.celery_steps import celery_steps  # only where the extra is there

    return celery_steps(settings)


def require_cluster_parts() -> None:
    """See that the extra `cluster` is installed.

    Raises:
        SettingsFault: it is not.
    """
    missing = [name for name in CLUSTER_PARTS if not importable(name)]
    if missing:
        raise SettingsFault(NOT_INSTALLED.format(missing=", ".join(missing)), mend=INSTALL)


def importable(name: str) -> bool:
    """Whether a package is there and loads."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


EXECUTORS: dict[str, Callable[[Settings], dg.ExecutorDefinition]] = {
    IN_PROCESS: lambda settings: dg.in_process_executor,
    MULTIPROCESS: lambda settings: dg.multiprocess_executor.configured(
        # A process a step: started from one that has loaded the graph, it costs half a second instead of one or more.
        {"start_method": {"forkserver": {"preload_modules": ["clinseek_assets.build"]}}}
    ),
    CELERY: in_celery,
}
