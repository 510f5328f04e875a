from clinseek_assets_tests.release.a_built_release import bed, built_release

__all__ = ["bed", "built_release"]
