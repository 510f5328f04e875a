"""The words of questions about chest X-rays: attributes, their categories, places (`xray_words.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Attribute:
    """Something that an X-ray can show.

    Attributes:
        name: as answers spell it.
        category: `anatomicalfinding`, `disease`, `device`, `tubesandlines` or `technicalassessment`.
        label: the CheXpert label that pixels can speak of, or None.
        share: how likely it is where that label is seen, 0 to 1.
        usual: how often films show it, 0 to 1, roughly.
        named: whether answers give it for its label.
        words: its name and other words for it.
    """

    name: str
    category: str
    label: str | None
    share: float
    usual: float
    named: bool
    words: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A place of the chest, and the labels whose findings lie there."""

    name: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class XrayWords:
    """All words.

    Attributes:
        attributes: name -> attribute, in each category the most usual first.
        places: name -> place.
        categories: category -> the words by which questions name it.
    """

    attributes: Mapping[str, Attribute]
    places: Mapping[str, Place]
    categories: Mapping[str, tuple[str, ...]]

    def attributes_in(self, text: str) -> list[Attribute]:
        """The attributes that a text names, in its order; where one name holds another, the longer one."""
        of_word = self._attribute_of_word
        return list(dict.fromkeys(of_word[word] for word in self._named_in(text) if word in of_word))

    def places_in(self, text: str) -> list[Place]:
        """The places that a text names, in its order; an «enlarged cardiac silhouette» is none."""
        return [self.places[word] for word in dict.fromkeys(self._named_in(text)) if word in self.places]

    @cached_property
    def _attribute_of_word(self) -> Mapping[str, Attribute]:
        return {word: attribute for attribute in self.attributes.values() for word in attribute.words}

    def _named_in(self, text: str) -> list[str]:
        return named_in(text, [*self._attribute_of_word, *self.places])

    def categories_in(self, text: str) -> set[str]:
        """The categories that a text names."""
        of_word = {word: category for category, words in self.categories.items() for word in words}
        return {of_word[word] for word in named_in(text, of_word)}


def named_in(text: str, names: Iterable[str]) -> list[str]:
    """The names that stand in a text in lower case as whole words, in its order; none inside a longer one."""
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w/-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w/-])")
    return pattern.findall(text.casefold())


@cache
def xray_words() -> XrayWords:
    """The words, read once."""
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return XrayWords(
        attributes={
            name: _attribute(name, category, entry)
            for category, entries in document["attributes"].items()
            for name, entry in entries.items()
        },
        places={name: Place(name, tuple(labels)) for name, labels in document["places"].items()},
        categories={category: tuple(words) for category, words in document["categories"].items()},
    )


def _attribute(name: str, category: str, entry: Mapping[str, Any]) -> Attribute:
    return Attribute(
        name,
        category,
        entry.get("label"),
        entry.get("share", 0.0),
        entry["usual"],
        entry.get("named", False),
        (name, *entry.get("also", ())),
    )
