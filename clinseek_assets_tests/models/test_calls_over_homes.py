"""Several machines over one store: what one has paid for, the others have, however it ended."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from clinseek_assets.models.budget import Cost
from clinseek_assets.models.curated_arm import answer_curated
from clinseek_assets.models.endpoints.shared_leases import LeaseServer
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.keeping import Keeping
from clinseek_assets.models.ledger import Ledger
from clinseek_assets.storage.shared_claims import SharedClaims
from clinseek_assets.storage.store.objects import Objects
from clinseek_assets.storage.store.rows import RowStore
from clinseek_assets_tests.models.cases import chat_model, contexts_of, keeping_in, question
from clinseek_assets_tests.models.loopback import Endpoint, send_json, serving
from clinseek_assets_tests.services.buckets import serving_bucket

QUESTIONS = 60
AT_A_TIME = 4


def keeping_over(home: Path, store: str) -> Keeping:
    """What a machine keeps in its home and in the store."""
    return replace(keeping_in(home), shared=RowStore(Objects(store), home))


def answer(url: str, home: Path, store: str, keeping: Keeping | None = None):
    """All questions that have no answer yet, asked from one machine."""
    asked = [question(f"q{number}", row_number=number, instruction=f"Event {number}?") for number in range(QUESTIONS)]
    return answer_curated(
        chat_model(url, max_concurrency=AT_A_TIME),
        asked,
        contexts_of(asked),
        keeping=keeping or keeping_over(home, store),
        priors=None,
        arm="curated",
        data_class="open",
    )


RUN = """
import sys
from pathlib import Path
from clinseek_assets_tests.models.test_calls_over_homes import answer
answer(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
"""


def slow_yes(handler, body) -> None:
    time.sleep(0.05)
    choice = {"message": {"role": "assistant", "content": "<answer>\nyes\n</answer>"}, "finish_reason": "stop"}
    send_json(handler, {"choices": [choice], "usage": {"prompt_tokens": 11, "completion_tokens": 7}})


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(slow_yes) as running:
        yield running


def times_asked(endpoint: Endpoint) -> Counter[str]:
    """How often each request came, by its whole text."""
    return Counter(json.dumps(body, sort_keys=True) for body in endpoint.requests)


def at_rest(endpoint: Endpoint) -> int:
    """How many requests came, once none has come for a while: some were on their way when their sender was killed."""
    came = -1
    while came != (came := len(endpoint.requests)):
        time.sleep(0.5)
    return came


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.slow)])
def store(request, tmp_path) -> Iterator[str]:
    """An empty store."""
    with serving_bucket() if request.param == "bucket" else nullcontext(f"file://{tmp_path / 'store'}") as url:
        yield url


def test_another_machine_goes_on_where_one_was_killed(endpoint, tmp_path, store):
    command = [sys.executable, "-c", RUN, endpoint.url, str(tmp_path / "a"), store]
    with subprocess.Popen(command) as a:
        while len(endpoint.requests) < QUESTIONS // 2:
            assert a.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
        a.send_signal(signal.SIGKILL)
    asked_by_a = at_rest(endpoint)
    with Journal(tmp_path / "c" / "journal.sqlite", RowStore(Objects(store), tmp_path / "c")) as kept:
        answered_by_a = kept._db.execute("SELECT count(*) FROM completions").fetchone()[0]
    assert 0 < answered_by_a <= asked_by_a < QUESTIONS

    frame = answer(endpoint.url, tmp_path / "b", store)
    assert set(frame["outcome"]) == {"finished"}
    assert len(times_asked(endpoint)) == QUESTIONS
    assert len(endpoint.requests) - asked_by_a == QUESTIONS - answered_by_a, "what was kept is not asked again"
    again = len(endpoint.requests)
    answer(endpoint.url, tmp_path / "a", store)
    assert len(endpoint.requests) == again, "the killed machine itself learns of what the other has asked"

    totals = {}
    for home in "abc":
        with Ledger(tmp_path / home / "ledger.sqlite", shared=RowStore(Objects(store), tmp_path / home)) as ledger:
            totals[home] = (ledger.totals(), ledger.spent())
    assert totals["a"] == totals["b"] == totals["c"]
    (total,) = totals["c"][0]
    assert (total.questions, total.open) == (QUESTIONS, 0)
    never_left = total.calls - len(endpoint.requests)  # a call is counted before it is sent
    assert 0 <= never_left <= AT_A_TIME, "every call is known"


def test_a_cap_counts_what_other_machines_spent(endpoint, tmp_path):
    store = f"file://{tmp_path / 'store'}"
    answer(endpoint.url, tmp_path / "a", store)
    with Ledger(tmp_path / "b" / "ledger.sqlite", shared=RowStore(Objects(store), tmp_path / "b")) as ledger:
        assert ledger.spent() == Cost(QUESTIONS * 18, 0.0)
    with Ledger(tmp_path / "d" / "ledger.sqlite") as alone:
        assert alone.spent() == Cost()


def test_two_machines_at_the_same_questions_ask_each_once(endpoint, tmp_path, lease_server):
    store = f"file://{tmp_path / 'store'}"

    def from_machine(home: str) -> None:
        keeping = keeping_over(tmp_path / home, store)
        claims, leases = SharedClaims(lease_server.url, store), LeaseServer(lease_server.url)
        answer(endpoint.url, tmp_path / home, store, replace(keeping, claims=claims, leases=leases))

    with ThreadPoolExecutor() as machines:
        assert list(machines.map(from_machine, "ab")) == [None, None]  # what one raises is raised here
    assert len(endpoint.requests) == QUESTIONS
    assert endpoint.busiest <= AT_A_TIME
