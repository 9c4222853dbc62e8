"""The pictures of the README, made by the program: `make screenshots`.

Runs the demonstration and photographs its report in headless Chromium (Debian package `chromium`).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REPORT_SIZE = (1240, 1500)
SHOWN_WIDTH = 900


def photograph(page: Path, picture: Path, size: tuple[int, int]) -> None:
    """Write what a browser window of `size` pixels shows of `page`."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("make_screenshots: no Chromium was found; run: sudo apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                f"--window-size={size[0]},{size[1]}",
                f"--screenshot={picture}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
        )


def main() -> None:
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "demo"
        subprocess.run([sys.executable, "-m", "spinemets", "demo", "--out", str(out)], check=True)
        large = Path(work) / "report.png"
        photograph(out / "result" / "report.html", large, REPORT_SIZE)
        picture = Image.open(large).convert("RGB")
        height = round(picture.height * SHOWN_WIDTH / picture.width)
        picture.resize((SHOWN_WIDTH, height), Image.Resampling.LANCZOS).save(FOLDER / "report.png", optimize=True)


if __name__ == "__main__":
    main()
