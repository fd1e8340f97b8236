"""Runs in another interpreter, the one that has PM4Py: an XES and an OCEL file in, what it discovers out, as JSON.

    python pm4py_reader.py LOG.xes LOG.json NOISE…

Activities that begin with a word of NOISE are filtered out before anything is discovered, as a miner does.
Never imported: PM4Py is no dependency of this project.
"""

import json
import sys

import pm4py

xes, ocel, *noise = sys.argv[1:]
whole = pm4py.read_xes(xes)
named = {each for each in whole["concept:name"] if each.startswith(tuple(noise))}
log = pm4py.filter_event_attribute_values(whole, "concept:name", named, level="event", retain=False)
follows, starts, ends = pm4py.discover_dfg(log)
performance, _, _ = pm4py.discover_performance_dfg(log)
centric = pm4py.read_ocel2_json(ocel)
assert len(centric.events) == len(whole), "the two forms have another number of events"
print(
    json.dumps(
        {
            "follows": [[*pair, number] for pair, number in follows.items()],
            "starts": starts,
            "ends": ends,
            "mean_s": [[*pair, each["mean"]] for pair, each in performance.items()],
            "events": len(whole),
            "left_out": len(whole) - len(log),
            "objects": {
                str(row["ocel:oid"]): str(row["ocel:type"]) for _, row in centric.objects.iterrows()
            },
        }
    )
)
