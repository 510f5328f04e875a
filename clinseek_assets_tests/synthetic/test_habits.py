"""The real data's habits, each at about the rate that was measured on the open demo."""

import pandas
import pytest


def share(condition: pandas.Series) -> float:
    return float(condition.mean())


def near(low: float, high: float, value: float) -> bool:
    return low <= value <= high


def test_results_are_stored_after_they_were_drawn(table_of):
    labs = table_of("labevents")
    lag = (labs["storetime"] - labs["charttime"]).dt.total_seconds() / 60
    assert lag.min() >= 0
    assert near(50, 80, lag.median())  # 65 minutes
    assert near(6 * 60, 15 * 60, lag.quantile(0.99))  # 10.3 hours
    assert near(0.006, 0.012, share(labs["storetime"].isna()))  # 0.9 %


def test_cultures_are_stored_days_later_and_dated_by_midnight(table_of, text_of):
    micro, text = table_of("microbiologyevents"), text_of("microbiologyevents")
    hours = (micro["storetime"] - micro["charttime"]).dt.total_seconds() / 3600
    assert near(55, 95, hours.median())  # 73 hours
    assert text["chartdate"].str.endswith(" 00:00:00").all()
    specimens = micro.drop_duplicates("micro_specimen_id")
    assert near(0.03, 0.10, share(specimens["charttime"].isna()))  # 6 %
    assert near(0.0005, 0.03, share(specimens["storetime"].isna()))  # 0.6 %
    assert text["dilution_comparison"].isin(["", "<=        ", "=         ", "=>        "]).all()


def test_some_clocks_keep_fractions_and_some_rows_are_stored_early(table_of, text_of):
    stored = text_of("procedureevents")["storetime"]
    assert near(0.12, 0.21, share(stored.str.contains(".", regex=False)))  # 242 of 1,468
    for name, low, high in (("outputevents", 0.13, 0.18), ("datetimeevents", 0.03, 0.05), ("emar", 0.024, 0.038)):
        frame = table_of(name)
        early = share(frame["storetime"] < frame["charttime"])
        assert near(low, high, early), (name, early)  # 1,457 of 9,362; 591 of 15,280; 1,117 of 35,835
    inputs = table_of("inputevents")
    long = inputs[inputs["endtime"] - inputs["starttime"] > pandas.Timedelta(minutes=30)]
    assert near(0.55, 0.71, share(long["storetime"] < long["endtime"]))  # 63 %
    procedures = table_of("procedureevents")
    assert (procedures["storetime"] >= procedures["endtime"]).all()


def test_death_may_follow_discharge_by_up_to_a_day(table_of):
    deaths = table_of("admissions").dropna(subset=["deathtime"])
    before = deaths["dischtime"] < deaths["deathtime"]
    assert near(0.08, 0.5, share(before))  # 4 of 15
    assert (deaths["deathtime"] - deaths["dischtime"]).max() <= pandas.Timedelta(hours=23, minutes=30)
    assert (deaths["hospital_expire_flag"] == 1).all()
    dod = table_of("patients").set_index("subject_id")["dod"]
    assert (deaths["subject_id"].map(dod) == deaths["deathtime"].dt.normalize()).all()


def test_discharge_transfer_comes_after_discharge_and_alone_has_no_end(table_of):
    transfers = table_of("transfers")
    assert (transfers["outtime"].isna() == (transfers["eventtype"] == "discharge")).all()
    leaving = transfers[transfers["eventtype"] == "discharge"].merge(table_of("admissions"), on="hadm_id")
    after = (leaving["intime"] - leaving["dischtime"]).dt.total_seconds()
    assert len(leaving) == len(table_of("admissions"))
    assert after.min() >= 6
    assert near(2 * 60, 12 * 60, after.median())  # 5 minutes


def test_a_few_services_start_before_the_admission(table_of):
    services = table_of("services").merge(table_of("admissions"), on="hadm_id")
    assert near(0.02, 0.11, share(services["transfertime"] < services["admittime"]))  # 20 of 319


def test_admission_papers_mostly_precede_the_end_of_the_emergency_stay(table_of):
    stays = table_of("edstays").dropna(subset=["hadm_id"]).merge(table_of("admissions"), on="hadm_id")
    assert near(0.86, 0.99, share(stays["admittime"] < stays["outtime"]))  # 174 of 182
    alone = table_of("edstays")["hadm_id"].isna()
    assert alone.any() and not alone.all()


def test_results_before_an_admission_mostly_lack_its_id(table_of):
    labs = table_of("labevents")
    stays = table_of("edstays").dropna(subset=["hadm_id"]).merge(table_of("admissions"), on=["subject_id", "hadm_id"])
    seen = labs.merge(stays[["subject_id", "hadm_id", "intime", "admittime"]], on="subject_id")
    early = seen[(seen["charttime"] >= seen["intime"]) & (seen["charttime"] < seen["admittime"])]
    assert near(0.15, 0.35, share(early["hadm_id_x"].notna()))  # 38 of 157
    inside = seen[(seen["charttime"] >= seen["admittime"]) & (seen["hadm_id_x"] == seen["hadm_id_y"])]
    assert len(inside) > 0


def test_orders_exist_only_for_the_admitted_and_reach_back_before_admission(table_of):
    orders = table_of("poe")
    assert orders["hadm_id"].notna().all()
    assert (orders["order_status"] == "Inactive").all()
    first = orders.groupby("hadm_id")["ordertime"].min().rename("first")
    stays = table_of("edstays").merge(table_of("admissions"), on="hadm_id").join(first, on="hadm_id")
    assert share(stays["first"] < stays["admittime"]) > 0.75  # 157 of 182


def test_orders_end_before_they_start_and_start_before_they_are_entered_now_and_then(table_of):
    pharmacy = table_of("pharmacy")
    assert near(0.03, 0.06, share(pharmacy["stoptime"] < pharmacy["starttime"]))  # 637 of 15,306
    written = table_of("prescriptions").merge(pharmacy[["pharmacy_id", "entertime"]], on="pharmacy_id")
    assert near(0.05, 0.12, share(written["starttime"] < written["entertime"]))  # 1,404 of 18,087


def test_drug_names_have_stray_and_doubled_spaces_and_some_are_empty(text_of):
    drugs = text_of("prescriptions")["drug"]
    assert drugs.str.startswith(" ").any() and drugs.str.endswith(" ").any()
    assert drugs.str.contains("  ", regex=False).any()
    assert near(0.0001, 0.004, share(drugs == ""))


def test_none_is_a_charted_word(text_of):
    values = text_of("chartevents")["value"]
    assert near(0.005, 0.15, share(values == "None"))


def test_dates_come_with_and_without_midnight(text_of):
    for name, column in (("procedures_icd", "chartdate"), ("omr", "chartdate"), ("hcpcsevents", "chartdate")):
        assert text_of(name)[column].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert text_of("discharge")["charttime"].str.endswith(" 00:00:00").all()


def test_procedures_are_dated_by_midnights_some_before_the_admission(table_of):
    procedures = table_of("procedures_icd").merge(table_of("admissions"), on="hadm_id")
    assert near(0.2, 0.5, share(procedures["chartdate"] < procedures["admittime"]))  # 222 of 722
    assert share(procedures["chartdate"] > procedures["dischtime"]) < 0.03  # 4 of 722


@pytest.mark.parametrize(("name", "time"), [("labevents", "charttime"), ("emar", "charttime"), ("poe", "ordertime")])
def test_many_rows_share_a_second(name, time, table_of):
    frame = table_of(name)
    assert share(frame.duplicated(["subject_id", time], keep=False)) > 0.4


def test_emar_rows_lack_an_admission_and_a_pharmacy_id_now_and_then(table_of):
    emar = table_of("emar")
    assert near(0.02, 0.04, share(emar["hadm_id"].isna()))  # 2.8 %
    assert near(0.15, 0.21, share(emar["pharmacy_id"].isna()))  # 18 %


def test_nothing_happens_before_a_life_s_first_visit_or_long_after_death(table_of):
    admissions = table_of("admissions")
    assert (admissions["dischtime"] > admissions["admittime"]).all()
    stays = table_of("icustays").merge(admissions, on="hadm_id")
    assert (stays["intime"] >= stays["admittime"]).all() and (stays["outtime"] > stays["intime"]).all()
    dod = table_of("patients").dropna(subset=["dod"]).set_index("subject_id")["dod"]
    for name, time in (("edstays", "intime"), ("admissions", "admittime"), ("omr", "chartdate")):
        frame = table_of(name)
        died = frame["subject_id"].map(dod)
        assert (frame[time][died.notna()] <= died.dropna() + pandas.Timedelta(days=1)).all(), name


def test_evidence_bears_on_outcomes(table_of):
    """The dying are visibly more ill on their first day than those who live: what baselines can find at all."""
    admissions = table_of("admissions").set_index("hadm_id")
    labs = (
        table_of("labevents")
        .dropna(subset=["hadm_id"])
        .join(admissions[["admittime", "hospital_expire_flag"]], on="hadm_id")
    )
    first = labs[labs["charttime"] < labs["admittime"] + pandas.Timedelta(days=1)]
    flagged = first.assign(abnormal=first["flag"].eq("abnormal")).groupby("hospital_expire_flag")["abnormal"].mean()
    assert flagged[1] > flagged[0] + 0.15
    acuity = table_of("triage").merge(table_of("edstays"), on="stay_id")
    admitted = acuity["hadm_id"].notna()
    assert acuity["acuity"][admitted].mean() < acuity["acuity"][~admitted].mean() - 0.7
