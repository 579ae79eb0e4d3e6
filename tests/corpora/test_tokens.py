import pytest

from ccnlp.corpora.tokens import join_tokens


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["Is", "it", "10", "?"], "Is it 10 ?"),
        (["Ṣé", "ó", "tó", "?"], "Ṣé ó tó ?"),
        (["今日", "は", "NBA", "を", "見る", "。"], "今日はNBAを見る。"),
        (["ライ", "ー", "ト"], "ライート"),
        (["ฉัน", "รัก", "คุณ"], "ฉันรักคุณ"),
        (["나는", "학생", "이다"], "나는 학생 이다"),
        (["東京", "（", "Tokyo", "Tower", "）"], "東京（Tokyo Tower）"),
        ([], ""),
    ],
)
def test_tokens_are_joined_as_their_script_is_written(tokens, text):
    assert join_tokens(tokens) == text
