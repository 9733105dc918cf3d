"""Finds a Chromium for the browser tests: `python -m tests.chromium` prints its path, or fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The shell without windows first: it is faster, and the whole one now and then never closes a context.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
PLACES = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)


def find_chromium() -> str | None:
    """EXAMHALL_CHROMIUM, one of the system's, or Playwright's own. Only one that runs."""
    if given := os.environ.get("EXAMHALL_CHROMIUM"):
        return given
    found = [path for name in NAMES if (path := shutil.which(name))]
    return next(filter(_runs, [*found, *map(str, PLACES), *_playwrights_own()]), None)


def _playwrights_own() -> list[str]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return [playwright.chromium.executable_path]


def _runs(path: str) -> bool:
    """Ubuntu's chromium-browser, for instance, may be a note that says to use snap."""
    if not Path(path).is_file():
        return False
    return subprocess.run([path, "--version"], check=False, capture_output=True).returncode == 0


if __name__ == "__main__":
    sys.exit(print(chromium) if (chromium := find_chromium()) else "no Chromium")
