"""Copies the browser libraries that npm installed: `python -m examhall.web.vendoring [node_modules]`."""

import shutil
import sys
from pathlib import Path

VENDOR = Path(__file__).with_name("vendor")
# What the typesetter prints with.
FONTS = VENDOR / "fonts"

# What the pages load, as patterns under node_modules and the folder it goes to. Nothing else is shipped.
WANTED = {
    "katex": ("katex/dist", ["katex.min.js", "katex.min.css", "fonts/*.woff2"]),
    "source-sans-3": ("@fontsource-variable/source-sans-3", ["index.css", "files/*-wght-*.woff2"]),
    "source-serif-4": ("@fontsource-variable/source-serif-4", ["index.css", "files/*-wght-*.woff2"]),
    # For what is printed: these are read by the typesetter and not served.
    "fonts/sans": ("@expo-google-fonts/source-sans-3", ["400Regular/*.ttf", "600SemiBold/*.ttf"]),
    "fonts/serif": ("@expo-google-fonts/source-serif-4", ["400Regular/*.ttf", "600SemiBold/*.ttf"]),
    "uplot": ("uplot/dist", ["uPlot.esm.js", "uPlot.min.css"]),
    # The build for older phones. Of its WebAssembly only what does without: our pages allow none.
    "pdfjs": (
        "pdfjs-dist",
        [
            "legacy/build/pdf.min.mjs",
            "legacy/build/pdf.worker.min.mjs",
            "cmaps/*.bcmap",
            "standard_fonts/*.pfb",
            "standard_fonts/*.ttf",
            "wasm/*_nowasm_fallback.js",
        ],
    ),
    "swagger-ui": ("swagger-ui-dist", ["swagger-ui.css", "swagger-ui-bundle.js"]),
}


def copy_browser_libraries(node_modules: Path, vendor: Path = VENDOR) -> int:
    """Fill *vendor* anew; give the number of files. A library that is missing is a `FileNotFoundError`."""
    fresh = vendor.with_name(vendor.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    copied = 0
    for name, (source, patterns) in WANTED.items():
        for pattern in patterns:
            files = sorted((node_modules / source).glob(pattern))
            if not files:
                raise FileNotFoundError(f"{node_modules / source} has no {pattern}: run npm ci first")
            for file in files:
                target = fresh / name / file.relative_to(node_modules / source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
                copied += 1
    shutil.rmtree(vendor, ignore_errors=True)
    fresh.rename(vendor)
    return copied


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "node_modules")
    print(f"{copy_browser_libraries(folder)} files copied to {VENDOR}")
