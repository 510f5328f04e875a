"""How the head and the workers speak to Celery's broker: the same arguments on both sides."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

# A message that a worker took and did not begin (it died in between) is handed out again after this time. What a
# worker has begun is never handed out again by the broker: an hour-long step would then be done twice. Steps of a
# worker that is gone are found by `celery_steps`, and the run is retried by Dagster, which counts how often.
HANDED_OUT_AGAIN = 120  # seconds
RESULTS_KEPT = 7 * 24 * 3600  # seconds; a step that ran longer would no longer be known to have begun
CONFIGURATION: dict[str, Any] = {
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,  # a worker takes a step when it can begin it, so that the others get theirs
    "worker_max_tasks_per_child": 1,  # a fresh process a step: it reads settings and registry anew, and leaks nothing
    "task_track_started": True,  # which worker has a step; `celery_steps` asks it
    "task_acks_late": False,
    "result_expires": RESULTS_KEPT,
    "broker_transport_options": {
        "visibility_timeout": HANDED_OUT_AGAIN,
        "queue_order_strategy": "priority",
        "socket_keepalive": True,
        "health_check_interval": 25,
    },
    "result_backend_transport_options": {"socket_keepalive": True, "health_check_interval": 25},
    "broker_connection_retry_on_startup": True,
    "worker_send_task_events": False,
    "worker_hijack_root_logger": False,
}


def app_arguments(broker: SecretStr) -> dict[str, Any]:
    """The arguments of `celery.Celery` for the head and the workers; results are kept where the messages are."""
    url = broker.get_secret_value()
    return {"broker": url, "backend": url, "include": [], "config_source": dict(CONFIGURATION)}
