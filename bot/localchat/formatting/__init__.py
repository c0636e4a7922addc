"""Formatted text: parsers, automatic entities, tidying and the page's HTML."""
