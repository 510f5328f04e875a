"""ClinSeek-Bench as a Dagster asset graph: rebuild the benchmark, run models over it, publish scores that hold."""

__version__ = "0.1.0"
