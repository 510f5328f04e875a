"""Damages to the file of expected counts that lies beside a manifest."""

from __future__ import annotations

import json

from clinseek_assets_tests.mutations.outcomes import AS_WITHOUT, Case, refused

UNDAMAGED = json.dumps(
    {"release": "built", "text": {"rows": 3, "patients": 2, "per_subtask": {"labevents": 3}}}, indent=1
).encode()
NOT_COUNTS = refused("does not hold expected counts")

CASES = [
    Case("emptied", lambda content: b"", NOT_COUNTS),
    Case("cut", lambda content: content[:40], NOT_COUNTS),
    Case("a list", lambda content: b"[" + content + b"]", NOT_COUNTS),
    Case("a count lost", lambda content: content.replace(b'"patients": 2,', b""), NOT_COUNTS),
    Case("a count as a word", lambda content: content.replace(b'"rows": 3', b'"rows": "SECRET"'), NOT_COUNTS),
    Case("a key of its own", lambda content: content.replace(b'"release"', b'"edition": 1, "release"'), NOT_COUNTS),
    Case("UTF-16", lambda content: content.decode().encode("utf-16"), NOT_COUNTS),
    Case("in one line", lambda content: content.replace(b"\n", b""), AS_WITHOUT),
]
