"""Configuration: where each key comes from, and what is said of one that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.config import KEYS, Config, load
from webapp.errors import ConfigError


def environment(folder: Path, **keys: str) -> dict[str, str]:
    return {"INSTANCE_PATH": str(folder), **keys}


def test_defaults_hold_where_nothing_is_set(tmp_path: Path) -> None:
    assert load(environment(tmp_path)) == Config(instance_path=str(tmp_path))


def test_the_file_in_the_instance_folder_overrides_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("PORT = 8080\nlower_case = 'is not a key'\n")
    config = load(environment(tmp_path))
    assert (config.port, config.workers) == (8080, 1)


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("PORT = 8080\nWORKERS = 3\n")
    config = load(environment(tmp_path, PORT="9090"))
    assert (config.port, config.workers) == (9090, 3)


def test_an_empty_variable_counts_as_absent(tmp_path: Path) -> None:
    assert load(environment(tmp_path, PORT="", ASYNC_MODE="")) == load(environment(tmp_path))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "50.5"),
        ("WORKERS", "-1"),
        ("WORKERS", "many"),
        ("ASYNC_MODE", "gevent"),
        ("MAX_UPLOAD_MB", "0"),
        ("MAX_REQUEST_MB", "-5"),
        ("MAX_MEGAPIXELS", "1.5"),
        ("MAX_SIDE", "99"),
        ("MIN_SIDE", "0"),
        ("MAX_ASPECT", "0.5"),
        ("MAX_ASPECT", "nan"),
        ("DECODE_SECONDS", "0"),
        ("DECODE_MEMORY_MB", "1"),
        ("FRAMES_PER_SECOND", "0"),
        ("FRAMES_PER_SECOND", "100"),
        ("FRAME_SIDE", "10"),
        ("LEASE_SECONDS", "0.5"),
        ("HEARTBEAT_SECONDS", "0"),
        ("STALL_SECONDS", "0"),
        ("BUSY_SECONDS", "0"),
        ("MAX_ATTEMPTS", "0"),
        ("CHECKPOINT_SECONDS", "-1"),
        ("CHECKPOINT_STEPS", "0"),
        ("PAGE_SIZE", "0"),
        ("RETENTION_DAYS", "-1"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_key(
    key: str, value: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=rf"^{key} must be .*{value}.*\.$"):
        load(environment(tmp_path, **{key: value}))


def test_a_bad_value_in_the_file_is_refused_just_the_same(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("WORKERS = True\n")
    with pytest.raises(ConfigError, match="WORKERS"):
        load(environment(tmp_path))


def test_a_lease_must_outlast_two_signs_of_life(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"LEASE_SECONDS.*HEARTBEAT_SECONDS"):
        load(environment(tmp_path, LEASE_SECONDS="9", HEARTBEAT_SECONDS="5"))


def test_a_lease_that_ends_while_a_bucket_is_waited_for_is_refused(tmp_path: Path) -> None:
    load(environment(tmp_path, MEDIA_SECONDS="10"))
    with pytest.raises(ConfigError, match=r"LEASE_SECONDS.*MEDIA_SECONDS.* 30 and 10"):
        load(environment(tmp_path, MEDIA_SECONDS="10", MEDIA_URL="s3://paint"))


def test_an_unknown_key_in_the_file_is_named_beside_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("PROT = 8080\n")
    with pytest.raises(ConfigError, match=r"no key PROT; the keys are .*HOST, PORT"):
        load(environment(tmp_path))


def test_a_file_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("PORT = = 1\n")
    with pytest.raises(ConfigError, match=r"config\.py cannot be run"):
        load(environment(tmp_path))


def test_a_child_process_reads_the_same_configuration(tmp_path: Path) -> None:
    parent = Config(
        instance_path=str(tmp_path), workers=0, max_aspect=2.5, checkpoint_seconds=0.25, port=81
    )
    assert load(parent.as_environment()) == parent


def test_every_attribute_is_a_key_that_can_be_set(tmp_path: Path) -> None:
    defaults = Config(instance_path=str(tmp_path)).as_environment()
    assert set(defaults) == set(KEYS)
    assert load(defaults) == Config(instance_path=str(tmp_path))


def test_a_token_that_can_be_guessed_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^METRICS_TOKEN must have at least 16") as refused:
        load(environment(tmp_path, METRICS_TOKEN="s3cret"))
    assert "s3cret" not in str(refused.value)
