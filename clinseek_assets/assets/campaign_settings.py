"""What models.yaml says of the campaign as a whole and that shapes what is shown: a source of its own on the page.

(Dagster reads annotations when an asset is defined, so this module does without their postponed evaluation.)
"""

import dagster as dg

from clinseek_assets.assets.observed import GROUP, Version, of_registry
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fingerprint import of_text


def _versions(home: Home) -> dict[str | None, Version]:
    reports = home.registry.campaign.reports
    return {None: Version(of_text(f"reports: {reports}"), {"reports": reports})}


CAMPAIGN_SETTINGS = of_registry(
    _versions,
    dg.AssetSpec(
        "campaign_settings",
        group_name=GROUP,
        kinds={"yaml"},
        owners=["team:evaluation"],
        description="The switch `campaign.reports` of models.yaml: whether all arms of the multimodal split are shown "
        "the linked radiology reports.",
    ),
)
