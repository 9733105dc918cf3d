from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest

from examhall.settings import VARIABLES, Settings, WrongSetting


def test_without_any_variable_one_machine_is_served(tmp_path: Path) -> None:
    settings = Settings.read({})
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8000, None)
    assert settings.workers >= 1
    assert settings.url == "http://127.0.0.1:8000"


def test_the_command_line_wins_over_the_environment() -> None:
    assert Settings.read({"EXAMHALL_PORT": "9000"}, port=9001).port == 9001
    assert Settings.read({"EXAMHALL_PORT": "9000"}, port=None).port == 9000


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.read({"DATABASE_URL": "", "EXAMHALL_PORT": " "}).port == 8000


def test_networks_are_a_comma_list() -> None:
    settings = Settings.read({"EXAMHALL_RATE_LIMIT_TRUSTED": "10.0.0.0/8, ::1"})
    assert settings.rate_limit_trusted == (ip_network("10.0.0.0/8"), ip_network("::1"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EXAMHALL_PORT", "http"),
        ("EXAMHALL_PORT", "65536"),
        ("EXAMHALL_PORT", "٨"),
        ("EXAMHALL_WORKERS", "0"),
        ("EXAMHALL_POOL_SIZE", "-1"),
        ("EXAMHALL_LOG", "xml"),
        ("EXAMHALL_SECRET", "short"),
        ("EXAMHALL_CERTIFICATE_KEY", "c2hvcnQ="),
        ("EXAMHALL_URL", "exams.example.org"),
        ("EXAMHALL_RATE_LIMIT_TRUSTED", "10.0.0.1/8"),
        ("EXAMHALL_RATE_LIMIT", "60"),
        ("EXAMHALL_RATE_LIMIT", "60/minute,"),
        ("EXAMHALL_RATE_LIMIT", "60/minute,70/minute"),
        ("EXAMHALL_RATE_LIMIT", "0/minute"),
        ("EXAMHALL_RATE_LIMIT_SAVES", "off,1/hour"),
        ("EXAMHALL_REDIS_URL", "http://redis"),
        ("EXAMHALL_TRUSTED_PROXIES", "everybody"),
        ("EXAMHALL_POSTGRES_BIN", "/nowhere"),
        ("DATABASE_URL", "mysql://db"),
        ("EXAMHALL_DIRECT_DATABASE_URL", "postgresql://db"),
        ("EXAMHALL_PROT", "8000"),
    ],
)
def test_a_wrong_value_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=f"^{variable}: "):
        Settings.read({variable: value})


def test_a_refused_database_address_does_not_show_its_password() -> None:
    with pytest.raises(WrongSetting) as refused:
        Settings.read({"DATABASE_URL": "postgresql+asyncpg://me:hush@db"})
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_links_lead_to_this_machine_unless_an_address_is_given(host: str) -> None:
    assert Settings.read({"EXAMHALL_HOST": host}).url == "http://127.0.0.1:8000"
    given = Settings.read({"EXAMHALL_URL": "https://exams.example.org/"})
    assert given.url == "https://exams.example.org"


def test_a_child_reads_the_same_settings(tmp_path: Path) -> None:
    settings = Settings.read(
        {
            "EXAMHALL_RATE_LIMIT_TRUSTED": "127.0.0.0/8,::1/128",
            "DATABASE_URL": "postgresql://db",
            "EXAMHALL_SECRET": "s" * 40,
            "EXAMHALL_RATE_LIMIT": "off",
            "EXAMHALL_RATE_LIMIT_PERSON": "2000/hour, 5/second",
            "EXAMHALL_REDIS_URL": "redis://:hush@redis/0",
        },
        port=0,
        data=tmp_path,
    )
    assert Settings.read(settings.environment()) == settings
    assert settings.environment().keys() <= VARIABLES.keys()


def test_the_secret_is_made_once_however_many_ask(tmp_path: Path) -> None:
    def ask(_: int) -> str:
        return Settings.read({}, data=tmp_path / "new").secret

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(32)))) == 1
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]


def test_a_damaged_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    with pytest.raises(WrongSetting, match="EXAMHALL_SECRET"):
        _ = Settings.read({}, data=tmp_path).secret


def test_the_certificates_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    def ask(_: int) -> str:
        return Settings.read({}, data=tmp_path).certificate_key

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(32)))) == 1
    assert (tmp_path / "certificate-key").stat().st_mode & 0o777 == 0o600
    kept = (tmp_path / "certificate-key").read_text()
    assert Settings.read({"EXAMHALL_CERTIFICATE_KEY": kept}, data=tmp_path / "other").certificate_key == kept


def test_a_damaged_certificates_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "certificate-key").write_text("k" * 44)
    with pytest.raises(WrongSetting, match="EXAMHALL_CERTIFICATE_KEY"):
        _ = Settings.read({}, data=tmp_path).certificate_key


def test_a_refused_secret_is_not_shown() -> None:
    with pytest.raises(WrongSetting) as refused:
        Settings.read({"EXAMHALL_SECRET": "hush"})
    assert "hush" not in str(refused.value)


def test_every_setting_is_explained_to_operators() -> None:
    explained = (Path(__file__).parents[1] / "docs" / "operators.md").read_text(encoding="utf-8")
    # Which of a server's processes this is, nobody chooses.
    assert [name for name in VARIABLES if f"`{name}`" not in explained] == ["EXAMHALL_PROCESS"]
