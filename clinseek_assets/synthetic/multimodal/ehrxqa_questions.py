"""Questions about chest X-rays as EHRXQA asks them, with their answers out of what the studies show.

Three kinds: is it there (yes or no, either or, choose one), what is there (lists), and what changed between two
studies. No question asks about what the reader was not sure of. Wordings are our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clinseek_assets.synthetic.multimodal.chest import WIDE_HEART, Chest, heart_ratio
from clinseek_assets.synthetic.multimodal.findings import DEVICES, SUPPORT_DEVICES, findings
from clinseek_assets.synthetic.multimodal.studies import Study, category_of
from clinseek_assets.synthetic.randomness import Dice

Answer = tuple[str, ...] | int

# What can be asked about: the attributes of all findings, and the devices one by one.
SEEN = tuple(finding.attribute for label, finding in findings().items() if label != SUPPORT_DEVICES)
ATTRIBUTES = (*SEEN, *DEVICES)
# How often a yes is tried first: fewer scenes give one.
YES_FIRST = 0.62
OPPOSITE = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class Asked:
    """A question and its answer.

    Attributes:
        question: as it is asked.
        template: as EHRXQA's template would have it.
        visual: the question that an image alone could answer.
        value: the study ids that stand in the question, by their place in the template.
        objects, attributes: what it speaks of.
        answer: 1 or 0 for yes or no, else the names.
        studies: the study asked about, and the one that it is compared with.
    """

    question: str
    template: str
    visual: str
    value: dict[str, int]
    objects: tuple[str, ...]
    attributes: tuple[str, ...]
    answer: Answer
    studies: tuple[Study, ...]


@dataclass(frozen=True)
class Scene:
    """What a question may be asked about: a study, perhaps the one before it, and chance."""

    study: Study
    earlier: Study | None
    chest: Chest
    dice: Dice

    @property
    def there(self) -> list[str]:
        """The attributes that the study shows."""
        return [name for name in ATTRIBUTES if name in self.study.facts]

    @property
    def absent(self) -> list[str]:
        """The attributes that it does not show, and nobody doubts it."""
        return [name for name in ATTRIBUTES if name not in self.study.facts and name not in self.study.doubtful]

    def pick(self, names: Sequence[str], number: int = 1) -> list[str]:
        """So many of the names by chance, in chance order; fewer where there are fewer."""
        return self.dice.sample(list(names), min(number, len(names)))


# A maker gets the scene and whether a yes is wanted; None where the scene does not give such a question.
Maker = Callable[[Scene, bool], Asked | None]


def _single(
    scene: Scene,
    wordings: Sequence[str],
    template: str,
    answer: Answer,
    objects: Sequence[str] = (),
    attributes: Sequence[str] = (),
) -> Asked:
    """A question about one study; `{study}` stands for it."""
    study_id = scene.study.study_id
    return Asked(
        question=scene.dice.choice(wordings).format(study=study_id),
        template=f"given the study {study_id}, {template}",
        visual=template,
        value={"study_id": study_id},
        objects=tuple(objects),
        attributes=tuple(attributes),
        answer=answer,
        studies=(scene.study,),
    )


def _is_there(scene: Scene, yes: bool) -> Asked | None:
    chosen = scene.pick(scene.there if yes else scene.absent)
    if not chosen:
        return None
    name = chosen[0]
    wordings = (
        f"Does study {{study}} show {name}?",
        f"Is there any sign of {name} in study {{study}}?",
        f"Can {name} be seen in the chest X-ray of study {{study}}?",
    )
    return _single(scene, wordings, f"is there {name}?", int(yes), attributes=[name])


def _is_there_in_place(scene: Scene, yes: bool) -> Asked | None:
    sided = [one for one in scene.study.present.values() if one.side in OPPOSITE]
    if not sided:
        return None
    sight = scene.dice.choice(sided)
    finding = findings()[sight.label]
    place = scene.dice.choice(finding.places_of(sight.side if yes else OPPOSITE[sight.side]))
    name = finding.attribute
    wordings = (
        f"In study {{study}}, is there {name} in the {place}?",
        f"Does the {place} show {name} in study {{study}}?",
    )
    return _single(scene, wordings, f"is there {name} in the {place}?", int(yes), [place], [name])


def _either(scene: Scene, yes: bool) -> Asked | None:
    chosen = [*scene.pick(scene.there, 1 if yes else 0), *scene.pick(scene.absent, 1 if yes else 2)]
    if len(chosen) < 2:
        return None
    first, second = scene.pick(chosen, 2)
    wordings = (
        f"Does study {{study}} show either {first} or {second}?",
        f"Is there either {first} or {second} in study {{study}}?",
    )
    template = f"is there either {first} or {second}?"
    return _single(scene, wordings, template, int(yes), attributes=[first, second])


def _both(scene: Scene, yes: bool) -> Asked | None:
    chosen = [*scene.pick(scene.there, 2 if yes else 1), *scene.pick(scene.absent, 0 if yes else 1)]
    if len(chosen) < 2:
        return None
    first, second = scene.pick(chosen, 2)
    wordings = (
        f"Does study {{study}} show both {first} and {second}?",
        f"Is it true that {first} and {second} both appear in study {{study}}?",
    )
    template = f"are there both {first} and {second}?"
    return _single(scene, wordings, template, int(yes), attributes=[first, second])


def _any_abnormality(scene: Scene, yes: bool) -> Asked | None:
    abnormal = [name for name in scene.there if name in SEEN]
    if bool(abnormal) != yes or (not yes and scene.study.doubtful):
        return None
    wordings = ("Does study {study} show anything abnormal?", "Is there any abnormality in study {study}?")
    return _single(scene, wordings, "are there any abnormality?", int(yes))


def _wide_heart(scene: Scene, yes: bool) -> Asked | None:
    if "Cardiomegaly" in scene.study.unsure or (heart_ratio(scene.chest, scene.study) > WIDE_HEART) != yes:
        return None
    template = "is the width of the cardiac silhouette wider than 1/2 of the thorax width?"
    wordings = (
        "In study {study}, does the heart take up more than half of the width of the thorax?",
        "Is the cardiac silhouette in study {study} wider than 1/2 of the thorax?",
    )
    return _single(scene, wordings, template, int(yes), ["cardiac silhouette"])


def _choose_one(scene: Scene, yes: bool) -> Asked | None:
    """One of the two is there."""
    chosen = [*scene.pick(scene.there), *scene.pick(scene.absent)]
    return _choice(scene, chosen, chosen[:1]) if len(chosen) == 2 else None


def _choose_both(scene: Scene, yes: bool) -> Asked | None:
    """Both of the two are there: the answer has two names."""
    chosen = scene.pick(scene.there, 2)
    answer = [name for name in ATTRIBUTES if name in chosen]
    return _choice(scene, chosen, answer) if len(chosen) == 2 else None


def _choice(scene: Scene, chosen: list[str], answer: list[str]) -> Asked:
    first, second = scene.pick(chosen, 2)
    wordings = (
        f"Which finding does study {{study}} show, {first} or {second}?",
        f"What does study {{study}} show: {first} or {second}?",
    )
    template = f"which finding is related, {first} or {second}?"
    return _single(scene, wordings, template, tuple(answer), attributes=[first, second])


def _choose_place(scene: Scene, yes: bool) -> Asked | None:
    sided = [one for one in scene.study.present.values() if one.side in (*OPPOSITE, "both")]
    sided = [one for one in sided if {"left", "right"} <= set(findings()[one.label].places)]
    if not sided:
        return None
    sight = scene.dice.choice(sided)
    finding = findings()[sight.label]
    left, right = finding.places["left"][-1], finding.places["right"][-1]
    answer = tuple(place for place in (left, right) if place in finding.places_of(sight.side))
    wordings = (
        f"Which place is affected by {finding.attribute} in study {{study}}, the {left} or the {right}?",
        f"In study {{study}}, where does {finding.attribute} lie: in the {left} or in the {right}?",
    )
    template = f"which anatomical location is related to {finding.attribute}, the {left} or the {right}?"
    return _single(scene, wordings, template, answer, [left, right], [finding.attribute])


def _list_findings(scene: Scene, yes: bool) -> Asked | None:
    answer = tuple(name for name in scene.there if name in SEEN)
    if not answer:
        return None
    wordings = (
        "List all abnormal findings in study {study}.",
        "What are all the abnormalities that study {study} shows?",
        "Enumerate the abnormal findings of study {study}.",
    )
    return _single(scene, wordings, "list all abnormality.", answer)


def _list_in_place(scene: Scene, yes: bool) -> Asked | None:
    places = sorted({place for name in scene.there if name in SEEN for place in scene.study.facts[name]})
    if not places:
        return None
    place = scene.dice.choice(places)
    answer = tuple(name for name in scene.there if name in SEEN and place in scene.study.facts[name])
    wordings = (
        f"List all abnormalities in the {place} in study {{study}}.",
        f"Which abnormalities are seen in the {place} in study {{study}}?",
    )
    return _single(scene, wordings, f"list all abnormality in the {place}.", answer, [place])


def _list_places(scene: Scene, yes: bool) -> Asked | None:
    names = [name for name in scene.there if name in SEEN and len(scene.study.facts[name]) > 1]
    if not names:
        return None
    name = scene.dice.choice(names)
    wordings = (
        f"List all anatomical locations of {name} in study {{study}}.",
        f"Which anatomical locations are related to {name} in study {{study}}?",
    )
    template = f"list all anatomical locations related to {name}."
    return _single(scene, wordings, template, scene.study.facts[name], attributes=[name])


def _list_devices(scene: Scene, yes: bool) -> Asked | None:
    answer = tuple(name for name in scene.there if name in DEVICES)
    if not answer:
        return None
    wordings = (
        "List all tubes, lines and devices in study {study}.",
        "What are all the tubes, lines and devices that study {study} shows?",
    )
    return _single(scene, wordings, "list all tubesandlines and device.", answer)


def _compared(
    scene: Scene, wordings: Sequence[str], template: str, answer: Answer, attributes: Sequence[str] = ()
) -> Asked:
    """A question about two studies; `{study}` and `{earlier}` stand for them.

    A wording without `{earlier}` says «the previous study».
    """
    assert scene.earlier is not None
    later, earlier = scene.study.study_id, scene.earlier.study_id
    wording = scene.dice.choice(wordings)
    named = "{earlier}" in wording
    other = f"the {earlier} study" if named else "the previous study"
    return Asked(
        question=wording.format(study=later, earlier=earlier),
        template=f"given the {later} study, {template} compared to {other}?",
        visual=template,
        value={"study_id1": later, "study_id2": earlier} if named else {"study_id1": later},
        objects=(),
        attributes=tuple(attributes),
        answer=answer,
        studies=(scene.study, scene.earlier),
    )


def changes(study: Study, earlier: Study) -> dict[str, list[str]]:
    """What is `new`, `resolved` and `unchanged` between two studies, of what is sure in both."""
    sure = [name for name in SEEN if name not in study.doubtful | earlier.doubtful]
    return {
        "new": [name for name in sure if name in study.facts and name not in earlier.facts],
        "resolved": [name for name in sure if name not in study.facts and name in earlier.facts],
        "unchanged": [name for name in sure if name in study.facts and name in earlier.facts],
    }


_ONE_CHANGE = {
    "new": (
        "Compared to study {earlier}, is {name} newly seen in study {study}?",
        "Is {name} in study {study} new compared to the previous study?",
        "Between studies {earlier} and {study}, has {name} appeared?",
    ),
    "resolved": (
        "Has {name} resolved in study {study} compared to study {earlier}?",
        "Is it the case that {name}, seen in study {earlier}, is no longer there in study {study}?",
        "Has {name} resolved in study {study} since the previous study?",
    ),
    "unchanged": (
        "Is {name} of study {earlier} still present in study {study}?",
        "Does {name} persist in study {study} compared to study {earlier}?",
        "Is {name} still present in study {study} as it was in the previous study?",
    ),
}
_ALL_CHANGES = {
    "new": (
        "List all findings that are new in study {study} compared to study {earlier}.",
        "Which findings are newly detected in study {study} compared to the previous study?",
    ),
    "resolved": (
        "List all findings of study {earlier} that have resolved in study {study}.",
        "Which findings are no longer seen in study {study} compared to study {earlier}?",
    ),
    "unchanged": (
        "List all findings that are still present in study {study} compared to study {earlier}.",
        "What are all the findings that did not change between studies {earlier} and {study}?",
    ),
}
_UPSTREAM = {"new": "newly detected", "resolved": "resolved", "unchanged": "still present"}


def _one_change(change: str) -> Maker:
    def make(scene: Scene, yes: bool) -> Asked | None:
        assert scene.earlier is not None
        changed = changes(scene.study, scene.earlier)
        doubtful = scene.study.doubtful | scene.earlier.doubtful
        others = [name for name in SEEN if name not in changed[change] and name not in doubtful]
        # A no is worth asking about what is seen in one of the two studies.
        notable = [name for name in others if name in scene.study.facts or name in scene.earlier.facts]
        chosen = scene.pick(changed[change] if yes else notable or others)
        if not chosen:
            return None
        name = chosen[0]
        wordings = [one.replace("{name}", name) for one in _ONE_CHANGE[change]]
        return _compared(scene, wordings, f"is {name} {_UPSTREAM[change]}", int(yes), [name])

    return make


def _all_changes(change: str) -> Maker:
    def make(scene: Scene, yes: bool) -> Asked | None:
        assert scene.earlier is not None
        answer = tuple(changes(scene.study, scene.earlier)[change])
        if not answer:
            return None
        return _compared(scene, _ALL_CHANGES[change], f"list all abnormality that are {_UPSTREAM[change]}", answer)

    return make


# Group -> its kinds of questions, in the order in which they take turns.
MAKERS: dict[str, tuple[Maker, ...]] = {
    "finding_presence": (
        _is_there,
        _choose_both,
        _either,
        _is_there_in_place,
        _choose_one,
        _both,
        _wide_heart,
        _choose_place,
        _any_abnormality,
        _is_there,
    ),
    "finding_enumeration": (_list_findings, _list_in_place, _list_devices, _list_places),
    "change_comparison": (
        _one_change("new"),
        _all_changes("resolved"),
        _one_change("unchanged"),
        _all_changes("new"),
        _one_change("resolved"),
        _all_changes("unchanged"),
    ),
}


def kinds(group: str, turn: int) -> tuple[Maker, ...]:
    """The kinds of questions of that group, the one whose turn it is first."""
    start = turn % len(MAKERS[group])
    return (*MAKERS[group][start:], *MAKERS[group][:start])


def ask(kind: Maker, scene: Scene) -> Iterator[Asked]:
    """The questions of that kind that the scene gives: none, or one with a yes or a no, or both."""
    first = scene.dice.chance(YES_FIRST)
    for yes in (first, not first):
        asked = kind(scene, yes)
        if asked:
            yield asked


def categories_of(asked: Asked) -> list[str]:
    """The categories of the attributes that a question names."""
    return sorted({category_of(name) for name in asked.attributes})
