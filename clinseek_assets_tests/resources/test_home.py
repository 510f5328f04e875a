"""What a run is told of the data that it works on."""

import gzip
import shutil
from pathlib import Path

from clinseek_assets.locations.settings import load_settings
from clinseek_assets.resources.home import Home


def home_over(root: Path, project: Path) -> Home:
    return Home.of(
        load_settings(
            {
                "CLINSEEK_HOME": str(project / "home"),
                "CLINSEEK_RELEASE_ROOT": str(root / "release"),
                "MIMIC_IV_ROOT": str(root / "sources" / "mimic_iv"),
                "EHR_BENCH_ROOT": str(root / "sources" / "ehr_bench"),
                "CLINSEEK_MODELS": str(root / "models.yaml"),
            },
            project,
        )
    )


def test_data_is_open_only_while_the_generator_s_record_fits_every_input(tiny_release: Path, tmp_path: Path):
    assert home_over(tiny_release, tmp_path).class_of("text") == "open"

    root = tmp_path / "changed"
    shutil.copytree(tiny_release, root)
    table = root / "sources" / "mimic_iv" / "hosp" / "omr.csv.gz"
    table.write_bytes(gzip.compress(gzip.decompress(table.read_bytes()) + b"1,2150-01-01,1,Weight (Lbs),150\n"))
    assert home_over(root, tmp_path).class_of("text") == "credentialed"


def test_a_lost_record_makes_data_credentialed(tiny_release: Path, tmp_path: Path):
    root = tmp_path / "without"
    shutil.copytree(tiny_release, root)
    for record in root.rglob("SYNTHETIC.json"):
        record.unlink()
    assert home_over(root, tmp_path).class_of("text") == "credentialed"
