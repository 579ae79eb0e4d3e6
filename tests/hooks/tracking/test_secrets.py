import pytest

from ccnlp.hooks.tracking.secrets import Masker, is_secret_name, mask_url


@pytest.mark.parametrize(
    "name",
    ["token", "hub.token", "HF_TOKEN", "hubToken", "db_password", "client_secret", "api_key",
     "OPENAI_API_KEY", "aws.secret_access_key", "apikey"],
)  # fmt: skip
def test_name_of_a_credential_is_known(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["max_length_tokens", "batches.tokens", "tokens_per_batch", "tokenisation.max_length_tokens",
     "author", "key", "keywords", "num_tokens"],
)  # fmt: skip
def test_ordinary_name_is_no_credential(name):
    assert not is_secret_name(name)


def test_url_loses_user_and_password():
    assert mask_url("at https://me:s3cr3t@host:80/x?y=1") == "at https://***@host:80/x?y=1"


def test_url_without_credentials_stays():
    assert mask_url("https://host/a@b") == "https://host/a@b"


def test_values_of_credentials_and_secret_variables_are_masked_everywhere(monkeypatch):
    monkeypatch.setenv("SOME_API_KEY", "abcdef-123456")
    masker = Masker.of({"hub": {"user": "sesame-street", "more": ["open-sesame", 5]}})
    text = "abcdef-123456 and open-sesame and sesame-street"
    assert masker.text(text) == "*** and *** and ***"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("--params hub.token=abc,seed=1", "--params hub.token=***,seed=1"),
        ("--params=corpora.x.options.token=abc", "--params=corpora.x.options.token=***"),
        ("--params=seed=1,token=abc,n=2", "--params=seed=1,token=***,n=2"),
        ("https://host/x?token=abc", "https://host/x?token=***"),
        ("password: hunter2 was wrong", "password: *** was wrong"),
        ("token == abc", "token == ***"),
        ('{"api_key": "abc", "n": 1}', '{"api_key": "***", "n": 1}'),
        ("{'password': 'a b, c', 'n': 1}", "{'password': '***', 'n': 1}"),
        ("{'password': b'abc'}", "{'password': b'***'}"),
        (r'{"api_key": "a\"b"}', '{"api_key": "***"}'),
        (r'["{\"api_key\": \"abc\", \"n\": 1}"]', r'["{\"api_key\": \"***\", \"n\": 1}"]'),
        ("os.environ['HF_TOKEN'] = 'abc'", "os.environ['HF_TOKEN'] = '***'"),
        ("get(url, auth=('me', 'abc'), n=1)", "get(url, auth=***, n=1)"),
        ('{"credentials": {"key": "abc"}, "n": 1}', '{"credentials": ***, "n": 1}'),
        ('{"api_key": "abc', '{"api_key": "***'),
        (r"b'user: me\npassword: abc'", r"b'user: me\npassword: ***'"),
        (r"C:\token=abc", r"C:\token=***"),
        ("token=none-of-yours", "token=***"),
        ("Authorization: Bearer abc def", "Authorization: ***"),
        ("Authorization: Basic abc==\nAccept: json", "Authorization: ***\nAccept: json"),
        ("curl -H 'Authorization: Bearer abc' url", "curl -H 'Authorization: ***' url"),
        ("{'Authorization': 'Bearer abc', 'n': 1}", "{'Authorization': '***', 'n': 1}"),
        ("hf_abcdefghijklmnopqrstuv leaked", "*** leaked"),
    ],
)
def test_credentials_in_text_are_masked(text, masked):
    assert Masker().text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "max_length_tokens=128",
        "--params=training.batches.tokens=4096,seed=1",
        "tokens: 4096",
        '{"tokens": 4096, "author": "x"}',
        "author: x",
        "hub.token = \nseed = 1",
        '{"token": null, "password": ""}',
        "token=None",
        "a token and a password",
    ],
)
def test_ordinary_text_stays(text):
    assert Masker().text(text) == text


def test_value_of_a_secret_parameter_is_masked_whole():
    assert Masker().value("hub.token", "x y z") == "***"
    assert Masker().value("hub.token", "null") == "null"
    assert Masker().value("encoder.name", "e5") == "e5"


def test_working_directories_of_the_shell_are_no_credentials(monkeypatch):
    monkeypatch.setenv("PWD", "/home/me/ccnlp")
    monkeypatch.setenv("OLDPWD", "/home/me/other")
    text = "no file /home/me/ccnlp/data/x, nor /home/me/other/y"
    assert Masker.of({}).text(text) == text
