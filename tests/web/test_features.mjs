// Analyses and looks: traces, paths, identical layers, repeated blocks, node data, styler, edge overlays, bookmarks.
import { equal, eventually, near, ok, test } from "./harness.mjs";

const MNIST = "examples/mnist.mlir";

const names = (graph) => graph.boxes.map((b) => b.id).sort();

// Four equal blocks, named and not.
function blocks(named, count = 4) {
  let text = "module {\n  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n", before = "%x";
  for (let i = 0; i < count; i++) {
    const loc = (op) => (named ? ` loc("b${i}/${op}")` : "");
    text += `    %a${i} = "ttir.relu"(${before}) : (tensor<4xf32>) -> tensor<4xf32>${loc("relu")}\n`;
    text += `    %b${i} = "ttir.exp"(%a${i}) : (tensor<4xf32>) -> tensor<4xf32>${loc("exp")}\n`;
    text += `    %c${i} = "ttir.neg"(%a${i}) : (tensor<4xf32>) -> tensor<4xf32>${loc("neg")}\n`;
    text += `    %d${i} = "ttir.add"(%b${i}, %c${i}) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>${loc("add")}\n`;
    before = `%d${i}`;
  }
  return `${text}    return ${before} : tensor<4xf32>\n  }\n}\n`;
}

test("trace: all that feeds a node and all it feeds stay", async (t) => {
  await t.openText("named.mlir", blocks(true));
  await t.command("graph.expandAll");
  await t.clickNode("main/ttir.exp@b1/exp");
  await t.command("trace.toggle");
  await eventually(async () => (await t.mark("trace"))?.keep, ["main/arg0", "main/func.return", ...["relu", "exp", "neg", "add"].map((op) => `main/ttir.${op}@b0/${op}`),
    "main/ttir.relu@b1/relu", "main/ttir.exp@b1/exp", "main/ttir.add@b1/add",
    ...[2, 3].flatMap((i) => ["relu", "exp", "neg", "add"].map((op) => `main/ttir.${op}@b${i}/${op}`))].sort(), "all that feeds it and that it feeds");
  await t.shot("trace");
  await t.command("trace.up");
  await eventually(async () => (await t.mark("trace"))?.keep.includes("main/func.return"), false, "what it feeds is out");
  await t.command("trace.up");
  await eventually(() => t.mark("trace"), null, "no trace");
});

test("readers: the picker at the edge of an op lists who reads it", async (t) => {
  await t.openText("named.mlir", blocks(true));
  await t.command("graph.expandAll");
  await t.clickNode("main/ttir.add@b1/add"); // read once
  await eventually(() => t.page.locator(".fan-out").count(), 0);
  await t.page.keyboard.press("j");
  await eventually(async () => (await t.graph()).selection, ["main/ttir.relu@b2/relu"], "the only reader is gone to");
  await t.ready();
  const picker = t.page.locator(".fan-out");
  // It is gone while something moves.
  await eventually(async () => {
    const place = await picker.boundingBox({ timeout: 100 }).catch(() => null), box = await t.box("main/ttir.relu@b2/relu");
    return !!place && !!box && Math.abs(place.x + place.width / 2 - (box.x + box.w / 2)) <= 3 && Math.abs(place.y - (box.y + box.h)) <= 8;
  }, true, "in the middle of the lower edge");
  await picker.click();
  const menu = t.page.getByRole("menu", { name: "Readers of ttir.relu" });
  equal((await menu.getByRole("menuitem").allInnerTexts()).map((s) => s.trim()), ["ttir.exp · b2", "ttir.neg · b2"]);
  await t.shot("readers");
  await menu.getByRole("menuitem").nth(1).click();
  await eventually(async () => (await t.graph()).selection, ["main/ttir.neg@b2/neg"]);
});

test("paths: the ways between two nodes are listed and lit", async (t) => {
  await t.openText("named.mlir", blocks(true));
  await t.command("graph.expandAll");
  await t.clickNode("main/ttir.relu@b0/relu");
  await t.command("paths.from");
  await t.clickNode("main/ttir.add@b1/add");
  await t.command("paths.to");
  await t.panel("paths").getByText("4 paths, the shortest with 5 steps.").waitFor();
  await eventually(async () => (await t.mark("paths"))?.keep.length, 8);
  await t.page.getByRole("option").nth(1).click();
  await t.ready();
  await eventually(async () => (await t.mark("paths"))?.keep.length, 6);
  await t.shot("paths");
  await t.panel("paths").getByLabel("Swap the ends").click();
  await t.panel("paths").getByText("No path leads").waitFor();
});

test("identical layers: outlined and listed by pages", async (t) => {
  await t.openText("named.mlir", blocks(true));
  await t.clickNode("layer:b1");
  await t.page.getByText("3 layers").waitFor();
  await eventually(async () => (await t.mark("identical"))?.highlights[0].nodes, ["layer:b0", "layer:b2", "layer:b3"]);
  await t.shot("identical");
  await t.page.getByRole("button", { name: "Select all", exact: true }).click();
  await t.ready();
  equal((await t.graph()).selection, ["layer:b0", "layer:b1", "layer:b2", "layer:b3"]);
});

test("repeated blocks become layers, and ops again", async (t) => {
  await t.openText("flat.mlir", blocks(false));
  const before = await t.graph();
  ok(!names(before).some((id) => id.includes("block")), "no blocks at first");
  await t.command("graph.groupRepeats");
  const grouped = await t.graph();
  equal(names(grouped).filter((id) => id.includes("block")), ["layer:block 1", "layer:block 2", "layer:block 3", "layer:block 4"]);
  await t.shot("repeats");
  await t.command("graph.groupRepeats");
  equal(names(await t.graph()), names(before));
});

test("repeated blocks: offered for layers of many ops", async (t) => {
  await t.openText("long.mlir", blocks(false, 120));
  await t.page.getByText("120 blocks of ops repeat in this graph.").waitFor();
  await t.page.getByRole("button", { name: "Group them" }).click();
  await eventually(async () => (await t.graph()).nodes, 1 + 1 + 1 + 480 + 1 + 120);
  await t.ready();
  await t.shot("repeats_many");
});

test("repeated blocks: offered once, not for each stage of a model", async (t) => {
  await t.openText("stages.mlir", blocks(false, 121));
  const offer = t.page.getByText(/blocks of ops repeat in this graph/);
  await offer.waitFor();
  await t.page.keyboard.press("c");
  await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).click();
  const stage = () => t.panel("compile").locator(".option.active .option-text").allTextContents();
  await eventually(stage, ["ttnn-deallocate"]);
  await t.ready();
  for (let i = 0; i < 3; i++) {
    const before = (await stage()).join();
    await t.page.keyboard.press("Alt+ArrowLeft");
    await eventually(async () => (await stage()).join() !== before, true, "the stage before");
    await t.ready();
  }
  ok((await offer.count()) <= 1, "one offer at most");
});

test("node data: loaded by drop, coloured, added up, listed, deleted", async (t) => {
  await t.openText("named.mlir", blocks(true));
  await t.drop("times.json", {
    results: { "b0/relu": { value: 1 }, "b0/exp": { value: 3 }, "b1/add": { value: 8 }, nobody: { value: 1 } },
    gradient: [{ stop: 0, bgColor: "yellow" }, { stop: 1, bgColor: "red" }],
  });
  const data = t.panel("nodedata");
  await data.getByText("1 without a node here").waitFor();
  const rows = data.locator("table.data tbody tr");
  equal(await rows.first().locator("td").allTextContents(), ["times", "3", "1", "8", "12", "4"]);
  await t.drop("kinds.json", {
    name: "kinds", results: { "b0/relu": { value: "hot", bgColor: "#ff0000" }, "b2/neg": { value: "cold", bgColor: "#0000ff" } },
  });
  await data.getByText("kinds").first().waitFor();
  await eventually(() => rows.count(), 2);
  await data.getByLabel("Colour by times").click();
  await t.command("graph.expandAll");
  await eventually(() => t.style("fill", "main/ttir.relu@b0/relu"), "#ffff00ff");
  await eventually(() => t.style("fill", "main/ttir.add@b1/add"), "#ff0000ff");
  await eventually(() => t.style("fill", "main/ttir.neg@b2/neg"), "");
  await t.shot("node_data");
  await data.getByRole("tab", { name: "All nodes" }).click();
  const table = data.getByRole("grid");
  await eventually(() => table.getByRole("row").count(), 4);
  ok((await table.getByRole("row").first().textContent()).includes("ttir.add"), "the largest first");
  await data.getByLabel("Filter the table").fill("relu");
  await eventually(() => table.getByRole("row").count(), 1);
  await table.getByRole("row").first().click({ modifiers: ["Alt"] });
  await t.ready();
  equal((await t.graph()).selection, ["main/ttir.relu@b0/relu"]);
  await t.page.locator('[data-panel="inspector"]').getByText("hot").waitFor();
  await data.getByRole("tab", { name: "Children" }).click();
  await data.getByText("In b0").waitFor();
  equal((await data.getByRole("grid").getByRole("row").first().textContent()).includes("75.0"), true);
  await t.shot("node_data_children");
  await data.getByLabel("Delete kinds").click();
  await t.page.getByRole("button", { name: "Delete", exact: true }).click();
  await data.getByText("kinds").first().waitFor({ state: "detached" });
});

test("node data: collapsed layers have bars", async (t) => {
  await t.openText("named.mlir", blocks(true));
  await t.drop("steps.json", {
    results: { "b0/relu": { value: 1 }, "b0/exp": { value: 3 }, "b0/neg": { value: 1 }, "b0/add": { value: 1 } },
    thresholds: [{ value: 2, bgColor: "#00ff00" }, { value: 9, bgColor: "#ff0000" }],
  });
  await t.panel("nodedata").getByText("≤ 2").waitFor();
  await t.ready();
  await eventually(() => t.bars("layer:b0"), [{ share: 0.75, color: "#00ff00ff" }, { share: 0.25, color: "#ff0000ff" }]);
  await t.shot("node_data_bars");
});

test("styler: rules colour what matches, later ones over earlier ones, and are kept", async (t) => {
  await t.openModel(MNIST);
  await t.command("graph.expandAll");
  await t.command("styler.add");
  const styler = t.panel("styler");
  await styler.getByLabel("Regular expression").fill("relu");
  await styler.getByText("2 nodes").waitFor();
  const relu = (await t.graph()).boxes.find((b) => b.label === "ttir.relu").id;
  await eventually(() => t.style("fill", relu), "#ffd166ff");
  await styler.getByLabel("Duplicate, rule 1").click();
  const second = styler.getByLabel("Rule 2", { exact: true });
  await second.getByLabel("Regular expression").fill("ttir");
  await second.getByLabel("Colour of the fill", { exact: true }).fill("#112233");
  await second.getByText(/\d+ nodes/).waitFor();
  await t.ready();
  await eventually(() => t.style("fill", relu), "#112233ff");
  await second.getByLabel("Move up, rule 2").click();
  await t.ready();
  await eventually(() => t.style("fill", relu), "#ffd166ff");
  await t.shot("styler");
  const file = await t.download(() => styler.getByLabel("Download the rules").click());
  const rules = JSON.parse(file.bytes);
  equal(rules[1], { version: "v2", queries: [{ type: "regex", queryRegex: "relu", matchTypes: ["title"] }], styles: { node_bg_color: "#ffd166" } });
  await t.page.reload();
  await t.ready();
  await t.command("graph.expandAll");
  await styler.getByText("2 nodes").waitFor();
  await eventually(() => t.style("fill", relu), "#ffd166ff");
  await t.drop("rules.json", [{ version: "v2", queries: [{ type: "node_type", nodeType: "layer_nodes" }], styles: { node_border_color: "#00ff00" } },
    { version: "v2", queries: [{ type: "attr_value_range", attrName: "rank", min: 2, max: 2 }], styles: { node_text_color: "red" } }]);
  await styler.getByLabel("Rule 4", { exact: true }).waitFor();
  await t.ready();
  await eventually(() => t.style("border", "layer:fc1"), "#00ff00ff");
  await eventually(() => t.style("text", relu), "#ff0000ff");
});

test("edge overlays: extra edges, and only near the selection", async (t) => {
  await t.openText("named.mlir", blocks(true));
  await t.drop("extra.json", {
    type: "edge_overlays", name: "extra", overlays: [{
      name: "jumps", edgeColor: "#ff00ff", edgeWidth: 3, edges: [
        { sourceNodeId: "b0/relu", targetNodeId: "b2/add", label: "far" }, { sourceNodeId: "b2/add", targetNodeId: "b3/exp" },
        { sourceNodeId: "main/ttir.neg@b3/neg", targetNodeId: "main/arg0" }, { sourceNodeId: "b0/relu", targetNodeId: "nobody" },
      ],
    }],
  });
  const edges = t.panel("edges");
  await edges.getByText("1 not in this graph").waitFor();
  await t.ready();
  await eventually(async () => (await t.mark("edges"))?.edges.length, 3);
  await t.command("graph.expandAll");
  await t.shot("edge_overlays");
  await edges.getByLabel("Steps from the selection, jumps").fill("1");
  await t.clickNode("main/ttir.relu@b0/relu");
  await eventually(async () => (await t.mark("edges"))?.edges, [{ from: "main/ttir.relu@b0/relu", to: "main/ttir.add@b2/add", label: "far" }]);
  await edges.getByLabel("Steps from the selection, jumps").fill("2");
  await t.ready();
  await eventually(async () => (await t.mark("edges"))?.edges.length, 2);
  await edges.getByLabel("Show jumps").click();
  await eventually(() => t.mark("edges"), null);
});

test("bookmarks: keys lead back to place, expansion and selection", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("layer:fc1");
  await t.command("graph.toggle");
  const before = await t.graph();
  await t.command("bookmarks.add");
  await t.page.getByText("Bookmarked. Key 1 leads back.").waitFor();
  await t.command("graph.collapseAll");
  await t.command("graph.deselect");
  ok(!(await t.graph()).expanded.includes("layer:fc1"), "collapsed");
  await t.page.keyboard.press("1");
  await eventually(async () => { const g = await t.graph(); return [g.expanded, g.selection]; }, [before.expanded, before.selection]);
  await t.ready();
  const after = await t.graph();
  for (const key of ["x", "y", "zoom"]) near(after.camera[key], before.camera[key], 1, key);
  await t.command("panel.bookmarks");
  const picture = t.panel("bookmarks").locator("img");
  await picture.waitFor();
  equal(await picture.evaluate((i) => [i.naturalWidth, i.naturalHeight]), [480, 300]);
  await t.shot("bookmarks");
  await t.panel("bookmarks").getByLabel("Delete fc1").click();
  await eventually(() => t.panel("bookmarks").locator("img").count(), 0);
});

test("node data: tables leave out what the file says, layers count texts", async (t) => {
  await t.openText("chain.mlir", `module {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "ttir.relu"(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("a/one")
    %1 = "ttir.relu"(%0) : (tensor<4xf32>) -> tensor<4xf32> loc("a/two")
    %2 = "ttir.relu"(%1) : (tensor<4xf32>) -> tensor<4xf32> loc("a/three")
    return %2 : tensor<4xf32>
  }
}
`);
  const results = (...values) => Object.fromEntries(values.map((value, i) => [`a/${["one", "two", "three"][i]}`, { value }]));
  await t.drop("seen.json", { name: "seen", results: results(1, 2, 6), hideAggregatedStats: ["min", "avg"], hideInChildrenStatsTable: true });
  await t.drop("unseen.json", { name: "unseen", results: results(1, 2, 3), hideInAggregatedStatsTable: true });
  await t.drop("kinds.json", { name: "kinds", results: results("host", "device", "host"), showExpandedSummaryOnGroupNode: true, showLabelCountColumnsInChildrenStatsTable: true });
  const panel = t.panel("nodedata");
  await eventually(async () => (await panel.locator("table.data tbody tr").allInnerTexts()).map((r) => r.replace(/\s+/g, " ")).sort(),
    ["kinds 3 – – – –", "seen 3 – 6 9 –"]);
  await panel.getByRole("tab", { name: "Children" }).or(panel.getByRole("button", { name: "Children" })).or(panel.getByText("Children", { exact: true })).first().click();
  await eventually(async () => (await panel.locator(".tr.head").innerText()).replace(/\s+/g, " ").trim(), "Node unseen % kinds %");
  await eventually(async () => /host 2, device 1/.test(await panel.getByRole("grid").innerText()), true, "texts are counted");
});
