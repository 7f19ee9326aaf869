"""One session applied to many files."""

from napari_ifealid.batch.apply_session import Report, apply_question, apply_session, runner_of
from napari_ifealid.batch.question import Question, question_of
from napari_ifealid.batch.runners import Cluster, InTurn, Processes, Runner

__all__ = [
    "Cluster",
    "InTurn",
    "Processes",
    "Question",
    "Report",
    "Runner",
    "apply_question",
    "apply_session",
    "question_of",
    "runner_of",
]
