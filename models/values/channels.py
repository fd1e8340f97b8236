"""The words of the channels beside the web: paper, mandates, door visits, rulings."""

from typing import Literal, get_args

PaperChannel = Literal["paper", "door", "onsite"]
PAPER_CHANNELS: tuple[PaperChannel, ...] = get_args(PaperChannel)
"""Channels in which officials enter what is on paper, twice."""

Visit = Literal["visited", "handed_over", "refused", "not_at_home"]
VISITS: tuple[Visit, ...] = get_args(Visit)
"""What a grid worker may say about a door."""

RulingKind = Literal["disputed", "accepted", "set_aside"]
