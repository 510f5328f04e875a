"""When studies were taken, by the metadata list of MIMIC-CXR-JPG.

Source of the rule: MedMod's own preprocessing; StudyDate is yyyymmdd, of StudyTime the integer part counts, padded to
six digits (hhmmss).
"""

from __future__ import annotations

from datetime import datetime

import pandas


def study_times(metadata: pandas.DataFrame) -> dict[int, datetime]:
    """The time of each study; where its images differ, that of the first.

    Args:
        metadata: columns study_id, StudyDate, StudyTime (numbers, or nothing).

    Returns:
        study_id -> time; a study without a date or time that can be read is not in it.
    """
    known = metadata[["study_id", "StudyDate", "StudyTime"]].apply(pandas.to_numeric, errors="coerce").dropna()
    known = known.astype("int64")
    written = known["StudyDate"].astype("str") + known["StudyTime"].astype("str").str.zfill(6)
    times = pandas.to_datetime(written, format="%Y%m%d%H%M%S", errors="coerce")
    first = times.groupby(known["study_id"]).min().dropna()
    return {int(study): time.to_pydatetime() for study, time in first.items()}
