"""`clinseek seal`: hashes of the rebuilt benchmark that can be shared."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import click

from clinseek_assets.commands.export import splits_of
from clinseek_assets.commands.stage_bars import StageBars
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.release.manifests import SPLITS

SALT_BYTES = 16


def salt_of(context: click.Context, parameter: click.Parameter, text: str | None) -> bytes:
    """The salt that was given in hex, or a new one."""
    if text is None:
        return secrets.token_bytes(SALT_BYTES)
    if not re.fullmatch(rf"(?:[0-9a-fA-F]{{2}}){{{SALT_BYTES},64}}", text):
        raise click.BadParameter(f"{SALT_BYTES} to 64 bytes in hex, such as `openssl rand -hex {SALT_BYTES}` makes.")
    return bytes.fromhex(text)


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("clinseek-seal.json"),
    show_default=True,
    help="The file to write; one that is there is replaced.",
)
@click.option("--split", type=click.Choice(SPLITS), help="One split; by default all that the release has.")
@click.option("--salt", callback=salt_of, metavar="HEX", help="To make a seal again; random by default.")
def command(out: Path, split: str | None, salt: bytes) -> None:
    """Write a seal of the rebuilt benchmark: salted hashes of every question, context, table of a patient's database,
    dictionary and linked file, for another team to hold its own benchmark against with `clinseek verify`.

    A seal holds no data and no id, and only who has the same data can test anything against it (docs/seals.md); it can
    be shared. Everything that is sealed must be materialized. Two seals of the same benchmark under one salt have the
    same name, whatever folders, files or threads it was built with.

    \b
    Examples:
      clinseek seal --out our-seal.json
      clinseek seal --split text --salt 00112233445566778899aabbccddeeff
    """
    from clinseek_assets.release.scope import Scope  # here, since what looks at frames takes long to load
    from clinseek_assets.release.seal.locks import LEAST_RECORDS
    from clinseek_assets.release.seal.seal_file import write_seal
    from clinseek_assets.release.seal.sealing import make_seal

    settings = load_settings()
    with StageBars() as bars:
        seal = make_seal(Scope(settings, bars.show), splits_of(settings, split), salt)
    write_seal(out, seal)
    told = ", ".join(
        f"{of.questions:,} {name} questions of {of.patients:,} patients" for name, of in seal.splits.items()
    )
    click.echo(f"Seal {seal.name} in {out}: {told}, in {len(seal.parts)} parts.")
    if not seal.locks:
        click.echo(
            f"Note: there are not even {LEAST_RECORDS} patients with a record, so that `clinseek verify` can tell "
            "whether all is identical, but not what differs.",
            err=True,
        )
