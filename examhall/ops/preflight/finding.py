"""What a check found, and how it is told."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

PASS: Final = "pass"  # noqa: S105
WARN: Final = "warn"
FAIL: Final = "fail"


@dataclass(frozen=True)
class Finding:
    # A stable word for programs.
    check: str
    verdict: Literal["pass", "warn", "fail"]
    found: str
    # How to mend it; nothing to be mended, nothing said.
    mend: str = ""


def passed(check: str, found: str) -> Finding:
    return Finding(check, PASS, found)


def warned(check: str, found: str, mend: str) -> Finding:
    return Finding(check, WARN, found, mend)


def failed(check: str, found: str, mend: str) -> Finding:
    return Finding(check, FAIL, found, mend)


def graded(check: str, found: str, mend: str, *, fails: bool, warns: bool) -> Finding:
    """Fail before warn before pass."""
    if fails:
        return failed(check, found, mend)
    return warned(check, found, mend) if warns else passed(check, found)


def in_words(findings: Sequence[Finding]) -> list[str]:
    """A line for each, one more for how to mend it, and a sum."""
    width = max(len(each.check) for each in findings)
    lines = []
    for each in findings:
        lines.append(f"{each.verdict}  {each.check:<{width}}  {each.found}")
        if each.mend:
            lines.append(f"{'':{width + 8}}{each.mend}")
    count = Counter(each.verdict for each in findings)
    return [*lines, "", f"{count[PASS]} passed, {count[WARN]} warned, {count[FAIL]} failed"]


def as_document(findings: Sequence[Finding]) -> str:
    """The same for programs: `ready` is false if a check failed."""
    checks = [asdict(each) for each in findings]
    return json.dumps({"ready": not any_failed(findings), "checks": checks}, indent=2, ensure_ascii=False)


def any_failed(findings: Sequence[Finding]) -> bool:
    return any(each.verdict == FAIL for each in findings)
