"""Says what `make cluster-test` lacks on this machine, and how its hosts will be made; it installs nothing."""

from __future__ import annotations

import importlib.util
import sys

from clinseek_assets_tests.cluster.hosts import namespaces_allowed

EXTRA = ("dagster_celery", "dagster_postgres", "redis", "psycopg2")


def main() -> int:
    """Exit code 1 where something is lacking, with its name."""
    lacking = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if lacking:
        print(f"Not installed: {', '.join(lacking)}. Install the extra: pip install -c constraints.txt -e '.[cluster]'")
        return 1
    from clinseek_assets_tests.services import postgres, redis

    if reason := postgres.absent() or redis.absent():
        print(f"{reason[0].upper()}{reason[1:]}.")
        return 1
    made = "network namespaces" if namespaces_allowed() else "plain processes (root makes them network namespaces)"
    print(f"All is there. The hosts are {made}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
