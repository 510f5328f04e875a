"""Today's versions of what shapes the answers of all models in an arm: prompt, reading, tools, loop, policy of time."""

from __future__ import annotations

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD
from clinseek_assets.campaign.participants import short
from clinseek_assets.models import curated_answer
from clinseek_assets.models.agent.openings import prompt_version
from clinseek_assets.models.curated_prompts import PROMPTS
from clinseek_assets.models.seeking_arm import loop_version
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.pinned.versions import policy_version
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.record_tools import record_tools

DATASETS = {"text": ("mimic_iv",), "multimodal": (EHRXQA, MEDMOD)}
POLICY_OF: dict[str, Policy] = {"seeking": "strict", "seeking_compat": "compat", "curated_strict": "strict"}
SEEKING = ("seeking", "seeking_compat")


def versions_today(home: Home, split: str, arm: str) -> dict[str, str]:
    """Part -> its version, of an arm whose databases (where it has tools) are there.

    Raises:
        Fault: the tools' files are damaged, or a model for search by meaning is named and cannot be used.
    """
    found = {"reading": curated_answer.VERSION}
    if arm in SEEKING:
        found |= {
            "prompt": prompt_version(split),
            "tools": record_tools(home, POLICY_OF[arm], split=split).version,
            "loop": loop_version(),
        }
    else:
        found["prompt"] = PROMPTS[split].version
    if arm in POLICY_OF:
        found |= {f"policy, {name}": policy_version(POLICY_OF[arm], name) for name in DATASETS[split]}
    return {part: short(version) for part, version in found.items()}
