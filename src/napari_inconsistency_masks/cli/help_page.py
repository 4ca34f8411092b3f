"""The help of a command: plain text that shows every flag in full, however narrow the terminal."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

PANELS = {"argument": "Arguments", "option": "Options"}
"""Headings of parameters that have none of their own."""


class HelpfulCommand(TyperCommand):
    """A command whose help has a section per panel of its parameters.

    Typer's own tables shorten long flags to fit them into a terminal of 80 columns.
    """

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, description and options; called for ``--help``."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each panel, in the order of their first parameters."""
        panels: dict[str, list[tuple[str, str]]] = {name: [] for name in PANELS.values()}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                panel = getattr(parameter, "rich_help_panel", None)
                panels.setdefault(panel or PANELS[parameter.param_type_name], []).append(record)
        for name, records in panels.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)
