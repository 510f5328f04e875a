"""Answers to questions about chest X-rays out of films' scores, or, where no film is seen, out of what is usual.

A chance is worked out for each attribute: where pixels speak of it, the film's score for its label times the share of
films with that label that show it; else how usual it is. Whatever is likelier than not is there; a list that would be
empty names what is likeliest, since no question of the release has an empty answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clinseek_assets.models.baselines.multimodal.films import Film
from clinseek_assets.models.baselines.multimodal.xray_questions import Change, XrayQuestion
from clinseek_assets.models.baselines.multimodal.xray_words import Attribute, Place, xray_words

SEEN = 0.5
ELSEWHERE = 0.7  # of a finding's chance: that it lies at a place where such findings lie
APART = 0.15  # of scores: less is no change for the worse or the better
ABNORMAL = frozenset({"anatomicalfinding", "disease"})
NO_FINDING = "No Finding"

Chance = Callable[[Film | None], float]


def xray_answer(asked: XrayQuestion, films: Sequence[Film]) -> list[str]:
    """The answer of one who sees these films, the earliest first; with none, of one who knows what is usual."""
    chances = _chances(asked, films)
    if asked.form == "yes_no":
        return ["yes" if _all_in_all(asked, films) > SEEN else "no"]
    if asked.form == "choice" and len(chances) > 1:
        return _chosen(chances)
    return _listed(chances)


def label_answer(films: Sequence[Film], usual: Sequence[str]) -> list[str]:
    """CheXpert's labels that are seen on the last film; with no film, those that are usual."""
    if not films:
        return list(usual)
    scores = films[-1].scores
    seen = [label for label, score in scores.items() if score > SEEN and label != NO_FINDING]
    return seen or [max(scores, key=lambda label: scores[label])]


def _chances(asked: XrayQuestion, films: Sequence[Film]) -> dict[str, float]:
    """The names that can be the answer, with the chance of each."""
    words = xray_words()
    if asked.wants_places:
        places = asked.places or tuple(words.places.values())
        return {place.name: _changed(asked.change, _at_place(asked.attributes, place), films) for place in places}
    return {
        attribute.name: _changed(asked.change, _of_attribute(attribute, asked.places), films)
        for attribute in _possible(asked)
    }


def _possible(asked: XrayQuestion) -> list[Attribute]:
    """The attributes that a question can be answered with: those it names to choose from, else those of its categories.

    Of attributes that share a label only the one is given that stands for it, else one finding would be named thrice.
    """
    if asked.form == "choice" and asked.attributes:
        return list(asked.attributes)
    known = [each for each in xray_words().attributes.values() if each.named or each.label is None]
    wanted = ABNORMAL if asked.abnormal or not asked.categories else asked.categories
    if asked.categories == {"anatomicalfinding"}:  # «findings» is what any abnormality is called
        wanted = ABNORMAL
    return [each for each in known if each.category in wanted] or known


def _all_in_all(asked: XrayQuestion, films: Sequence[Film]) -> float:
    """The chance of a yes."""
    if asked.attributes:
        each = [_changed(asked.change, _of_attribute(one, asked.places), films) for one in asked.attributes]
        return min(each) if asked.both else max(each)
    if asked.places:
        each = [_changed(asked.change, _abnormal_at(place), films) for place in asked.places]
        return min(each) if asked.both else max(each)
    if asked.abnormal or not asked.categories:
        return _changed(asked.change, lambda film: 0.67 if film is None else 1 - film.scores[NO_FINDING], films)
    return max(_chances(asked, films).values(), default=0.0)


def _of_attribute(attribute: Attribute, places: Sequence[Place]) -> Chance:
    def chance(film: Film | None) -> float:
        seen = attribute.usual
        if film is not None and attribute.label is not None:
            seen = attribute.share * film.scores[attribute.label]
        fits = not places or attribute.label is None or any(attribute.label in place.labels for place in places)
        return seen * (1.0 if not places else ELSEWHERE if fits else 0.1)

    return chance


def _at_place(attributes: Sequence[Attribute], place: Place) -> Chance:
    """The chance that one of the attributes, or anything where none is named, lies at a place."""
    labels = {attribute.label for attribute in attributes if attribute.label} or set(place.labels)

    def chance(film: Film | None) -> float:
        here = labels.intersection(place.labels)
        if film is None:
            return (0.4 if here else 0.05) / (1 + len(place.labels))
        return max((film.scores[label] for label in here), default=0.05)

    return chance


def _abnormal_at(place: Place) -> Chance:
    return _at_place((), place)


def _changed(change: Change | None, chance: Chance, films: Sequence[Film]) -> float:
    """The chance itself, or that it changed so between the first film and the last.

    Where only one film is seen the other one is taken for usual.
    """
    now = chance(films[-1] if films else None)
    if change is None:
        return now
    before = chance(films[0] if len(films) > 1 else None)
    if change == "new":
        return min(now, 1 - before)
    if change == "resolved":
        return min(before, 1 - now)
    if change == "unchanged":
        return min(now, before)
    if change == "changed":
        return abs(now - before)
    more = now - before if change == "worse" else before - now
    return 1.0 if more > APART and max(now, before) > SEEN else 0.5 * max(0.0, more)


def _chosen(chances: Mapping[str, float]) -> list[str]:
    """The likeliest, and the others as well where they are seen."""
    best = max(chances, key=lambda name: chances[name])
    return [name for name, chance in chances.items() if name == best or chance > SEEN]


def _listed(chances: Mapping[str, float]) -> list[str]:
    seen = [name for name, chance in chances.items() if chance > SEEN]
    return seen or [max(chances, key=lambda name: chances[name])]
