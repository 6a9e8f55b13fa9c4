"""Draws docs/pictures/list.svg: what `heartbeat list` shows in this clone's workspace. Run it after bin/demo.

    .venv/bin/python docs/pictures/make_list.py

The picture asks no other host for a font: the style sheet that rich would link is left out.
"""

import io
import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME

from heartbeat_lib import reading
from heartbeat_lib.cli.render import metric_table
from heartbeat_lib.workbench import Workbench

WIDTH = 158
HERE = Path(__file__).resolve().parent

with Workbench.open(HERE.parent.parent) as bench:
    table = metric_table(reading.metrics(bench), bench.workspace.zone, width=WIDTH)
console = Console(record=True, width=WIDTH, file=io.StringIO(), markup=False, highlight=False, force_terminal=True)
console.print(table)
svg = console.export_svg(title="heartbeat list", theme=SVG_EXPORT_THEME, unique_id="heartbeat")
svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
(HERE / "list.svg").write_text(re.sub(r"<!-- Generated with Rich.*?-->", "", svg, flags=re.DOTALL), "utf-8")
