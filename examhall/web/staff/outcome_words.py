"""What a scenario's figures mean, in words: who moves and passes, the order, who is treated apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from examhall.web.numbers import ENGLISH, Numbers, numbers_beside
from examhall.web.staff.item_charts import Words
from examhall.web.staff.item_words import Sentence

# Rank correlations from which an order is practically, almost, by and large the same.
SAME, ALMOST, ALIKE, SOMEWHAT = 0.995, 0.95, 0.8, 0.5
# A share of candidates in another grade that a board wants to know about.
MANY = 0.1
# Below this a difference that cannot be measured, as it is always to one side, is not by chance.
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Uneven:
    """An item that treats a group differently from others as able."""

    label: str
    size: str
    # The group is at a disadvantage.
    harder: bool
    effect: float


def percent(value: float | None, write: Numbers = ENGLISH, digits: int = 1) -> str:
    return "–" if value is None else write.percent(value, digits)


def signed(value: float, write: Numbers = ENGLISH, digits: int = 1) -> str:
    text = write.fixed(round(value, digits), digits, signed=True)
    return text if round(value, digits) else f"±{text}"


def headline(told: Mapping[str, Any], _: Words) -> str:
    """One line for lists and the page's lede: who moves, and the pass rate."""
    write = numbers_beside(_)
    moves = told["moves"]
    said = _("{moved} of {all} move").format(
        moved=write.figure(moves["up"] + moves["down"]), all=write.figure(told["candidates"])
    )
    before, after = told["official"]["pass_rate"], told["new"]["pass_rate"]
    if after is None:
        return said
    if before is None:
        return _("{moved}; pass rate {after}").format(moved=said, after=percent(100 * after, write))
    return _("{moved}; pass rate {before} → {after}").format(
        moved=said, before=percent(100 * before, write), after=percent(100 * after, write)
    )


def sentences(told: Mapping[str, Any], _: Words) -> list[Sentence]:
    """The whole outcome in a few sentences."""
    write = numbers_beside(_)
    moves, said = told["moves"], []
    moved = moves["up"] + moves["down"]
    if not told["candidates"]:
        return [Sentence(_("Nobody has a result yet, so nothing changes for anybody."), "wait")]
    if not moved:
        said.append(Sentence(_("Nobody's share of the points changes."), "good"))
    else:
        said.append(
            Sentence(
                _("{up} go up, {down} go down, {same} stay; on average {mean} percentage points.").format(
                    up=write.figure(moves["up"]),
                    down=write.figure(moves["down"]),
                    same=write.figure(moves["same"]),
                    mean=signed(moves["mean_change_percent"], write),
                )
            )
        )
    said += _passing(told, _)
    if moves["grades"] is not None and (moves["grades_up"] or moves["grades_down"]):
        many = moves["grades_up"] + moves["grades_down"] > MANY * told["candidates"]
        said.append(
            Sentence(
                _("{up} get a better grade, {down} a worse one.").format(
                    up=write.figure(moves["grades_up"]), down=write.figure(moves["grades_down"])
                ),
                "wait" if many else "",
            )
        )
    said.append(order_in_words(told["agreement"]["spearman"], _))
    said += _unevenness(told.get("groups"), _)
    waiting = sum(exam["waiting"] for exam in told["exams"])
    if waiting:
        said.append(
            Sentence(
                _("{waiting} were handed in but not yet marked; they are left out here.").format(
                    waiting=write.figure(waiting)
                ),
                "wait",
            )
        )
    return said


def order_in_words(spearman: float | None, _: Words) -> Sentence:
    write = numbers_beside(_)
    if spearman is None:
        return Sentence(_("There is no order to compare: all have the same."), "")
    said = {
        SAME: (_("Candidates stay in practically the same order"), "good"),
        ALMOST: (_("Candidates stay in almost the same order"), "good"),
        ALIKE: (_("The order is alike by and large"), "wait"),
        SOMEWHAT: (_("The order changes a good deal"), "wait"),
    }
    words, tone = next(
        (each for least, each in said.items() if spearman >= least),
        (_("The order becomes quite another"), "bad"),
    )
    return Sentence(
        _("{order} (rank correlation {rho}).").format(order=words, rho=_rounded_down(spearman, write)), tone
    )


def stage_in_words(stage: str, _: Words) -> str:
    return {
        "queued": _("Waiting for its turn"),
        "reading": _("Reading answers and marks"),
        "taking_in": _("Putting them in order"),
        "marking": _("Marking by the scenario"),
        "totalling": _("Adding up"),
        "comparing": _("Comparing with the official results"),
        "by_group": _("Looking at groups"),
        "packing": _("Putting the result together"),
    }.get(stage, _("Working"))


def dif_in_words(size: str, _: Words) -> str:
    return {"A": _("negligible"), "B": _("moderate"), "C": _("large")}.get(size, _("no estimate"))


def why_in_words(why: str, _: Words) -> str:
    return {
        "few_reference": _("too few others"),
        "few_focal": _("too few of the group"),
        "no_spread": _("all got the same"),
        "not_comparable": _("nobody as able in the other group"),
        "one_sided": _("always to one side: look at it by eye"),
    }.get(why, "")


def uneven_items(group: Mapping[str, Any]) -> list[Uneven]:
    """The items of class B and C of a group, the largest effects first."""
    found = [
        Uneven(
            f"{each['question_number']}{each['sub_part']}", each["size"], each["effect"] < 0, each["effect"]
        )
        for each in group["dif"] or []
        if each["size"] in ("B", "C")
    ]
    return sorted(found, key=lambda each: (each.size != "C", -abs(each.effect)))


def _passing(told: Mapping[str, Any], _: Words) -> list[Sentence]:
    write = numbers_beside(_)
    before, after = told["official"], told["new"]
    if after["pass_rate"] is None:
        return []
    if before["pass_rate"] is None:
        return [
            Sentence(
                _("{passed} pass ({rate}); officially there is no pass mark.").format(
                    passed=write.figure(after["passed"]), rate=percent(100 * after["pass_rate"], write)
                )
            )
        ]
    moves = told["moves"]
    if not moves["newly_passed"] and not moves["newly_failed"]:
        return [
            Sentence(
                _("The same pass as before: {passed} ({rate}).").format(
                    passed=write.figure(after["passed"]), rate=percent(100 * after["pass_rate"], write)
                ),
                "good",
            )
        ]
    return [
        Sentence(
            _("Pass rate {before} → {after}: {passed} pass who did not, {failed} no longer pass.").format(
                before=percent(100 * before["pass_rate"], write),
                after=percent(100 * after["pass_rate"], write),
                passed=write.figure(moves["newly_passed"]),
                failed=write.figure(moves["newly_failed"]),
            ),
            "bad" if moves["newly_failed"] else "",
        )
    ]


def _unevenness(groups: Mapping[str, Any] | None, _: Words) -> list[Sentence]:
    if groups is None:
        return []
    tested = [group for group in groups["groups"] if group["dif"] is not None]
    large = [(group, item.label) for group in tested for item in uneven_items(group) if item.size == "C"]
    one_sided = [
        f"{each['question_number']}{each['sub_part']}"
        for group in tested
        for each in group["dif"]
        if each["why"] == "one_sided" and each["p"] < SIGNIFICANT
    ]
    said = []
    if large:
        said.append(
            Sentence(
                _("Large differences between groups at question {questions}: see below.").format(
                    questions=_listed([label for _group, label in large])
                ),
                "bad",
            )
        )
    if one_sided:
        said.append(
            Sentence(
                _("Always to one side between groups at question {questions}: look at it by eye.").format(
                    questions=_listed(one_sided)
                ),
                "bad",
            )
        )
    if said:
        return said
    if tested:
        return [Sentence(_("No question treats a group very differently from others as able."), "good")]
    return [Sentence(_("The groups are too small to tell whether questions treat them differently."), "wait")]


def _listed(labels: Sequence[str]) -> str:
    different = list(dict.fromkeys(labels))
    return ", ".join(different[:6]) + (" …" if len(different) > 6 else "")


def _rounded_down(rho: float, write: Numbers) -> str:
    """To three digits, but 1.000 only where it is 1."""
    shown = 0.999 if rho < 1 and round(rho, 3) == 1 else rho
    return write.fixed(shown, 3)
