import pytest

from ccnlp.plotting import LABEL_COLOURS, apply_theme, escape, label_colours


def test_theme_keeps_title_and_height():
    from plotly.graph_objects import Figure

    layout = apply_theme(Figure(), "Scores", height=300).layout
    assert (layout.title.text, layout.height) == ("Scores", 300)


def test_label_has_its_colour_by_its_place():
    labels = [f"label {i}" for i in range(len(LABEL_COLOURS) + 1)]
    colours = label_colours(labels)
    assert colours[labels[0]] == colours[labels[-1]] == LABEL_COLOURS[0]
    assert colours[labels[1]] == LABEL_COLOURS[1]


@pytest.mark.parametrize(
    ("text", "escaped"), [("R&D", "R&amp;D"), ("<b>", "&lt;b&gt;"), ("es-MX", "es-MX")]
)
def test_escaped_text_has_no_tags(text, escaped):
    assert escape(text) == escaped
