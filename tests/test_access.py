"""How a cluster is reached: addresses, credentials from the environment, and that no message shows a secret."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import pytest

from sigmaproof.verify.engines.access import Access, AccessError, access

SECRET = "s3cret-pw"
USER = {"SIGMAPROOF_USER": "dana", "SIGMAPROOF_PASSWORD": SECRET}
KEY = {"SIGMAPROOF_API_KEY": "VnVhQ2ZHY0JDZGJrU=="}


def refusal(url: str, **environment: str) -> str:
    with pytest.raises(AccessError) as caught:
        access(url, environment)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        f"https://dana:{SECRET}@localhost:9200",
        f"https://{SECRET}@localhost:9200",
        f"https://dana:{SECRET}/x@localhost:9200",
        f"https://dana:{SECRET}#x@localhost:9200",
        f"http://dana:{SECRET}@[bad",
        f"ftp://dana:{SECRET}@localhost",
        f"dana:{SECRET}@localhost:9200",
    ],
)
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    told = refusal(url)
    assert "SIGMAPROOF_API_KEY, or SIGMAPROOF_USER and SIGMAPROOF_PASSWORD" in told
    assert "s3cret" not in told


@pytest.mark.parametrize(
    "url",
    [
        *("elastic", "localhost:9200", "ftp://host", "https://", "http://h:99999", "https://h:0", "https://h:x"),
        *("https://[x", "https://h\n", "https://hö.example", ""),
    ],
)
def test_a_wrong_url_says_how_one_looks(url: str) -> None:
    assert "https://localhost:9200" in refusal(url)


@pytest.mark.parametrize("url", [f"https://h/?api_key={SECRET}", f"https://h/x#{SECRET}"])
def test_only_an_address_is_taken(url: str) -> None:
    told = refusal(url)
    assert "only the address" in told
    assert SECRET not in told


def test_an_api_key_and_a_user_make_the_header() -> None:
    with_key, with_user = access("https://h", KEY), access("https://h", USER)
    assert with_key.headers == {"Authorization": f"ApiKey {KEY['SIGMAPROOF_API_KEY']}"}
    assert with_user.headers == {"Authorization": "Basic " + base64.b64encode(f"dana:{SECRET}".encode()).decode()}
    assert access("https://h", {}).headers == {}
    for one, secret in ((with_key, KEY["SIGMAPROOF_API_KEY"]), (with_user, SECRET)):
        assert secret in one.secrets
        assert secret not in repr(one)
        assert one.headers["Authorization"].split()[1] in one.secrets
        assert one.headers["Authorization"].split()[1] not in repr(one)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({**KEY, **USER}, "both SIGMAPROOF_API_KEY and SIGMAPROOF_USER are set; unset one"),
        ({**KEY, "SIGMAPROOF_PASSWORD": SECRET}, "both SIGMAPROOF_API_KEY and SIGMAPROOF_PASSWORD are set"),
        ({"SIGMAPROOF_USER": "dana"}, "SIGMAPROOF_USER is set and SIGMAPROOF_PASSWORD is not"),
        ({"SIGMAPROOF_PASSWORD": SECRET}, "SIGMAPROOF_PASSWORD is set and SIGMAPROOF_USER is not"),
        ({**USER, "SIGMAPROOF_USER": "da:na"}, "SIGMAPROOF_USER holds a colon"),
        ({"SIGMAPROOF_API_KEY": f"{SECRET}\n"}, "SIGMAPROOF_API_KEY is no API key: give the value `encoded`"),
        ({"SIGMAPROOF_API_KEY": f"id:{SECRET}"}, "give the value `encoded`"),
    ],
)
def test_credentials_that_cannot_be_used(environment: dict[str, str], told: str) -> None:
    said = refusal("https://h", **environment)
    assert told in said
    assert SECRET not in said
    assert KEY["SIGMAPROOF_API_KEY"] not in said


@pytest.mark.parametrize("host", ["127.0.0.1:9200", "127.8.8.8", "[::1]:9200", "localhost"])
def test_credentials_go_in_the_clear_within_this_machine_only(host: str) -> None:
    assert access(f"http://{host}", USER).headers
    assert "in the clear; write https://" in refusal("http://elastic.example:9200", **USER)
    assert "in the clear; write https://" in refusal("http://10.0.0.1:9200", **KEY)
    assert access("http://elastic.example:9200", {}).headers == {}


def test_certificates_are_always_verified(tmp_path: Path) -> None:
    context = access("https://h", {}).context
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert access("http://h", {}) == Access("http://h")
    (tmp_path / "no.pem").write_text("nothing")
    assert "no file of certificates (PEM)" in refusal("https://h", SIGMAPROOF_CA_FILE=str(tmp_path / "no.pem"))
    assert "SIGMAPROOF_CA_FILE=" in refusal("https://h", SIGMAPROOF_CA_FILE=str(tmp_path / "missing.pem"))
