"""The pages: cells, the list of questions, one question, its pictures. Every answer is made from files as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.browse.cells import Listed, arms_in, cell_rows, listed, page_of, subtasks_in
from clinseek_assets.browse.choice import SCORES, Choice
from clinseek_assets.browse.library import Library
from clinseek_assets.browse.one_question import answer_of, figures_of, last_text_of, look_at, steps_shown
from clinseek_assets.browse.pictures import copy_named
from clinseek_assets.faults import Fault, ManifestFault

ROWS_A_PAGE = 60
SHOWN_OF_A_TEXT = 120
ASKED = re.compile(r"<question>(.*?)</question>", re.DOTALL)


class Pages:
    """The pages over one library.

    Args:
        library: what is shown.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._templates = Environment(
            loader=PackageLoader("clinseek_assets.browse", "pages"),
            autoescape=True,  # what models and records say is text, whatever it looks like
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            answer_of=answer_of, figures_of=figures_of, last_text_of=last_text_of, steps_shown=steps_shown
        )

    def cells(self, request: Request) -> Response:
        """Subtask × model × arm."""
        answers, choice = self._chosen(request)
        narrowed = replace(choice, outcome="", score="")
        chosen = narrowed.of_answers(answers)
        rows = page_of(cell_rows(chosen, self._library.models(answers)), choice.page, ROWS_A_PAGE)
        return self._page(
            request, "cells.html", choice=narrowed, rows=rows, arms=arms_in(chosen), **self._filters(answers, narrowed)
        )

    def questions(self, request: Request) -> Response:
        """The questions behind a choice."""
        answers, choice = self._chosen(request)
        rows = page_of(listed(choice.of_answers(answers)), choice.page, ROWS_A_PAGE)
        texts = {(each.split, each.row_number): self._told(each) for each in rows.rows}
        return self._page(
            request, "questions.html", choice=choice, rows=rows, texts=texts, **self._filters(answers, choice)
        )

    def question(self, request: Request) -> Response:
        """One question with its answers and exchanges."""
        question = self._library.question(request.path_params["split"], request.path_params["row"])
        answers, choice = self._chosen(request)
        to_it = answers.filter(polars.col("split") == question.split, polars.col("qid") == question.qid)
        models = self._library.models(to_it)
        seen = look_at(self._library.home, question, models)
        return self._page(
            request,
            "question.html",
            choice=choice,
            seen=seen,
            question=question,
            models=models,
            arms=arms_in(to_it),
            followed=_followed(request.query_params.get("exchange") or choice.model, models, seen.told),
            scores={(model, arm, run): f1 for model, arm, run, f1 in to_it["model", "arm", "run_index", "f1"].rows()},
            neighbours=_neighbours(listed(choice.of_answers(answers)), question.split, question.row_number),
        )

    def picture(self, request: Request) -> Response:
        """The prepared copy of an X-ray."""
        path = copy_named(self._library.home.layout, request.path_params["name"])
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, media_type="image/jpeg")

    def style(self, request: Request) -> Response:
        """The style sheet."""
        return Response(self._templates.get_template("style.css").render(), media_type="text/css")

    def icon(self, request: Request) -> Response:
        """The page's icon, without which browsers ask for one elsewhere."""
        return Response(self._templates.get_template("icon.svg").render(), media_type="image/svg+xml")

    def fault(self, request: Request, error: Exception) -> Response:
        """The page of something that is not as it should be."""
        status = 404 if isinstance(error, ManifestFault) else 409
        what, mend = (error.what, error.mend) if isinstance(error, Fault) else ("Something went wrong.", "")
        return self._page(request, "fault.html", status=status, what=what, mend=mend)

    def nothing(self, request: Request, error: Exception) -> Response:
        """The page of an address that leads nowhere."""
        mend = "Go back to the cells; a picture is there once its prepared copy is."
        return self._page(request, "fault.html", status=404, what="There is nothing at this address.", mend=mend)

    def _chosen(self, request: Request) -> tuple[polars.DataFrame, Choice]:
        return self._library.answers(), Choice.of(request.query_params)

    def _filters(self, answers: polars.DataFrame, choice: Choice) -> dict[str, Any]:
        """Name of each filter -> what there is to choose, within the chosen split."""
        within = Choice(split=choice.split).of_answers(answers)
        return {
            "filters": {
                "split": sorted(answers["split"].unique(), reverse=True),
                "subtask": subtasks_in(within),
                "model": self._library.models(within),
                "arm": arms_in(within),
                "outcome": sorted(within["outcome"].unique()),
                "score": list(SCORES),
            }
        }

    def _told(self, row: Listed) -> tuple[str, str]:
        """The beginnings of a question and of its gold, in one line each."""
        question = self._library.question(row.split, row.row_number)
        return _in_short(_asked_in(question)), _in_short(", ".join(question.gold))

    def _page(self, request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        text = self._templates.get_template(template).render(base=request.scope["root_path"], **values)
        return HTMLResponse(text, status)


def application(library: Library) -> Starlette:
    """The pages as an application; it is to stand behind `guard.Guard`."""
    pages = Pages(library)
    return Starlette(
        routes=[
            Route("/", pages.cells),
            Route("/questions", pages.questions),
            Route("/question/{split}/{row:int}", pages.question),
            Route("/picture/{name}.jpg", pages.picture),
            Route("/style.css", pages.style),
            Route("/icon.svg", pages.icon),
        ],
        exception_handlers={Fault: pages.fault, HTTPException: pages.nothing},
    )


def _asked_in(question: Question) -> str:
    """What is asked, without what a released prompt has around it."""
    released = question.question or ""
    within = ASKED.search(released)
    return question.instruction or (within[1] if within else released)


def _in_short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_OF_A_TEXT else f"{line[:SHOWN_OF_A_TEXT]}…"


def _followed(wanted: str, models: Sequence[str], told: Sequence[Any]) -> str:
    """The model whose exchanges are shown: the one that was asked for, else the first that has one."""
    if wanted in models:
        return wanted
    return next((each.model for each in told if each.steps), models[0] if models else "")


def _neighbours(rows: Sequence[Listed], split: str, row_number: int) -> Mapping[str, Listed | None]:
    """The questions before and after one in the list that was chosen."""
    place = next((at for at, row in enumerate(rows) if (row.split, row.row_number) == (split, row_number)), None)
    if place is None:
        return {"previous": None, "next": None}
    return {
        "previous": rows[place - 1] if place else None,
        "next": rows[place + 1] if place + 1 < len(rows) else None,
    }
