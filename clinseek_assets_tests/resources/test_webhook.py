"""A webhook that is there, is not there, is busy, or sends us elsewhere: a real server on loopback."""

from __future__ import annotations

import socket
import time

import pytest

from clinseek_assets.resources.webhook import post
from clinseek_assets_tests.models.loopback import failing, hanging, send_json, serving

MESSAGE = {"event": "run_failed", "text": "A run failed."}
AT_ONCE = (0.0, 0.0, 0.0)


def taken(handler, body):
    send_json(handler, {}, 204)


def test_a_message_arrives_as_it_is():
    with serving(taken) as endpoint:
        assert post(endpoint.url, MESSAGE).done
    assert endpoint.requests == [MESSAGE]


def test_a_busy_server_is_tried_again_and_given_the_time_that_it_asks_for():
    with serving(failing(503), failing(429, Retry_After="1"), taken) as endpoint:
        began = time.monotonic()
        delivery = post(endpoint.url, MESSAGE, AT_ONCE)
    assert (delivery.done, delivery.attempts) == (True, 3)
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("reply", "told", "attempts"),
    [
        (failing(500), "HTTP 500", 3),
        (failing(404), "HTTP 404", 1),
        (failing(302, Location="http://127.0.0.1:1/"), "HTTP 302", 1),  # where nobody vouched for, nothing is sent
        (hanging(0), "RemoteProtocolError", 3),
    ],
)
def test_a_message_that_is_not_taken_is_no_fault(reply, told, attempts):
    with serving(reply) as endpoint:
        delivery = post(endpoint.url, MESSAGE, AT_ONCE)
    assert (delivery.done, delivery.told, delivery.attempts) == (False, told, attempts)
    assert len(endpoint.requests) == attempts


def test_nobody_there_is_no_fault_either():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    delivery = post(f"http://127.0.0.1:{port}/", MESSAGE, AT_ONCE)
    assert (delivery.done, delivery.told) == (False, "ConnectError")
