"""What a package says of itself: `README.md` and `metadata.json`. Counts and names, never a patient's value."""

from __future__ import annotations

import json
from collections.abc import Mapping

import clinseek_assets

_HEAD = """# ClinSeek-Bench, rebuilt

Made by `clinseek export` of clinseek-assets {version} from a {release} release and the maker's own credentialed data,
in the layout of the published package. It holds protected clinical data: keep it where such data may lie, share nothing
of it, and publish hashes and scores only. Git leaves the folder alone (`.gitignore`), and only its owner can read it.

The files are {way}.{caution}

| what | number |
|---|---:|
{facts}

Beside this file lie the released manifests as they were taken{counts};
`clinseek validate` takes this folder as `CLINSEEK_RELEASE_ROOT`.
"""
_LINKED = " To edit one is to edit the original: do not."
_TEXT = """
## Text split

| path | what it is |
|---|---|
| `data/text/database/patient_<subject_id>.db` | one SQLite file a patient, published table and column names |
| `data/text/database/{reference_table,candidate_table}.db` | dictionaries, code classes; candidates to search |
| `data/text/table_description/` | what tables and columns mean, and how they link (JSON Lines) |
| `data/text/ClinSeek-Bench_text.json` | the manifest with `input`, `question`, `instruction` and `label` filled |
| `inputs/ehr_bench.json` | the same |

- Published EHR server: `--data_path data/text`.
- Published agent: take `inputs/ehr_bench.json`. It builds its own prompt for a file of that name alone; with any other
  name it is given the curated question, timeline included, and no patient id.
- Published curated driver and scorer: either manifest; gold is `label`.
- Columns are typed and what is missing is NULL, where the published builder writes text and the word `nan`; tools that
  read tables with pandas take both.
"""
_MULTIMODAL = """
## Multimodal split

| path | what it is |
|---|---|
| `inputs/mm_bench.jsonl`, `inputs/mm_bench_<dataset>.jsonl` | the manifest with `input_text`, whole and by dataset |
| `data/mm_bench/<dataset>/database/patient_<subject_id>.db` | one SQLite file a patient, of an allow-list of columns |
| `data/mm_bench/<dataset>/mimic-cxr/2.0.0/files/` | the linked X-rays |
| `data/mm_bench/ehrxqa/mimic-cxr/2.0.0/mimic-cxr-reports/files/` | the linked reports |
| `data/mm_bench/<dataset>/table_description/` | what tables and columns mean; no links, as published |
| `data/mm_bench/{EHRXQAOriginalLinked_v1,MedModOriginalLinked_v1}` | second names of the two folders |

- Published validator: `--bench-root` is this folder.
- Gold stands under `ground_truth` and under `label`, twice the same: the published scorer reads `label` alone, and the
  agent's results have the keys of the manifest. Without it every row counts as empty gold and is left out.
- Paths in the manifest begin as released, with the name of an upstream package. The published curated driver and
  validator take it off; the agent and the image server do not, and find the files by the second names if their
  `BENCH_ROOT` is `data/mm_bench`.
- The EHR server serves one root: start one for `data/mm_bench/ehrxqa` and one for `data/mm_bench/medmod`, and name both
  (`--ehr_mcp_url_ehrxqa`, `--ehr_mcp_url_medmod`), or every patient of the other dataset is «not found».
- The published agent is given the linked reports, the curated input has none unless they were switched on when contexts
  were made. To compare the two, empty `report_paths`.
"""
_PARTS = {"text": _TEXT, "multimodal": _MULTIMODAL}


def readme(splits: Mapping[str, Mapping[str, int]], *, release: str, way: str, has_counts: bool) -> bytes:
    """The package's README.

    Args:
        splits: split -> its counts.
        release: `official`, `synthetic` or `built`.
        way: `copies` or `hard links`.
        has_counts: whether the release's own counts lie beside it.
    """
    facts = [(name.replace("_", " "), number) for of_split in splits.values() for name, number in of_split.items()]
    head = _HEAD.format(
        version=clinseek_assets.__version__,
        release=release,
        way=way,
        caution=_LINKED if way == "hard links" else "",
        facts="\n".join(f"| {name} | {number:,} |" for name, number in facts),
        counts=", with their counts (`expected_counts.json`)" if has_counts else "",
    )
    return "".join([head, *(_PARTS[split] for split in splits)]).encode("utf-8")


def metadata(splits: Mapping[str, Mapping[str, int]], *, release: str) -> bytes:
    """The package's `metadata.json`: what made it, of what, and its counts."""
    told = {
        "made_by": f"clinseek-assets {clinseek_assets.__version__}",
        "release": release,
        "splits": {split: dict(facts) for split, facts in splits.items()},
        "gold_keys": ["ground_truth", "label"],
        "time_rule_of_input_text": "rows before prediction_time by the first column named after a time or date",
    }
    return (json.dumps(told, indent=2) + "\n").encode("utf-8")
