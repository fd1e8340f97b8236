"""`start`, `act`, `list`, `status`, `history`, `audit`, `credentials`: a committee's daily commands."""

import asyncio
import csv
import hashlib
import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import JsonValue, TypeAdapter, ValidationError
from rich.console import Console

from cli.inputs import act_fields, read_file
from cli.servers import Servers, running
from cli.shown import history_table, list_table, status_table
from models.messages.acts import ACTS
from models.tables import Event, Renovation, Unit
from models.values.actor import Actor
from models.values.refusal import Problem, Refused
from rules.opening import read_renovation
from rules.roll import read_roll
from runtime.audit import AuditReport, audit
from service.credentials import voter_credential
from service.opening import OpenedRenovation, open_renovation
from sqlalchemy import select
