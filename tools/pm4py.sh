#!/bin/sh
# A venv with PM4Py (AGPL) for one test, which runs it as a process of its own: nothing of it is imported.
set -e
python3 -m venv build/pm4py
build/pm4py/bin/python -m pip install -q --disable-pip-version-check pm4py
echo "GONGJIAN_PM4PY=$(pwd)/build/pm4py/bin/python"
