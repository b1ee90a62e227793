"""The example mesh's running question, answered from its published ports.

:func:`answer` computes, :func:`show` prints to a terminal, :func:`render` makes one HTML page.
"""

from meshwright.demo.answer import PORTS, Answer, answer
from meshwright.demo.page import render
from meshwright.demo.text import show

__all__ = ["PORTS", "Answer", "answer", "render", "show"]
