"""MIMIC-CXR and MIMIC-CXR-JPG as PhysioNet has them: headers, lists, reports with canaries."""

import re

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS
from clinseek_assets.mimic.catalogue import CXR_TABLES
from clinseek_assets.synthetic.canaries import CANARY_PATTERN, canary_of
from clinseek_assets.synthetic.multimodal.findings import findings
from clinseek_assets.synthetic.multimodal.lives import draw_lives
from clinseek_assets.synthetic.multimodal.reports import report_of
from clinseek_assets_tests.synthetic.multimodal.conftest import SEED, SIZE

METADATA = (
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime,"
    "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning"
)


def test_headers_are_the_published_ones(listed):
    assert ",".join(listed("metadata").columns) == METADATA
    assert tuple(listed("chexpert").columns) == ("subject_id", "study_id", *CHEXPERT_LABELS)
    assert set(listed("split").columns) == {"dicom_id", "study_id", "subject_id", "split"}
    for name, table in CXR_TABLES.items():
        assert set(table.column_names) <= set(listed(name).columns)


def test_lists_hold_everybody_s_studies_and_only_linked_images_are_on_disk(written, listed):
    metadata = listed("metadata")
    files = {path.stem: path for path in (written.sources / "mimic_cxr_jpg").rglob("*.jpg")}
    assert set(files) < set(metadata["dicom_id"])
    assert metadata["dicom_id"].is_unique
    assert set(metadata["ViewPosition"]) == {"AP", "PA", "LATERAL"}
    assert set(metadata["dicom_id"]) == set(listed("split")["dicom_id"])
    assert set(listed("split")["split"]) == {"train", "validate", "test"}
    assert set(metadata["study_id"]) == set(listed("chexpert")["study_id"])
    assert len(files) <= SIZE.images["ehrxqa"] + SIZE.images["medmod"] < metadata["study_id"].nunique()
    sizes = metadata.set_index("dicom_id").loc[list(files), ["Columns", "Rows"]]
    assert set(sizes.itertuples(index=False, name=None)) == {("320", "384")}


def test_study_times_are_numbers_without_their_leading_zeros(listed):
    clock = listed("metadata")["StudyTime"]
    assert clock.str.fullmatch(r"\d{1,6}\.\d{1,3}").all()
    assert (clock.str.split(".").str[0].str.len() < 6).any()
    assert listed("metadata")["StudyDate"].str.fullmatch(r"2[012]\d{6}").all()


def test_labels_are_written_as_published(listed):
    cells = listed("chexpert")[list(CHEXPERT_LABELS)]
    assert set(cells.stack().unique()) == {"1.0", "0.0", "-1.0", ""}


def test_every_report_has_its_own_canary_and_the_usual_sections(reports, listed):
    assert len(reports) == listed("chexpert")["study_id"].nunique()
    for name, text in reports.items():
        study_id = re.fullmatch(r"files/p\d\d/p\d{8}/s(\d{8})\.txt", name).group(1)
        assert CANARY_PATTERN.findall(text) == [canary_of(f"s{study_id}", SEED)]
        assert "FINAL REPORT" in text and "FINDINGS:" in text and "IMPRESSION:" in text
    assert len({CANARY_PATTERN.search(text).group() for text in reports.values()}) == len(reports)


def test_canaries_stand_nowhere_but_in_reports(written):
    for path in written.root.rglob("*"):
        if path.is_file() and path.suffix in (".csv", ".json", ".jsonl"):
            assert not CANARY_PATTERN.search(path.read_text(encoding="utf-8")), path.name


def test_a_report_says_what_the_labels_say():
    for life in draw_lives(60, SEED):
        before = None
        for study in life.studies:
            text = report_of(life.patient, study, before, SEED)
            impression = text.split("IMPRESSION:")[1]
            for label, finding in findings().items():
                conclusion = finding.conclusion.replace("{Side} ", "").lower()
                assert (conclusion in impression.lower()) == (label in study.present), (label, text)
                assert (finding.denial in text) == (label in study.denied)
            assert "{" not in text
            before = study
