"""The look and the parts of every page: type, tables that sort, and pictures."""
