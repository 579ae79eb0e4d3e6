import bz2
import gzip
import json
import lzma
import re

import pytest

from ccnlp.errors import ConfigurationError, CorpusError
from ccnlp.progress import Fact, listening


def fine(rows):
    return rows[rows["rejected_by"].isna()]


def reasons(rows):
    bad = rows[rows["rejected_by"].notna()]
    return dict(zip(bad["row"], bad["rejection_reason"], strict=True))


def test_rows_come_with_their_line_when_a_quoted_text_has_line_breaks(read_files):
    rows = read_files({"corpus.csv": 'text,label\n"good\nfilm, really",positive\nbad,negative\n'})
    assert rows["text"].tolist() == ["good\nfilm, really", "bad"]
    assert rows["row"].tolist() == [2, 4]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiter_is_found_from_the_header(read_files, delimiter):
    lines = [["id", "text", "label"], ["1", "good film", "positive"]]
    content = "\n".join(delimiter.join(line) for line in lines)
    rows = read_files({"corpus.csv": content})
    assert rows[["text", "label"]].values.tolist() == [["good film", "positive"]]


def test_tsv_is_split_at_tabs_though_the_header_has_more_commas(read_files):
    rows = read_files({"corpus.tsv": "text\tlabel\ta,b,c\ngood\tpositive\t1\n"}, path="corpus.tsv")
    assert fine(rows)["text"].tolist() == ["good"]


def test_file_without_header_takes_the_given_names(read_files):
    rows = read_files(
        {"corpus.csv": "# made in 2020\npositive,good\nnegative,bad\n"},
        options={"column_names": ["label", "text"], "skip_lines": 1},
    )
    assert rows["text"].tolist() == ["good", "bad"]
    assert rows["row"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"quotechar": "'"}, "'good, really',positive"),
        ({"quotechar": None, "escapechar": "\\"}, "good\\, really,positive"),
        ({"skip_initial_space": True}, '"good, really", positive'),
    ],
)
def test_dialect_is_the_options(read_files, options, line):
    rows = read_files({"corpus.csv": f"text,label\n{line}\n"}, options=options)
    assert rows[["text", "label"]].values.tolist() == [["good, really", "positive"]]


def test_byte_order_mark_is_no_part_of_the_header(read_files):
    rows = read_files({"corpus.csv": "\ufefftext,label\ngood,positive\n"})
    assert fine(rows)["text"].tolist() == ["good"]


def test_utf_16_is_read_by_its_byte_order_mark(read_files):
    rows = read_files({"corpus.csv": "text,label\nmañana,positive\n".encode("utf-16")})
    assert fine(rows)["text"].tolist() == ["mañana"]


def test_utf_32_is_read_by_its_byte_order_mark(read_files):
    rows = read_files({"corpus.csv": "text,label\nmañana,positive\n".encode("utf-32")})
    assert fine(rows)["text"].tolist() == ["mañana"]


def test_other_separators_of_unicode_do_not_end_a_line(read_files):
    rows = read_files({"corpus.csv": "text,label\r\none\u2028two\u0085three,positive\r\n"})
    assert fine(rows)["text"].tolist() == ["one\u2028two\u0085three"]


def test_blank_lines_are_no_rows(read_files):
    rows = read_files({"corpus.csv": "text,label\n\ngood,positive\n\n"})
    assert rows["row"].tolist() == [3]


def test_gzip_is_unpacked(read_files):
    content = gzip.compress(b"text,label\ngood,positive\n")
    assert len(read_files({"corpus.csv.gz": content}, path="corpus.csv.gz")) == 1
    content = gzip.compress(b"text\tlabel\ta,b,c\ngood\tpositive\tx\n")
    assert len(fine(read_files({"a/CORPUS.TSV.GZ": content}, path="a"))) == 1


def test_ragged_rows_go_to_quarantine_with_their_count_of_columns(read_files):
    rows = read_files({"corpus.csv": "text,label\ngood,positive\nbad\na,b,c\nfine,neutral\n"})
    assert reasons(rows) == {3: "1 columns instead of 2", 4: "3 columns instead of 2"}
    assert rows["content"].tolist()[1] == '{"line": "bad"}'
    assert fine(rows)["text"].tolist() == ["good", "fine"]


def test_unbalanced_quote_costs_its_own_row_only(read_files):
    rows = read_files(
        {"corpus.csv": 'text,label\n"good,positive\n"bad, very",negative\nfine,neutral\n'}
    )
    assert fine(rows)["text"].tolist() == ["bad, very", "fine"]
    assert list(reasons(rows)) == [2]
    assert reasons(rows)[2].startswith("an unbalanced quote")
    assert "set options.quotechar to null" in reasons(rows)[2]


def test_unbalanced_quote_in_the_last_row_goes_to_quarantine(read_files):
    rows = read_files({"corpus.csv": 'text,label\ngood,positive\n"bad,negative\n'})
    assert list(reasons(rows)) == [3]


def test_quote_that_stays_open_for_long_costs_its_own_row_only(read_files):
    many = "good,positive\n" * 5000
    rows = read_files({"corpus.csv": f'text,label\n"bad,negative\n{many}'})
    assert list(reasons(rows)) == [2]
    assert len(fine(rows)) == 5000


def test_two_stray_quotes_that_swallow_a_row_are_found_in_a_tsv(read_files):
    rows = read_files(
        {"corpus.tsv": 'label\ttext\npositive\t"Good\nnegative\tbad"\n'}, path="corpus.tsv"
    )
    assert list(reasons(rows)) == [2]
    assert fine(rows)["text"].tolist() == ['bad"']


def test_two_stray_quotes_that_swallow_rows_are_found_in_a_wide_table(read_files):
    lines = ["a,b,c,text,label", '1,2,3,"Good', "1,2,3,fine,neutral", '1,2,3,x",negative']
    rows = read_files({"corpus.csv": "\n".join(lines)})
    assert list(reasons(rows)) == [2]
    assert fine(rows)["text"].tolist() == ["fine", 'x"']


WIDE = "review,label,lang,market\n"
WIDE_ROWS = "fine,neutral,en,US\ngreat,positive,en,GB\nbad,negative,en,IN\n" * 10
ROWS = "fine,neutral\ngreat,positive\nbad,negative\n" * 10


@pytest.mark.parametrize(
    ("content", "num_rows"),
    [
        (
            WIDE + '"Great phone,positive,en,US\nBad phone,negative,en,GB\n'
            'So so phone,neutral,en,IN\nMeh",neutral,en,IN\n',
            3,
        ),
        (WIDE + '"Great phone,positive,en,US\nMeh",neutral,en,IN\n' + WIDE_ROWS, 31),
        (WIDE + WIDE_ROWS + '"Great, big phone,positive,en,US\nMeh",neutral,en,IN\n', 31),
        ('text,label\n"Great phone,positive\nMeh",neutral\n' + ROWS, 31),
        ('text,label\n"Great phone,positive\nBad,negative\nMeh",neutral\nok,positive\n', 3),
        ('label,text\npositive,"Great\nnegative,Bad\nnegative,Meh"\nnegative,slow\n', 3),
        ('label,text\npositive,"Great\nneutral,Meh"\nneutral,so so\n', 2),
        ("a,b,c,d,text,label\n" + '1,2,3,4,"Good,positive\n1,2,3,4,x",positive\n', 1),
        ('id,text,label\n1,"Good,positive\n2,Meh",neutral\n3,fine,neutral\n4,ok,positive\n', 3),
    ],
)
def test_stray_quotes_cost_the_first_of_the_rows_that_they_join(read_files, content, num_rows):
    header = content.split("\n")[0]
    text = next(name for name in ("text", "review") if name in header)
    rows = read_files({"corpus.csv": content}, columns={"text": text, "label": "label"})
    assert len(fine(rows)) == num_rows
    ((_, reason),) = reasons(rows).items()
    assert re.match(r"an unbalanced quote joins \d lines; .*options.quotechar to null", reason)


@pytest.mark.parametrize(
    "text",
    [
        "Great phone, really\nlove it",
        "Hi,\nall good,\nyes, no",
        "First paragraph, with a comma.\n\nSecond one, with commas, and more.\nEnd, at last.",
        "Good,cheap\nlove it",
        "Pros:good,cheap\nCons:loud,heavy\nall in all fine",
        "Food, good\nService, neutral\nAll in all, positive",
        "It cost 1,000\nand 2,500 more",
        "Not bad\nneutral, or so\npositive, at best",
        "好,很好\n我喜欢",
        "one, two, three, four, five\nsix, seven, eight, nine, ten",
        'She said ""wow, great""\nand left, happy',
        "windows\r\nline ends, too\r\nthe end",
    ],
)
@pytest.mark.parametrize(
    ("header", "row", "others"),
    [
        ("text,label", '"{}",positive', ROWS),
        ("label,text", 'positive,"{}"', "neutral,fine\npositive,great\nnegative,bad\n" * 10),
        ("text,label,lang,market", '"{}",positive,en,US', WIDE_ROWS),
        ("id,label,text,lang,market", '7,positive,"{}",en,US', "1,neutral,ok,en,GB\n" * 30),
    ],
)
def test_text_of_several_lines_with_commas_is_one_row(read_files, text, header, row, others):
    rows = read_files({"corpus.csv": f"{header}\n{others}{row.format(text)}\n"})
    assert rows["rejected_by"].isna().all()
    assert rows["text"].tolist()[-1] == text.replace('""', '"')
    assert len(rows) == 31


@pytest.mark.parametrize(
    "text", ["Great phone, really\nlove it", "Hi,\nall good,\nyes, no", "Good\nfilm", "a\n\nb"]
)
def test_text_of_several_lines_is_one_row_though_no_other_tells(read_files, text):
    rows = read_files({"corpus.csv": f'text,label\n"{text}",positive\n'})
    assert fine(rows)["text"].tolist() == [text]


@pytest.mark.parametrize(
    ("content", "num_lines"),
    [
        ('text,label\n"Great,positive\nBad,negative\nMeh",neutral\n', 3),
        (
            "text,label\n" + ROWS + '"Food,neutral\nService was slow, and loud\nbut ok",positive\n',
            3,
        ),
        ("text,label\n" + ROWS.replace("positive", "5") + '"I give it 4,5\nvery good",5\n', 2),
    ],
)
def test_lines_that_may_be_a_text_or_rows_go_to_quarantine_together(read_files, content, num_lines):
    rows = read_files({"corpus.csv": content}, label_map={5: "positive"})
    ((_, reason),) = reasons(rows).items()
    assert reason == (
        f"a quoted text that may be {num_lines} rows; if quotes are plain text, set "
        "options.quotechar to null"
    )
    assert json.loads(rows["content"].dropna().tolist()[0])["line"].count("\n") == num_lines - 1


def test_texts_whose_lines_have_the_form_of_rows_are_counted(read_files):
    facts = []
    with listening(facts.append):
        read_files({"corpus.csv": f'text,label\n{ROWS}"Good,cheap\nlove it",positive\n'})
    name = "corpus.csv: quoted texts read as one whose lines would be rows too"
    assert facts == [Fact(name, "1")]


def test_lines_of_the_only_column_are_a_text(read_files):
    rows = read_files({"positive.csv": 'text\n"Good\nfilm"\nfine\n'}, path="{label}.csv")
    assert fine(rows)["text"].tolist() == ["Good\nfilm", "fine"]


def test_invalid_bytes_cost_their_row(read_files):
    content = "text,label\n" + "mañana,positive\n" * 3
    rows = read_files({"corpus.csv": content.encode() + b"caf\xe9,neutral\n"})
    assert reasons(rows) == {5: "invalid byte 0xe9 at character 4 of the row"}
    assert rows["content"].tolist()[-1] == '{"line": "caf\\\\xe9,neutral"}'


def test_null_bytes_cost_their_row(read_files):
    rows = read_files({"corpus.csv": b"text,label\ngood,positive\nb\x00ad,negative\nok,neutral\n"})
    assert reasons(rows) == {3: "null bytes in the row"}


def test_null_bytes_do_not_tell_of_an_encoding(read_files):
    rows = read_files(
        {"corpus.csv": "text,label\n" + "b\0ad text,negative\n" * 20 + "ok,neutral\n"}
    )
    assert set(reasons(rows).values()) == {"null bytes in the row"}
    assert len(fine(rows)) == 1


def test_row_of_too_many_columns_in_another_encoding_tells_of_it(read_files):
    with pytest.raises(CorpusError, match=r"3 of 3 rows are not utf-8 \(row 2: invalid byte 0xe9"):
        read_files({"corpus.csv": b"text,label\n" + b"caf\xe9,or,bar,neutral\n" * 3})


@pytest.mark.parametrize("text", ["良い電話", "좋다"])
def test_escape_codes_tell_of_their_encoding(read_files, text):
    content = f"text,label\n{text},positive\n{text},negative\n".encode("iso2022_jp_2")
    message = (
        r"2 of 2 rows are not utf-8 \(row 2: escape codes in the row, as in iso2022_jp and "
        r"iso2022_kr \(options.encoding\)\); set options.encoding"
    )
    with pytest.raises(CorpusError, match=message):
        read_files({"corpus.csv": content})
    rows = read_files({"corpus.csv": content}, options={"encoding": "iso2022_jp_2"})
    assert fine(rows)["text"].tolist() == [text, text]


def test_escape_codes_cost_their_row(read_files):
    plain = "fine,neutral\n" * 3
    rows = read_files(
        {"corpus.csv": f"text,label\n{plain}\x1b$B0-\x1b(B,negative\n\x1b[1mgood,positive\n"}
    )
    assert list(reasons(rows)) == [5]
    assert len(fine(rows)) == 4


def test_wrong_encoding_is_refused_with_the_one_it_looks_like(read_files):
    line = "un café très agréable et une soirée réussie,positive\n".encode("cp1252")
    with pytest.raises(
        CorpusError, match=r"corpus.csv: 20 of 20 rows are not utf-8 \(row 2: .*looks? like"
    ):
        read_files({"corpus.csv": b"text,label\n" + line * 20})


def test_wrong_encoding_is_refused_though_most_rows_are_ascii(read_files):
    content = b"text,label\n" + b"good,positive\n" * 100 + b"caf\xe9,neutral\n" * 10
    with pytest.raises(CorpusError, match="10 of 110 rows are not utf-8"):
        read_files({"corpus.csv": content})


def test_given_encoding_is_used(read_files):
    content = "text,label\ncafé,positive\n".encode("cp1252")
    rows = read_files({"corpus.csv": content}, options={"encoding": "cp1252"})
    assert rows["text"].tolist() == ["café"]


def test_bad_bytes_are_an_error_where_the_entry_says_so(read_files):
    content = b"text,label\n" + b"good,positive\n" * 100 + b"caf\xe9,neutral\n"
    with pytest.raises(CorpusError, match="row 102: invalid byte 0xe9 at character 4"):
        read_files({"corpus.csv": content}, options={"on_bad_bytes": "error"})


def test_unknown_encoding_is_refused(read_files):
    with pytest.raises(CorpusError, match="there is no text encoding 'utf-9'"):
        read_files({"corpus.csv": "text,label\na,positive\n"}, options={"encoding": "utf-9"})


@pytest.mark.parametrize("content", ["", "  \n\n", "\ufeff", "\ufeff\n", b"\xff\xfe"])
def test_empty_file_is_refused(read_files, content):
    with pytest.raises(CorpusError, match=r"corpus 'reviews': corpus.csv is empty"):
        read_files({"corpus.csv": content})


def test_header_alone_is_refused(read_files):
    with pytest.raises(CorpusError, match=r"corpus.csv has no rows"):
        read_files({"corpus.csv": "text,label\n"})


def test_missing_column_lists_those_there_and_the_near_one(read_files):
    with pytest.raises(CorpusError) as error:
        read_files({"corpus.csv": "texts,label\ngood,positive\n"})
    message = str(error.value)
    assert "corpus 'reviews': corpus.csv has no column 'text'; it has 'texts', 'label'" in message
    assert "did you mean 'texts'?" in message
    assert "a file without header needs options.column_names" in message


def test_column_that_stands_twice_is_not_guessed(read_files):
    with pytest.raises(CorpusError, match=r"no column 'text'; it has 'text \(1\)', 'text \(2\)'"):
        read_files({"corpus.csv": "text,text,label\na,b,positive\n"})


def test_text_of_100000_characters_is_read(read_files):
    rows = read_files({"corpus.csv": f"text,label\n{'ab ' * 40_000},positive\n"})
    assert rows["text"].str.len().tolist() == [120_000]


def test_memory_is_bounded_by_batches(read_files, monkeypatch, make_entry, sentiment, tmp_path):
    from ccnlp.corpora import raw
    from ccnlp.corpora.reading import read_corpus

    monkeypatch.setattr(raw, "ROWS_PER_BATCH", 2)
    (tmp_path / "corpus.csv").write_text("text,label\n" + "good,positive\n" * 5)
    batches = read_corpus("reviews", make_entry(), raw_folder=tmp_path, tasks=sentiment)
    assert [len(batch) for batch in batches] == [2, 2, 1]


def test_line_ends_of_old_macs_are_line_ends(read_files):
    rows = read_files({"corpus.csv": "text,label\rgood,positive\rbad,negative\r"})
    assert rows["text"].tolist() == ["good", "bad"]


def test_line_end_of_old_macs_may_be_the_only_one(read_files):
    rows = read_files({"corpus.csv": "text,label\rgood,positive"})
    assert rows["text"].tolist() == ["good"]


def test_text_of_old_macs_may_hold_other_line_ends_in_quotes(read_files):
    content = 'text,label\r"good\nfilm, really",positive\rbad,negative\r'
    assert read_files({"corpus.csv": content})["text"].tolist() == ["good\nfilm, really", "bad"]


def test_blank_lines_before_the_header_do_not_matter(read_files):
    assert read_files({"corpus.csv": "\n\ntext,label\ngood,positive\n"})["row"].tolist() == [4]


def test_carriage_return_outside_quotes_costs_its_row(read_files):
    rows = read_files({"corpus.csv": "text,label\na\rb,positive\ngood,positive\n"})
    assert reasons(rows) == {2: "a carriage return outside quotes"}


def test_file_without_a_good_row_is_refused_with_the_first_reason(read_files):
    with pytest.raises(
        CorpusError, match="none of 3 rows can be read; row 2: 3 columns instead of 2"
    ):
        read_files({"corpus.csv": "text,label\n" + "0,good,positive\n" * 3})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(b"text,label\n"), "packed by gzip: its name must end with .gz"),
        (
            b"PK\x03\x04....",
            "archive: its name must end with .zip; a spreadsheet: save it as csv",
        ),
        (bz2.compress(b"text,label\n"), "packed by bzip2: unpack it first"),
        (b"\x28\xb5\x2f\xfd....", "packed by Zstandard: unpack it first"),
        (lzma.compress(b"text,label\n"), "packed by xz: unpack it first"),
        (b"PAR1....", "use the reader parquet"),
        (b"version https://git-lfs.github.com/spec/v1\n", "fetch the file with `git lfs pull`"),
    ],
)
def test_file_of_another_format_is_told(read_files, content, what):
    with pytest.raises(CorpusError, match=f"corpus.csv is no text file but .*{what}"):
        read_files({"corpus.csv": content})


def test_utf_16_without_byte_order_mark_is_told_and_can_be_read(read_files):
    content = "text,label\nmañana,positive\n".encode("utf-16-le")
    with pytest.raises(CorpusError, match=r"set options.encoding to utf-16-le"):
        read_files({"corpus.csv": content})
    rows = read_files({"corpus.csv": content}, options={"encoding": "utf-16-le"})
    assert rows["text"].tolist() == ["mañana"]


def test_utf_16_that_is_cut_is_refused(read_files):
    with pytest.raises(CorpusError, match=r"corpus.csv is not utf-16"):
        read_files({"corpus.csv": "text,label\na,positive\n".encode("utf-16") + b"x"})


def test_tab_can_be_written_as_an_escape(read_files):
    rows = read_files({"corpus.csv": "text\tlabel\na\tpositive\n"}, options={"delimiter": "\\t"})
    assert rows["text"].tolist() == ["a"]


def test_delimiter_of_two_characters_is_refused(read_files):
    with pytest.raises(ConfigurationError, match="options of the reader 'delimited': delimiter"):
        read_files({"corpus.csv": ""}, options={"delimiter": "||"})


def test_name_given_to_two_columns_is_refused(read_files):
    with pytest.raises(
        ConfigurationError, match=r"column_names: \['text', 'text'\] has 'text' more than once"
    ):
        read_files({"corpus.csv": "a,b\n"}, options={"column_names": ["text", "text"]})


@pytest.mark.parametrize(
    "content",
    [
        "\n \r\ntext;label\ngood, really;positive\n",
        "sep=;\ntext;label\ngood, really;positive\n",
        '\n"sep=;"\r\ntext;label\r\ngood, really;positive\r\n',
        '"text,or,so";label\ngood, really;positive\n',
        '"say ""a, b, c"" or";label\ngood, really;positive\n',
        "\ufeffsep=;\ntext;label\ngood, really;positive\n",
    ],
)
def test_delimiter_is_found_though_it_is_not_plain_in_the_first_line(read_files, content):
    columns = {"text": "text", "label": "label"}
    if content.startswith('"'):
        columns["text"] = "text,or,so" if "or,so" in content else 'say "a, b, c" or'
    rows = read_files({"corpus.csv": content}, columns=columns)
    assert rows[["text", "label"]].values.tolist() == [["good, really", "positive"]]


def test_line_that_states_the_delimiter_is_no_header_where_the_options_state_it(read_files):
    content = "sep=;\ntext;label\ngood;positive\n"
    rows = read_files({"corpus.csv": content}, options={"delimiter": ";"})
    assert rows["row"].tolist() == [3]


def test_encoding_that_is_no_name_is_refused(read_files):
    with pytest.raises(CorpusError, match=r"there is no text encoding 'utf\\x008'"):
        read_files({"corpus.csv": "text,label\na,positive\n"}, options={"encoding": "utf\x008"})


def test_header_that_is_skipped_is_missed(read_files):
    with pytest.raises(
        CorpusError, match=r"corpus.csv ends before its header \(options.skip_lines is 10\)"
    ):
        read_files({"corpus.csv": "text,label\na,positive\n"}, options={"skip_lines": 10})


def test_header_with_an_open_quote_is_refused(read_files):
    with pytest.raises(CorpusError, match=r"corpus.csv: the header can't be read: unexpected end"):
        read_files({"corpus.csv": '"text,label\na,positive\n'})
