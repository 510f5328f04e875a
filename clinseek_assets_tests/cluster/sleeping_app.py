"""A Celery app as the product makes it, with a task that only takes its time and can be interrupted as a step can."""

import os
import time

from dagster._utils.interrupts import capture_interrupts, raise_interrupts_as
from dagster_celery.make_app import make_app
from pydantic import SecretStr

from clinseek_assets.automation.celery_broker import app_arguments

app = make_app(app_arguments(SecretStr(os.environ["CLINSEEK_BROKER"])))


@app.task(name="sleep")
def sleep(seconds: float, told: str) -> list[str]:
    try:
        with capture_interrupts(), raise_interrupts_as(KeyboardInterrupt):
            time.sleep(seconds)
    except KeyboardInterrupt:
        told += " interrupted"
    with open(os.environ["TOLD"], "a") as file:  # noqa: PTH123
        file.write(told + "\n")
    return [told]
