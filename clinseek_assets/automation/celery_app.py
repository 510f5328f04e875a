"""What a Celery worker loads: `celery -A clinseek_assets.automation.celery_app worker`, or `clinseek worker`.

The task is dagster-celery's own, which loads the code location in the worker and executes one step of a run.
"""

from __future__ import annotations

from dagster_celery.make_app import make_app
from dagster_celery.tasks import create_task

from clinseek_assets.automation.celery_broker import app_arguments
from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.settings import Settings, load_settings


def broker_arguments(settings: Settings) -> dict[str, object]:
    """What the app is made with.

    Raises:
        SettingsFault: no broker is named.
    """
    if settings.broker is None:
        raise SettingsFault(
            "No broker is named.", mend="Name it as CLINSEEK_BROKER, for example redis://HOST:6379/0, as on the head."
        )
    return app_arguments(settings.broker)


app = make_app(broker_arguments(load_settings()))
# What a worker logs of a finished step is cut short: its events stand in the store of the instance.
execute_plan = create_task(app, resultrepr_maxsize=80)
