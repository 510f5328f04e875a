"""What a user names: where the release, the source datasets and the home folder lie.

Each setting is an environment variable, or the same key (in lower or upper case) in `clinseek.yaml` in the project's
folder or, where there is none, in the current folder. The environment wins. A relative path is meant from the file
that names it, in the environment from the current folder; `~` is the user's home folder. A few settings are no paths:
`VALUE_KEYS`.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, SecretStr

from clinseek_assets.benchmark.released_counts import FILE_NAME as COUNTS_FILE
from clinseek_assets.benchmark.released_counts import expected_counts
from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.locations.layout import MULTIMODAL_MANIFEST_FILE, TEXT_MANIFEST_FILE, Layout
from clinseek_assets.locations.physionet import (
    EHRXQA,
    MIMIC_CXR,
    MIMIC_CXR_JPG,
    Dataset,
    choices_made,
    find_release,
    module_in,
    modules_below,
)

SETTINGS_FILE = "clinseek.yaml"
HOME_FOLDER = ".clinseek"
MODELS_FILE = "models.yaml"
ATC_FILE = "atc_classes.csv"
SYNTHETIC_MARK = "SYNTHETIC.json"  # what the generator leaves in the release and in the sources

# Every setting, and what it names.
KEYS = {
    "CLINSEEK_HOME": "the folder of all that clinseek writes",
    "CLINSEEK_RELEASE_ROOT": "the folder of the released manifests",
    "CLINSEEK_ATC_CLASSES": "a CSV file ndc,name,atc_code,atc_name",
    "CLINSEEK_CCS_ICD9_PROCEDURES": "AHRQ's AppendixBSinglePR.txt, the CCS classes of ICD-9 procedures",
    "CLINSEEK_MODELS": "the registry of models, a YAML file",
    "CLINSEEK_CORPUS": "a folder of medical texts for the browser tools, without any patient's data",
    "PHYSIONET_ROOT": "a folder that a recursive download of PhysioNet filled",
    "MIMIC_IV_ROOT": "the folder of hosp/, icu/, ed/, note/",
    "MIMIC_IV_HOSP_ROOT": "the hosp module of MIMIC-IV",
    "MIMIC_IV_ICU_ROOT": "the icu module of MIMIC-IV",
    "MIMIC_IV_ED_ROOT": "the ed module, MIMIC-IV-ED",
    "MIMIC_IV_NOTE_ROOT": "the note module, MIMIC-IV-Note",
    "MIMIC_CXR_ROOT": "MIMIC-CXR: radiology reports",
    "MIMIC_CXR_JPG_ROOT": "MIMIC-CXR-JPG: images and their metadata",
    "EHRXQA_ROOT": "EHRXQA",
    "MEDMOD_ROOT": "MedMod's built data",
    "EHR_BENCH_ROOT": "EHR-Bench's files of questions",
    "CLINSEEK_EXECUTOR": "who executes the steps of a run that the daemon starts: in_process, multiprocess or celery",
    "CLINSEEK_BROKER": "the URL of Celery's broker, redis://HOST:6379/0 (a password in it: rediss://:PASSWORD@HOST)",
    "CLINSEEK_STORE": "what several machines share: a folder, or a URL such as s3://BUCKET/PREFIX",
    "CLINSEEK_LEASES": "a Postgres server by which several machines keep below ceilings: postgresql://USER@HOST/NAME",
}
VALUE_KEYS = ("CLINSEEK_EXECUTOR", "CLINSEEK_BROKER", "CLINSEEK_STORE", "CLINSEEK_LEASES")  # all others are paths
IN_PROCESS, MULTIPROCESS, CELERY = "in_process", "multiprocess", "celery"
EXECUTORS = (IN_PROCESS, MULTIPROCESS, CELERY)
BROKER_SCHEMES = ("redis", "rediss")
LEASES_SCHEMES = ("postgresql", "postgres")
FILE_KEYS = ("CLINSEEK_ATC_CLASSES", "CLINSEEK_CCS_ICD9_PROCEDURES", "CLINSEEK_MODELS")
MODULE_KEYS = {module: f"MIMIC_IV_{module.upper()}_ROOT" for module in ("ed", "hosp", "icu", "note")}
SOURCE_KEYS = tuple(key for key in KEYS if not key.startswith("CLINSEEK_"))
ALIKE = 0.85  # difflib's ratio from which an unknown name is taken for a misspelled key


class Settings(BaseModel):
    """Where everything lies, resolved: every path is absolute; what is None or absent is not there.

    Attributes:
        home: CLINSEEK_HOME.
        release_root: the folder of the released manifests (it may still be missing).
        mimic_roots: MIMIC-IV module (`ed`, `hosp`, `icu`, `note`) -> the folder of its tables; only those found.
        mimic_cxr_root, mimic_cxr_jpg_root, ehrxqa_root, medmod_root, ehr_bench_root: further source datasets.
        atc_classes: the file of ATC classes by NDC.
        ccs_icd9_procedures: AHRQ's file of the CCS classes of ICD-9 procedures.
        models_file: the registry of models (it may be missing).
        corpus: the folder of medical texts that the browser tools search.
        executor: one of `EXECUTORS`.
        broker: the URL of Celery's broker; it may hold a password.
        store: what several machines share, as a URL; None where this home is all there is.
        leases: the URL of the Postgres server by which machines share ceilings; it may hold a password.
        project_root: the folder beside whose README all of this lies.
        settings_file: the `clinseek.yaml` that was read.
        synthetic: whether the release and the sources are the synthetic ones of one place.
        origins: setting -> `environment`, the settings file's path, or how else it came about; for `doctor`.
        notices: what a user should know about the choices that were made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    release_root: Path
    mimic_roots: dict[str, Path]
    mimic_cxr_root: Path | None = None
    mimic_cxr_jpg_root: Path | None = None
    ehrxqa_root: Path | None = None
    medmod_root: Path | None = None
    ehr_bench_root: Path | None = None
    atc_classes: Path | None = None
    ccs_icd9_procedures: Path | None = None
    models_file: Path
    corpus: Path | None = None
    executor: str = IN_PROCESS
    broker: SecretStr | None = None
    store: str | None = None
    leases: SecretStr | None = None
    project_root: Path
    settings_file: Path | None = None
    synthetic: bool = False
    origins: dict[str, str] = {}
    notices: tuple[str, ...] = ()

    @property
    def layout(self) -> Layout:
        """The layout of the home folder."""
        return Layout(self.home)

    @property
    def own_inputs(self) -> tuple[str, ...]:
        """The settings by which the user names inputs; empty where only the synthetic data can be meant."""
        return tuple(key for key in self.origins if key in ("CLINSEEK_RELEASE_ROOT", *SOURCE_KEYS))

    @property
    def text_manifest(self) -> Path:
        """The text split's manifest: in `text/` of the release, or beside its README as the dataset's page has it."""
        return self._manifest("text", TEXT_MANIFEST_FILE)

    @property
    def multimodal_manifest(self) -> Path:
        """The multimodal split's manifest: in `multimodal/` of the release, or beside its README."""
        return self._manifest("multimodal", MULTIMODAL_MANIFEST_FILE)

    def _manifest(self, split: str, name: str) -> Path:
        nested, flat = self.release_root / split / name, self.release_root / name
        return flat if flat.is_file() and not nested.is_file() else nested


def load_settings(environ: Mapping[str, str] = os.environ, project_root: Path | None = None) -> Settings:
    """Read the settings from the environment and `clinseek.yaml`.

    Args:
        environ: the environment's variables.
        project_root: the project's folder; by default the checkout that this package lies in, else the current folder.

    Raises:
        SettingsFault: an unknown key, a path to nothing or to the wrong kind of thing, a broken file, or a release and
            sources that do not belong together.
    """
    settings, faults = examine_settings(environ, project_root)
    if faults:
        raise faults[0]
    return settings


def examine_settings(
    environ: Mapping[str, str] = os.environ, project_root: Path | None = None
) -> tuple[Settings, list[SettingsFault]]:
    """As `load_settings`, but with all faults beside the settings as far as they go; for `clinseek doctor`.

    Raises:
        SettingsFault: the settings file itself cannot be read.
    """
    root = (project_root or project_folder()).resolve()
    texts, origins, settings_file = named_texts(environ, root)
    named = named_paths(texts, origins)
    values = {key: texts[key] for key in VALUE_KEYS if key in texts}
    faults = misspelled_variables(environ) + wrong_paths(named) + wrong_values(values)
    # A path that is at fault must not take part in what follows from it, or one mistake shows up as several.
    usable = {key: path for key, path in named.items() if not path_fault(key, path)}
    home = usable.get("CLINSEEK_HOME", root / HOME_FOLDER)
    resolved = resolve(usable, set(named), home, faults)
    settings = Settings(
        home=home,
        models_file=usable.get("CLINSEEK_MODELS", root / MODELS_FILE),
        executor=values.get("CLINSEEK_EXECUTOR", IN_PROCESS),
        broker=SecretStr(values["CLINSEEK_BROKER"]) if "CLINSEEK_BROKER" in values else None,
        store=store_url(values["CLINSEEK_STORE"], beside(origins["CLINSEEK_STORE"]))
        if "CLINSEEK_STORE" in values
        else None,
        leases=SecretStr(values["CLINSEEK_LEASES"]) if "CLINSEEK_LEASES" in values else None,
        project_root=root,
        settings_file=settings_file,
        origins=origins,
        **resolved,
    )
    return settings, faults


def project_folder() -> Path:
    """The checkout that this package lies in (it has a `pyproject.toml`), else the current folder."""
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def named_texts(environ: Mapping[str, str], root: Path) -> tuple[dict[str, str], dict[str, str], Path | None]:
    """What is named: setting -> its text, setting -> where it was named, and the settings file if there is one."""
    settings_file = next((path for path in (root / SETTINGS_FILE, Path.cwd() / SETTINGS_FILE) if path.exists()), None)
    from_file = read_settings_file(settings_file) if settings_file else {}
    from_environment = {key: environ[key].strip() for key in KEYS if environ.get(key, "").strip()}
    texts = {key: text for key in KEYS if (text := from_environment.get(key) or from_file.get(key))}
    origins = {key: "environment" if key in from_environment else str(settings_file) for key in texts}
    return texts, origins, settings_file


def named_paths(texts: Mapping[str, str], origins: Mapping[str, str]) -> dict[str, Path]:
    """Setting -> absolute path; a relative one is meant from the file that names it, else from the current folder."""
    return {
        key: (beside(origins[key]) / Path(text).expanduser()).resolve()
        for key, text in texts.items()
        if key not in VALUE_KEYS
    }


def beside(origin: str) -> Path:
    """The folder from which a relative path of this origin is meant."""
    return Path.cwd() if origin == "environment" else Path(origin).parent


def store_url(text: str, folder: Path) -> str:
    """A store as a URL: a path is a folder of this machine or of a file server, a relative one meant from `folder`."""
    if "://" in text:
        return text.rstrip("/")
    return f"file://{(folder / Path(text).expanduser()).resolve()}"


def wrong_values(values: Mapping[str, str]) -> list[SettingsFault]:
    """The faults of the settings that are no paths. No URL is shown: it may hold a password."""
    faults = []
    executor = values.get("CLINSEEK_EXECUTOR", IN_PROCESS)
    if executor not in EXECUTORS:
        faults.append(
            SettingsFault(f"CLINSEEK_EXECUTOR is «{executor}».", mend=f"It is one of {', '.join(EXECUTORS)}.")
        )
    scheme, separator, place = values.get("CLINSEEK_BROKER", "").partition("://")
    if "CLINSEEK_BROKER" in values and (scheme not in BROKER_SCHEMES or not separator or not place):
        faults.append(
            SettingsFault("CLINSEEK_BROKER is no URL of a Redis server.", mend="Write it as redis://HOST:6379/0.")
        )
    if executor == CELERY and "CLINSEEK_BROKER" not in values:
        faults.append(
            SettingsFault(
                "CLINSEEK_EXECUTOR is celery, and no broker is named.",
                mend="Name it as CLINSEEK_BROKER, for example redis://HOST:6379/0, on the head and on every worker.",
            )
        )
    scheme, _, place = values.get("CLINSEEK_LEASES", "").partition("://")
    if "CLINSEEK_LEASES" in values and (scheme not in LEASES_SCHEMES or not place):
        faults.append(
            SettingsFault(
                "CLINSEEK_LEASES is no URL of a Postgres server.",
                mend="Write it as postgresql://USER@HOST/NAME, or unset it where one machine works alone.",
            )
        )
    return faults


def read_settings_file(path: Path) -> dict[str, str]:
    """The keys (in upper case) and values of a `clinseek.yaml`; keys without a value count as not there.

    Raises:
        SettingsFault: it is not YAML, not a flat mapping of names to paths, names a key twice, or an unknown key.
    """
    mend = f"One line a setting, for example `mimic_iv_root: ~/data/mimic-iv`. Settings: {', '.join(KEYS).lower()}."
    try:
        document = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsFault(f"{path}, line {line}: this is not YAML ({error.problem}).", mend=mend) from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SettingsFault(f"{path} cannot be read ({type(error).__name__}).", mend=mend) from None
    if document is None:
        return {}
    if not isinstance(document, yaml.MappingNode):
        raise SettingsFault(f"{path} is not a list of settings `key: path`.", mend=mend)
    found: dict[str, str] = {}
    for key_node, value_node in document.value:
        where, key = f"{path}, line {key_node.start_mark.line + 1}", str(key_node.value).upper()
        if not isinstance(key_node, yaml.ScalarNode):
            raise SettingsFault(f"{where}: this is not a line `key: path`.", mend=mend)
        if key not in KEYS:
            raise SettingsFault(f"{where}: «{key_node.value}» is no setting.{did_you_mean(key, lower=True)}", mend=mend)
        if key in found:
            raise SettingsFault(f"{where}: {key_node.value} is named a second time.", mend="Keep one of the two lines.")
        if not isinstance(value_node, yaml.ScalarNode):
            raise SettingsFault(f"{where}: the value of {key_node.value} is not one path.", mend=mend)
        found[key] = "" if value_node.tag == "tag:yaml.org,2002:null" else value_node.value.strip()
    return {key: value for key, value in found.items() if value}


def did_you_mean(key: str, *, lower: bool = False) -> str:
    """A sentence with the setting that an unknown name comes nearest to, or nothing."""
    near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.7)
    return f" Did you mean {near[0].lower() if lower else near[0]}?" if near else ""


def misspelled_variables(environ: Mapping[str, str]) -> list[SettingsFault]:
    """A fault for each variable of the environment that is no setting but has our prefix and nearly a setting's name.

    Variables of other programs are left alone: only names that begin as ours do can be a slip of the pen.
    """
    return [
        SettingsFault(
            f"The environment variable {name} is no setting.{did_you_mean(name)}",
            mend="Correct its name, or unset it.",
        )
        for name in sorted(environ)
        if name.startswith("CLINSEEK_") and name not in KEYS
        if difflib.get_close_matches(name, KEYS, n=1, cutoff=ALIKE)
    ]


def path_fault(key: str, path: Path) -> SettingsFault | None:
    """What is wrong with a named path by itself; None where nothing is. The home folder may still have to be made."""
    is_file = key in FILE_KEYS
    kind = "file" if is_file else "folder"
    if not path.exists():
        if key == "CLINSEEK_HOME":
            return None
        return SettingsFault(
            f"{key} names {path}, and there is nothing.", mend=f"Name the {kind} ({KEYS[key]}), or unset {key}."
        )
    if path.is_file() != is_file:
        other = "folder" if is_file else "file"
        return SettingsFault(f"{key} names {path}, a {other} instead of a {kind}.", mend=f"It is {KEYS[key]}.")
    if not os.access(path, os.R_OK if is_file else os.R_OK | os.X_OK):
        return SettingsFault(f"{key} names {path}, which this user may not read.", mend="Change its permissions.")
    return None


def wrong_paths(named: Mapping[str, Path]) -> list[SettingsFault]:
    """The faults of all named paths by themselves."""
    return [fault for key, path in named.items() if (fault := path_fault(key, path))]


def resolve(usable: Mapping[str, Path], named: set[str], home: Path, faults: list[SettingsFault]) -> dict[str, Any]:
    """From the named paths to what lies where; what is wrong is added to `faults`.

    `named` has the keys that were named at all, usable or not: a mistyped source root must not call in synthetic data.
    """
    layout = Layout(home)
    notices: list[str] = []
    roots = find_mimic_roots(usable, faults, notices)
    resolved: dict[str, Any] = {
        "mimic_cxr_root": downloaded(usable, "MIMIC_CXR_ROOT", MIMIC_CXR, notices),
        "mimic_cxr_jpg_root": downloaded(usable, "MIMIC_CXR_JPG_ROOT", MIMIC_CXR_JPG, notices),
        "ehrxqa_root": downloaded(usable, "EHRXQA_ROOT", EHRXQA, notices),
        "medmod_root": usable.get("MEDMOD_ROOT"),
        "ehr_bench_root": usable.get("EHR_BENCH_ROOT"),
    }
    download = usable.get("PHYSIONET_ROOT")
    if download and not roots and not any(resolved.values()):
        faults.append(
            SettingsFault(
                f"PHYSIONET_ROOT names {download}, and none of the datasets lies below it.",
                mend="Name the folder above files/mimiciv/3.1/ (or above physionet.org/files/mimiciv/3.1/).",
            )
        )
    release_root = usable.get("CLINSEEK_RELEASE_ROOT", layout.release)
    release_bundle = synthetic_bundle(release_root)
    if release_bundle and not named & set(SOURCE_KEYS) and named & {"CLINSEEK_RELEASE_ROOT"} <= set(usable):
        roots = modules_below(release_bundle / "sources" / "mimic_iv")
    elif not roots and modules_below(layout.sources / "mimic_iv"):
        notices.append(f"The synthetic sources in {layout.sources} are not used: other data is named.")
    sources_bundle = next(filter(None, map(synthetic_bundle, roots.values())), None)
    synthetic = release_bundle is not None and release_bundle == sources_bundle
    faults += not_of_one_origin(release_root, release_bundle, roots, sources_bundle, usable)
    if synthetic and release_bundle:
        for dataset in ("ehr_bench", "mimic_cxr", "mimic_cxr_jpg", "ehrxqa", "medmod"):
            resolved[f"{dataset}_root"] = resolved[f"{dataset}_root"] or existing(release_bundle / "sources" / dataset)
    atc_classes = usable.get("CLINSEEK_ATC_CLASSES")
    if sources_bundle:
        atc_classes = atc_classes or existing(sources_bundle / "sources" / ATC_FILE)
    return {
        **resolved,
        "mimic_roots": roots,
        "release_root": release_root,
        "atc_classes": atc_classes,
        "ccs_icd9_procedures": usable.get("CLINSEEK_CCS_ICD9_PROCEDURES"),
        "corpus": usable.get("CLINSEEK_CORPUS"),
        "synthetic": synthetic,
        "notices": tuple(notices),
    }


def existing(path: Path) -> Path | None:
    """The path where something is there, else None."""
    return path if path.exists() else None


def find_mimic_roots(usable: Mapping[str, Path], faults: list[SettingsFault], notices: list[str]) -> dict[str, Path]:
    """The modules' folders: a module's own root before MIMIC_IV_ROOT before PHYSIONET_ROOT."""
    roots: dict[str, Path] = {}
    for key in ("PHYSIONET_ROOT", "MIMIC_IV_ROOT"):
        if key in usable:
            found = modules_below(usable[key])
            notices += choices_made(usable[key], found)
            roots |= found
            if not found and key == "MIMIC_IV_ROOT":
                faults.append(
                    SettingsFault(
                        f"{key} names {usable[key]}, and no table of MIMIC-IV lies there or below.",
                        mend="Name the folder that holds hosp/ and icu/ with files such as hosp/patients.csv.gz.",
                    )
                )
    for module, key in MODULE_KEYS.items():
        if key in usable:
            folder = module_in(usable[key], module) or modules_below(usable[key]).get(module)
            if folder:
                roots[module] = folder
            else:
                faults.append(
                    SettingsFault(
                        f"{key} names {usable[key]}, and no table of the {module} module lies there.",
                        mend=f"It is {KEYS[key]}: the folder with the module's .csv or .csv.gz files.",
                    )
                )
    return {module: roots[module] for module in MODULE_KEYS if module in roots}


def downloaded(usable: Mapping[str, Path], key: str, dataset: Dataset, notices: list[str]) -> Path | None:
    """The root of a dataset: as named by itself, else out of PHYSIONET_ROOT's download, else None."""
    if key in usable:
        return usable[key]
    release = find_release(usable["PHYSIONET_ROOT"], dataset) if "PHYSIONET_ROOT" in usable else None
    if release is None:
        return None
    notices += release.notices
    return release.folder


def synthetic_bundle(path: Path) -> Path | None:
    """The folder that holds a synthetic `release/` and its `sources/`, where `path` lies in one of the two.

    Each of the two says so itself (`SYNTHETIC.json`), so that sources which were moved away from their release are
    still known; a release without that file is known by its counts.
    """
    for folder in (path, *path.parents):
        if (folder / SYNTHETIC_MARK).is_file():
            return folder.parent
        release = folder.parent / "release"
        if folder.name in ("release", "sources") and (release / COUNTS_FILE).is_file():
            return folder.parent if release_kind(release) == "synthetic" else None
    return None


def not_of_one_origin(
    release_root: Path,
    release_bundle: Path | None,
    roots: Mapping[str, Path],
    sources_bundle: Path | None,
    usable: Mapping[str, Path],
) -> list[SettingsFault]:
    """A fault where a synthetic release meets other sources, or the official release meets synthetic sources.

    Their patients do not match, and scores over such a mix would mean nothing. A manifest that a user built from
    synthetic sources (`clinseek build-manifest`) is neither, and goes with them.
    """
    bundles = {synthetic_bundle(folder) for folder in roots.values()}
    if len(bundles) > 1:
        return [
            SettingsFault(
                "Some modules of MIMIC-IV come from synthetic data and others do not.",
                mend="Name real folders for all modules, or for none.",
            )
        ]
    if release_bundle and roots and sources_bundle != release_bundle:
        mend = "Name the sources that were made with this release, or another release as CLINSEEK_RELEASE_ROOT."
        if "CLINSEEK_RELEASE_ROOT" not in usable:
            mend = (
                "Name the released manifests' folder as CLINSEEK_RELEASE_ROOT, or another CLINSEEK_HOME, or unset the "
                "sources to stay with the synthetic data."
            )
        return [
            SettingsFault(
                f"The release in {release_root} is synthetic, the sources are not its own: no patient would match.",
                mend=mend,
            )
        ]
    if sources_bundle and not release_bundle and release_kind(release_root) == "official":
        return [
            SettingsFault(
                f"The source tables are synthetic, but the release in {release_root} is not: no patient would match.",
                mend=f"Name your MIMIC-IV folders as MIMIC_IV_ROOT, or the release below {sources_bundle}.",
            )
        ]
    return []


def release_kind(release_root: Path) -> str:
    """`official`, `synthetic` or `built`, by the release's own counts; a damaged file of counts tells nothing (``)."""
    try:
        return expected_counts(release_root).release
    except Fault:
        return ""
