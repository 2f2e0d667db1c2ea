"""What Model Explorer and its relatives accept as graph JSON, checked without any of the program's code.

    me_schema.check(document) -> list of complaints
    python3 me_schema.py FILE...
"""

import json
import sys

STRING, NUMBER, BOOL = str, (int, float), bool


class Checker:
    def __init__(self):
        self.wrong = []

    def complain(self, where, what):
        if len(self.wrong) < 50:
            self.wrong.append(f"{where}: {what}")

    def is_a(self, value, kind, where):
        good = isinstance(value, kind) and not (kind is NUMBER and isinstance(value, bool))
        if not good:
            self.complain(where, f"{type(value).__name__} where {kind} belongs")
        return good

    def members(self, value, where, required, optional):
        """Checks an object: required and optional members with a check each. null stands for absent."""
        if not self.is_a(value, dict, where):
            return False
        for key, check in required.items():
            if key not in value:
                self.complain(where, f"no {key}")
            else:
                check(value[key], f"{where}.{key}")
        for key, check in optional.items():
            if value.get(key) is not None:
                check(value[key], f"{where}.{key}")
        for key in value:
            if key not in required and key not in optional:
                self.complain(where, f"unknown member {key}")
        return True

    def text(self, value, where):
        self.is_a(value, STRING, where)

    def name(self, value, where):
        if self.is_a(value, STRING, where) and not value:
            self.complain(where, "empty")

    def port(self, value, where):
        if self.is_a(value, STRING, where) and not value.isdigit():
            self.complain(where, f"{value!r} is no number of a port")

    def number(self, value, where):
        self.is_a(value, NUMBER, where)

    def boolean(self, value, where):
        self.is_a(value, BOOL, where)

    def list_of(self, check):
        def checked(value, where):
            if self.is_a(value, list, where):
                for i, item in enumerate(value):
                    check(item, f"{where}[{i}]")

        return checked

    # --- attributes ---------------------------------------------------------------------------------------------

    def value(self, value, where):
        if isinstance(value, str):
            return
        if not self.is_a(value, dict, where):
            return
        if value.get("type") == "node_ids":
            self.members(value, where, {"type": self.text, "nodeIds": self.list_of(self.text)}, {})
        elif value.get("type") == "node_with_attrs":
            node = lambda v, w: self.members(v, w, {"id": self.text, "attrs": self.attrs}, {})
            self.members(value, where, {"type": self.text, "nodes": self.list_of(node)}, {})
        else:
            self.complain(where, "an attribute value of no known type")

    def editable(self, value, where):
        kind = value.get("input_type") if isinstance(value, dict) else None
        limits = {"min_value": self.number, "max_value": self.number, "step": self.number}
        if kind == "value_list":
            self.members(value, where, {"input_type": self.text, "options": self.list_of(self.text)}, {})
            if not value.get("options"):
                self.complain(where, "no options")
        elif kind == "int_list":
            self.members(value, where, {"input_type": self.text}, limits)
        elif kind == "grid":
            self.members(value, where, {"input_type": self.text}, {**limits, "separator": self.text})
        else:
            self.complain(where, f"input_type {kind!r}")

    def display_type(self, value, where):
        if value != "memory":
            self.complain(where, f"display_type {value!r}")

    def attrs(self, value, where):
        item = lambda v, w: self.members(
            v, w, {"key": self.name, "value": self.value},
            {"editable": self.editable, "display_type": self.display_type})
        self.list_of(item)(value, where)

    def metadata(self, value, where):
        item = lambda v, w: self.members(v, w, {"id": self.port, "attrs": self.attrs}, {})
        self.list_of(item)(value, where)
        ids = [item["id"] for item in value]
        if len(set(ids)) != len(ids):
            self.complain(where, "an id twice")

    # --- nodes --------------------------------------------------------------------------------------------------

    def edge(self, value, where):
        self.members(value, where,
                     {"sourceNodeId": self.name, "sourceNodeOutputId": self.port, "targetNodeInputId": self.port},
                     {"metadata": self.list_of(self.text)})

    def config(self, value, where):
        self.members(value, where, {}, {"pinToGroupTop": self.boolean, "pinToGroupBottom": self.boolean})

    def style(self, value, where):
        text = {key: self.text for key in ("backgroundColor", "borderColor", "hoveredBorderColor", "textColor")}
        self.members(value, where, {}, {**text, "borderWidth": self.number})

    def node(self, value, where):
        self.members(value, where, {"id": self.name, "label": self.text, "namespace": self.text},
                     {"subgraphIds": self.list_of(self.text), "attrs": self.attrs,
                      "incomingEdges": self.list_of(self.edge), "inputsMetadata": self.metadata,
                      "outputsMetadata": self.metadata, "style": self.style, "config": self.config})

    def group_attributes(self, value, where):
        if self.is_a(value, dict, where):
            for space, attrs in value.items():
                if self.is_a(attrs, dict, f"{where}.{space}"):
                    for key, text in attrs.items():
                        self.text(text, f"{where}.{space}.{key}")

    def node_data(self, value, where):
        def results(value, where):
            if self.is_a(value, dict, where):
                for key, item in value.items():
                    self.members(item, f"{where}.{key}", {"value": lambda v, w: None},
                                 {"bgColor": self.text, "textColor": self.text})

        stop = lambda key: lambda v, w: self.members(v, w, {key: self.number},
                                                     {"bgColor": self.text, "textColor": self.text})
        self.members(value, where, {"results": results},
                     {"name": self.text, "thresholds": self.list_of(stop("value")),
                      "gradient": self.list_of(stop("stop"))})

    def overlays(self, value, where):
        if self.is_a(value, dict, where):
            for run, graphs in value.items():
                if self.is_a(graphs, dict, f"{where}.{run}"):
                    for graph, data in graphs.items():
                        self.node_data(data, f"{where}.{run}.{graph}")

    def overrides(self, value, where):
        item = lambda v, w: self.members(v, w, {"key": self.name, "value": self.text}, {})
        if self.is_a(value, dict, where):
            for loc, entry in value.items():
                self.members(entry, f"{where}.{loc}",
                             {"named_location": self.text, "attributes": self.list_of(item)},
                             {"full_location": self.text})

    def graph(self, value, where):
        anything = lambda v, w: None
        if not self.members(value, where, {"id": self.text, "nodes": self.list_of(self.node)},
                            {"groupNodeAttributes": self.group_attributes, "groupNodeConfigs": anything,
                             "nodeLabelsToHide": self.list_of(self.text), "tasksData": anything,
                             "layoutConfigs": anything, "subgraphIndex": anything, "overlays": self.overlays,
                             "overrides": self.overrides, "cppCode": self.text}):
            return
        nodes = value.get("nodes") or []
        ids = set()
        for node in nodes:
            if node["id"] in ids:
                self.complain(where, f"two nodes {node['id']!r}")
            ids.add(node["id"])
        for node in nodes:
            seen = set()
            for edge in node.get("incomingEdges") or []:
                key = (edge["sourceNodeId"], edge["sourceNodeOutputId"], edge["targetNodeInputId"])
                if key in seen:
                    self.complain(where, f"an edge to {node['id']!r} twice: {key}")
                seen.add(key)

    def document(self, value):
        where = "$"
        if isinstance(value, dict) and "graphCollections" in value:
            collection = lambda v, w: self.members(v, w, {"label": self.text, "graphs": self.list_of(self.graph)}, {})
            self.members(value, where, {"graphCollections": self.list_of(collection)}, {})
        else:
            self.members(value, where, {"graphs": self.list_of(self.graph)}, {})


def check(document):
    checker = Checker()
    checker.document(document)
    return checker.wrong


if __name__ == "__main__":
    failed = False
    for path in sys.argv[1:]:
        with open(path) as f:
            complaints = check(json.load(f))
        for complaint in complaints:
            print(f"{path}: {complaint}")
        failed |= bool(complaints)
    sys.exit(failed)
