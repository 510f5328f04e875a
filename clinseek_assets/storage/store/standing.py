"""How a store stands: whether it can be read and written, and whether it is private, as far as that can be told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Literal

from clinseek_assets.faults import StoreFault
from clinseek_assets.storage.store.objects import Objects, shown

OTHERS = 0o077
# The groups that stand for everybody in an access list of S3.
EVERYBODY = ("/global/AllUsers", "/global/AuthenticatedUsers")
Private = Literal["yes", "no", "cannot tell"]


@dataclass(frozen=True)
class StoreStanding:
    """What was found.

    Attributes:
        url: the store, without names and passwords in it.
        usable: whether an object could be written, read and removed.
        private: whether nobody but its owner may read it, by what its folder or its bucket's access list says. Policies
            of an organisation may say otherwise.
        reason: why it is not usable, or who may read it; "" where there is nothing to say.
    """

    url: str
    usable: bool
    private: Private
    reason: str


def standing_of_store(objects: Objects) -> StoreStanding:
    """Write, read and remove an object, and see who may read; a store that cannot be used is no error here."""
    name, content = f"probe/{secrets.token_hex(8)}", secrets.token_bytes(16)
    try:
        objects.write(name, content)
        kept = objects.read(name)
        objects.remove(name)
    except StoreFault as fault:
        return StoreStanding(shown(objects.url), False, "cannot tell", str(fault))
    if kept != content:
        return StoreStanding(shown(objects.url), False, "cannot tell", "What is written there is not what is read.")
    private, reason = _privacy(objects)
    return StoreStanding(shown(objects.url), True, private, reason)


def _privacy(objects: Objects) -> tuple[Private, str]:
    if objects.folder is not None:
        if objects.folder.stat().st_mode & OTHERS:
            return "no", f"Others may enter {objects.folder}: chmod 700 takes that away."
        return "yes", ""
    if not hasattr(objects.files, "call_s3"):
        return "cannot tell", "This kind of store does not say who may read it."
    bucket = objects.root.partition("/")[0]
    try:
        grants = objects.files.call_s3("get_bucket_acl", Bucket=bucket)["Grants"]
    except Exception as error:  # not every service has access lists, nor every account the right to see them
        return "cannot tell", f"The bucket's access list cannot be seen ({type(error).__name__})."
    if any(_to_everybody(grant) for grant in grants):
        return "no", f"The access list of the bucket {bucket} lets everybody in: make it private."
    return "yes", ""


def _to_everybody(grant: dict[str, Any]) -> bool:
    return str(grant.get("Grantee", {}).get("URI", "")).endswith(EVERYBODY)
