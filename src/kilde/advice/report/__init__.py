"""The report: the decision, what it stands on, and how to measure the same again."""

from kilde.advice.report.case import Case
from kilde.advice.report.page import html_of, markdown_of, render_html, render_markdown

__all__ = ["Case", "html_of", "markdown_of", "render_html", "render_markdown"]
