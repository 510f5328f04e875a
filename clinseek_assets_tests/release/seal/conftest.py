import pytest

from clinseek_assets_tests.release.bed import Bed, linked_copy
from clinseek_assets_tests.release.seal.a_sealed_release import built, seal_of


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """The release that all tests of seals share, as it was built."""
    return built(tmp_path_factory.mktemp("sealed") / "home")


@pytest.fixture
def seal(original):
    return seal_of(original)


@pytest.fixture
def bed(original, tmp_path):
    """A copy to change something in."""
    linked_copy(original, tmp_path / "home")
    return Bed(tmp_path / "home")
