"""What a home keeps is of the class of what it was made from, not of what its settings name today."""

from __future__ import annotations

from clinseek_assets.assets.kept_class import kept_class
from clinseek_assets.assets.splits import TEXT
from clinseek_assets.resources.home import Home
from clinseek_assets_tests.conftest import FEW, Graph


def test_what_was_made_from_other_inputs_than_today_s_is_credentialed(finished: Graph) -> None:
    home = Home.of(finished.settings)
    assert kept_class(home, TEXT, FEW) == "open"

    table = next(iter(home.inventory.files.values()))
    name = f"mimic_iv/{table.table.module}/{table.table.name}"
    receipt = home.receipts.read(name)
    assert receipt is not None
    home.receipts.forget(name)
    assert home.class_of("text") == "open" and kept_class(home, TEXT) == "credentialed"
    home.receipts.write(name, None, receipt)
    assert kept_class(home, TEXT) == "open"

    home.receipts.forget("text_contexts", FEW[0])
    assert kept_class(home, TEXT, FEW) == "credentialed"
    assert kept_class(home, TEXT, FEW[1:]) == kept_class(home, TEXT) == "open"
