"""Kinds of conditioning, a module each; `none` is the absence of one."""
