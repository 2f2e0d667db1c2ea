// What Model Explorer's graph JSON says of how it is to be shown: colours, directions, what is hidden, edge overlays, sub-graphs.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { equal, eventually, ok, test } from "./harness.mjs";

const edge = (source) => ({ sourceNodeId: source, sourceNodeOutputId: "0", targetNodeInputId: "0" });
const MAIN = {
  id: "main",
  nodes: [
    { id: "in", label: "input", namespace: "", attrs: [{ key: "see", value: { type: "node_ids", nodeIds: ["b", "nobody"] } },
      { key: "fed by", value: { type: "node_with_attrs", nodes: [{ id: "d", attrs: [{ key: "port", value: "7" }] }] } }], style: { backgroundColor: "tomato", textColor: "#000" } },
    { id: "a", label: "conv", namespace: "wide", incomingEdges: [edge("in")], subgraphIds: ["body"] },
    { id: "b", label: "relu", namespace: "wide", incomingEdges: [edge("a")], config: null, style: null, subgraphIds: [] },
    { id: "k", label: "CONST", namespace: "wide", incomingEdges: [] },
    { id: "c", label: "while", namespace: "tall", incomingEdges: [edge("b")], subgraphIds: ["body", "cond"] },
    { id: "d", label: "out", namespace: "tall", incomingEdges: [edge("c")] },
  ],
  groupNodeConfigs: [{ namespaceRegex: "^wi", layoutDirection: 1, borderColor: "#0000ff" }, { namespaceRegex: "(" }, { namespaceRegex: ".", layoutDirection: 0 }],
  nodeLabelsToHide: ["const"],
  tasksData: { edgeOverlaysDataListLeftPane: [{ type: "edge_overlays", name: "extra", overlays: [{ name: "flow", edgeColor: "green", edges: [{ sourceNodeId: "in", targetNodeId: "d" }] }] }] },
};
const BODY = { id: "body", nodes: [{ id: "x", label: "add", namespace: "" }, { id: "y", label: "mul", namespace: "", incomingEdges: [edge("x")] }] };
const COND = { id: "cond", nodes: [{ id: "z", label: "less", namespace: "" }] };

async function open(t) {
  await t.open();
  const path = join(t.server.files, `${t.server.next++}-looks.json`);
  writeFileSync(path, JSON.stringify({ label: (t.label = `c${t.server.next}`), graphs: [MAIN, COND, BODY] }));
  await t.openModel(path);
}

test("graph JSON: colours, directions and edges of the file are shown, what it hides is not", async (t) => {
  await open(t);
  equal(await t.style("fill", "in"), "#ff6347ff");
  equal(await t.style("text", "in"), "#000000ff");
  equal(await t.style("border", "layer:wide"), "#0000ffff");
  equal(await t.style("border", "layer:tall"), "");
  await t.command("graph.expandAll");
  const boxes = Object.fromEntries((await t.graph()).boxes.map((b) => [b.id, b]));
  ok(!boxes.k, "the constant is hidden");
  ok(Math.abs(boxes.a.y - boxes.b.y) < 2 && boxes.a.x < boxes.b.x, "from left to right");
  ok(Math.abs(boxes.c.x + boxes.c.w / 2 - boxes.d.x - boxes.d.w / 2) < 40 && boxes.c.y < boxes.d.y, "from top to bottom");
  await eventually(async () => (await t.mark("edges"))?.edges, [{ from: "in", to: "d" }]);
  await t.shot("graph_json");
});

test("graph JSON: pinned nodes stand at the top of their layers, distances are those of the file", async (t) => {
  await t.open();
  const nodes = [
    { id: "first", label: "first", namespace: "net" },
    { id: "left", label: "op", namespace: "net", incomingEdges: [edge("first")] },
    { id: "right", label: "op", namespace: "net", incomingEdges: [edge("first")] },
    { id: "pin", label: "pinned", namespace: "net", config: { pinToGroupTop: true }, incomingEdges: [edge("left")] },
  ];
  const path = join(t.server.files, `${t.server.next++}-pinned.json`);
  // As Python's json.dump writes it: with spaces behind colons.
  writeFileSync(path, JSON.stringify({ label: (t.label = `c${t.server.next}`), graphs: [{ id: "main", nodes, layoutConfigs: { nodeSep: 77, rankSep: 111 } }] }).replaceAll(":", ": "));
  await t.openModel(path);
  await t.command("graph.expandAll");
  const { boxes: list, camera: { zoom } } = await t.graph(), boxes = Object.fromEntries(list.map((b) => [b.id, b]));
  const near = (a, b) => ok(Math.abs(a / zoom - b) < 0.5, `${a / zoom} for ${b}`);
  ok(boxes.pin.y + boxes.pin.h < boxes.first.y, "at the top, though an edge leads to it from below");
  near(boxes.left.y - boxes.first.y - boxes.first.h, 111);
  near(Math.abs(boxes.left.x - boxes.right.x) - boxes.left.w, 77);
  await t.shot("graph_json_pinned");
});

test("graph JSON: nodes lead to other graphs of the file, the bread crumbs back", async (t) => {
  await open(t);
  const title = () => t.page.locator(".graph-selector").first().innerText();
  await eventually(async () => /main/.test(await title()), true, "the graph's name is in the title");
  await t.command("graph.expandAll");
  const camera = (await t.graph()).camera;
  await t.clickNode("c");
  await t.command("graph.enter"); // the first
  await eventually(async () => (await t.graph())?.boxes.map((b) => b.id).sort(), ["x", "y"]);
  await t.ready();
  ok(/body/.test(await title()), await title());
  await t.page.locator(".crumbs").getByRole("button", { name: /main/ }).click();
  await eventually(async () => (await t.graph())?.boxes.some((b) => b.id === "in"), true);
  await t.ready();
  const back = await t.graph();
  equal([back.expanded.sort(), back.camera], [["layer:tall", "layer:wide"], camera], "as it was left");
  const icon = await t.box("c");
  await t.page.mouse.click(icon.x + icon.w - 14 * camera.zoom, icon.y + icon.h / 2);
  await t.page.getByRole("menuitem", { name: "Show cond beside" }).click();
  await eventually(async () => (await t.graph(1))?.boxes.map((b) => b.id), ["z"]);
  await t.page.keyboard.press("g");
  const rows = t.page.locator(".selector").getByRole("option");
  await eventually(async () => (await rows.allInnerTexts()).map((r) => r.replace(/\s+/g, " ").trim()).filter((r) => r.startsWith(`${t.label}: `)).map((r) => r.replace(/^c\d+: /, "")),
    ["main 6 ops", "body 2 ops", "cond 1 op"], "graphs below those that lead to them");
});

test("graph JSON: attributes that name nodes lead to them", async (t) => {
  await open(t);
  await t.clickNode("in");
  const attributes = t.panel("inspector").getByRole("table", { name: "Attributes" });
  await attributes.getByText("port: 7").waitFor();
  await attributes.getByText("nobody").waitFor();
  equal(await attributes.getByRole("button", { name: "nobody" }).count(), 0);
  await attributes.getByRole("button", { name: "relu", exact: true }).click({ modifiers: ["Alt"] });
  await t.selects(["b"]);
});
