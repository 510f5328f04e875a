"""Reports are read out of folders and out of the zip, byte for byte, and every trouble has its kind."""

import hashlib
import zipfile

import pytest

from clinseek_assets.mimic.multimodal.radiology_reports import Member, ReportFault, ReportTexts

WORDS = "FINAL REPORT\r\n EXAMINATION:  CHEST\n\n IMPRESSION:  No acute process. é\n"
TEXT = WORDS.encode()
SUBJECT, STUDY = 19990001, 59990001
TAIL = f"p19/p{SUBJECT}/s{STUDY}.txt"


def zipped(root, *, prefix="", texts=None):
    root.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(root / "mimic-cxr-reports.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (texts or {f"files/{TAIL}": TEXT}).items():
            archive.writestr(prefix + name, content)
    return root


def filed(root, place, content=TEXT):
    path = root / place / TAIL
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return root


def fault_of(action, *arguments):
    with pytest.raises(ReportFault) as raised:
        action(*arguments)
    assert str(SUBJECT) not in str(raised.value) and str(STUDY) not in str(raised.value)
    return raised.value.kind


@pytest.mark.parametrize("place", ["", "mimic-cxr/2.0.0", "2.0.0", "2.1.0"])
@pytest.mark.parametrize("tree", ["mimic-cxr-reports/files", "files"])
def test_folders(tmp_path, place, tree):
    filed(tmp_path / place, tree)
    reports = ReportTexts.of(tmp_path)
    assert reports.read(SUBJECT, STUDY) == TEXT
    assert reports.text(SUBJECT, STUDY) == WORDS.replace("\r\n", "\n")
    assert reports.sha256(SUBJECT, STUDY) == hashlib.sha256(TEXT).hexdigest()
    assert reports.locate(SUBJECT, STUDY) == str(tmp_path / place / tree / TAIL)


@pytest.mark.parametrize("prefix", ["", "mimic-cxr-reports/"])
@pytest.mark.parametrize("place", ["", "2.1.0"])
def test_the_zip_is_read_as_it_is(tmp_path, prefix, place):
    zipped(tmp_path / place, prefix=prefix)
    reports = ReportTexts.of(tmp_path)
    assert reports.path_or_member(SUBJECT, STUDY) == Member(
        tmp_path / place / "mimic-cxr-reports.zip", f"{prefix}files/{TAIL}"
    )
    assert reports.read(SUBJECT, STUDY) == TEXT
    assert "!" in reports.locate(SUBJECT, STUDY)
    assert sorted(path.name for path in (tmp_path / place).iterdir()) == ["mimic-cxr-reports.zip"]


def test_a_file_comes_before_the_zip_and_the_zip_fills_the_gaps(tmp_path):
    zipped(tmp_path, texts={f"files/{TAIL}": b"zip", "files/p19/p19990001/s59990002.txt": b"other"})
    filed(tmp_path, "mimic-cxr-reports/files", b"file")
    reports = ReportTexts.of(tmp_path)
    assert (reports.read(SUBJECT, STUDY), reports.read(SUBJECT, 59990002)) == (b"file", b"other")


def test_what_is_not_there(tmp_path):
    assert fault_of(ReportTexts.of, tmp_path) == "missing"
    reports = ReportTexts.of(zipped(tmp_path))
    assert reports.path_or_member(SUBJECT, 1) is None and reports.locate(SUBJECT, 1) is None
    assert fault_of(reports.read, SUBJECT, 1) == "missing"


def test_without_a_named_folder_nothing_is_found(tmp_path):
    for reports in (ReportTexts(None), ReportTexts(tmp_path)):
        assert reports.locate(SUBJECT, STUDY) is None
        assert fault_of(reports.read, SUBJECT, STUDY) == "missing"


def test_damaged_zips(tmp_path):
    (tmp_path / "mimic-cxr-reports.zip").write_bytes(b"PK\x03\x04 cut")
    assert fault_of(ReportTexts.of, tmp_path) == "damaged"
    whole = (zipped(tmp_path) / "mimic-cxr-reports.zip").read_bytes()
    (tmp_path / "mimic-cxr-reports.zip").write_bytes(whole[:-30])
    assert fault_of(ReportTexts.of, tmp_path) == "damaged"
    # One member's bytes are wrong: the others are read all the same.
    zipped(tmp_path, texts={f"files/{TAIL}": TEXT * 50, "files/p19/p19990001/s59990002.txt": b"other"})
    broken = bytearray((tmp_path / "mimic-cxr-reports.zip").read_bytes())
    broken[70:90] = bytes(20)
    (tmp_path / "mimic-cxr-reports.zip").write_bytes(broken)
    reports = ReportTexts.of(tmp_path)
    assert fault_of(reports.read, SUBJECT, STUDY) == "damaged"
    assert reports.read(SUBJECT, 59990002) == b"other"


def test_empty_reports_and_wrong_bytes(tmp_path):
    reports = ReportTexts.of(filed(tmp_path, "files", b" \n"))
    assert fault_of(reports.read, SUBJECT, STUDY) == "empty"
    reports = ReportTexts.of(filed(tmp_path, "files", b"fine\n\xff\xfe\n"))
    assert fault_of(reports.text, SUBJECT, STUDY) == "not_utf8"
    with pytest.raises(ReportFault, match="line 2"):
        reports.text(SUBJECT, STUDY)
    assert reports.read(SUBJECT, STUDY) == b"fine\n\xff\xfe\n"


def test_a_link_may_not_lead_out_of_the_root(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    folder = tmp_path / "cxr" / "files" / "p19" / f"p{SUBJECT}"
    folder.mkdir(parents=True)
    (folder / f"s{STUDY}.txt").symlink_to(secret)
    assert fault_of(ReportTexts.of(tmp_path / "cxr").read, SUBJECT, STUDY) == "outside_root"
