"""Cross-cultural NLP: fine-tune, judge and run multilingual models, culture by culture."""

__version__ = "0.1.0"
