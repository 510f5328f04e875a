"""Having the web page load a code location again, as its button «Reload» does.

A code location makes its partitions when it is loaded, so a new model is there only afterwards. The page's server and
the daemon share one code server, and the page's GraphQL schema is the one public way to have it load anew.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx

# `clinseek ui` names its own address here; whoever serves the page otherwise may set it by hand.
PAGE_VARIABLE = "CLINSEEK_WEB_PAGE"
BY_HAND = (
    "models.yaml has changed. Load the code location again: on the page under Deployment, «Reload», or by a new start."
)
MUTATION = """
mutation Reload($name: String!) { reloadRepositoryLocation(repositoryLocationName: $name) { __typename } }
"""
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 1.0


def page_of(environ: Mapping[str, str]) -> str:
    """The address of the web page; nothing where it is not known."""
    return environ.get(PAGE_VARIABLE, "").strip().rstrip("/")


def ask_to_reload(page: str, location: str) -> str:
    """Ask the page to load a code location again; what came of it, in a sentence.

    The answer is not waited for: loading takes seconds, and ends the process that asks.

    Args:
        page: its address; nothing where it is not known.
        location: the name of the code location.
    """
    if not page:
        return BY_HAND
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
    question = {"query": MUTATION, "variables": {"name": location}}
    try:
        with httpx.Client(timeout=timeout, trust_env=False) as http:
            answer = http.post(f"{page}/graphql", json=question)
    except httpx.ReadTimeout:
        return ASKED
    except (httpx.HTTPError, httpx.InvalidURL):
        return f"{BY_HAND} (The page did not answer at the address in {PAGE_VARIABLE}.)"
    return ASKED if answer.is_success else f"{BY_HAND} (The page answered with HTTP {answer.status_code}.)"


ASKED = "models.yaml has changed: the page was asked to load the code location again."
