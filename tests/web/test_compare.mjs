// Two panes: selections that go together, differences; pictures and JSON that leave the page.
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { equal, eventually, near, ok, ROOT, test } from "./harness.mjs";

const MNIST = "examples/mnist.mlir";

const LEFT = `module {
  func.func @main(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
    %0 = "ttir.add"(%x, %y) {tag = "one"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32> loc("net/add")
    %1 = "ttir.relu"(%0) : (tensor<4xf32>) -> tensor<4xf32> loc("net/relu")
    %2 = "ttir.exp"(%1) : (tensor<4xf32>) -> tensor<4xf32> loc("net/exp")
    return %2 : tensor<4xf32>
  }
}
`;
const RIGHT = LEFT.replace('"one"', '"two"').replaceAll("ttir.exp", "ttir.neg").replace("net/exp", "net/neg");
const ADD = "main/ttir.add@net/add", RELU = "main/ttir.relu@net/relu", EXP = "main/ttir.exp@net/exp", NEG = "main/ttir.neg@net/neg";

async function openTwo(t) {
  await t.openTexts([["left.mlir", LEFT], ["right.mlir", RIGHT]]);
  for (const pane of [0, 1]) await t.command("graph.expandAll", pane);
}

test("differences: coloured in both panes, listed with their attributes", async (t) => {
  await openTwo(t);
  await t.command("diff.toggle");
  const compare = t.panel("compare");
  await compare.getByText("2 changed").waitFor();
  await compare.getByText("1 only left").waitFor();
  await compare.getByText("1 only right").waitFor();
  await t.ready();
  equal([await t.style("border", ADD, 0), await t.style("border", ADD, 1)], ["#d9902fff", "#d9902fff"]);
  equal([await t.style("border", EXP, 0), await t.style("border", NEG, 1)], ["#d64545ff", "#2e9e5bff"]);
  equal([await t.style("border", RELU, 0), await t.style("border", RELU, 1)], ["", ""]);
  await t.shot("diff");
  await compare.locator(".list-row").first().click();
  await eventually(async () => [(await t.graph(0)).selection, (await t.graph(1)).selection], [[ADD], [ADD]]);
  equal(await compare.locator(".diff-details tbody tr").first().locator("td").allTextContents(), ["tag", '"one"', '"two"']);
  await t.shot("diff_selected");
  await compare.getByRole("button", { name: /2 changed/ }).click();
  await eventually(() => compare.locator(".list-row").count(), 2);
  await t.command("diff.toggle");
  await eventually(() => t.style("border", ADD), "");
});

test("selections go together: by ids, by content, by a mapping file", async (t) => {
  await openTwo(t);
  await t.command("panel.compare");
  const compare = t.panel("compare");
  const selected = (pane) => t.graph(pane).then((g) => g.selection);
  await t.clickNode(RELU);
  equal(await selected(1), []);
  await compare.getByRole("radio", { name: "Ids" }).click();
  await eventually(() => selected(1), [RELU]);
  await t.clickNode(EXP);
  await eventually(() => selected(1), []);
  await t.drop("map.json", {
    type: "sync_navigation", mappingEntries: [{ leftNodeIds: [EXP, ADD], rightNodeIds: ["net/neg"] }], disableMappingFallback: true,
    showDiffHighlights: true,
  });
  await compare.getByText("map.json").first().waitFor();
  await t.clickNode(ADD);
  await eventually(() => selected(1), [NEG]);
  await t.clickNode(RELU, { pane: 1 });
  await eventually(() => selected(0), []);
  await t.clickNode(NEG, { pane: 1 });
  await eventually(async () => (await selected(0)).sort(), [ADD, EXP].sort());
  await eventually(async () => (await t.mark("sync", 0))?.highlights.map((h) => h.color), ["#ff00be", "#ff0000"]);
  ok((await t.mark("sync", 0)).highlights[1].nodes.includes(RELU), "without a partner: outlined");
  await t.shot("sync_mapping");
  await compare.getByRole("radio", { name: "Content" }).click();
  await t.clickNode(RELU);
  await eventually(() => selected(1), [RELU]);
  await compare.getByRole("radio", { name: "Off" }).click();
  await t.clickNode(ADD);
  equal(await selected(1), [RELU]);
});

test("selections go together: what an op came from and became in a compile run", async (t) => {
  const model = (await t.server.api("POST", "/models", { path: join(ROOT, MNIST) })).id;
  const run = await t.server.api("POST", `/models/${model}/runs`, { device: "n150" });
  ok(run.stages, "the run was made at once");
  const last = run.stages.length - 1;
  await t.openModel(MNIST);
  await t.page.evaluate(([ref]) => globalThis.ttxTest.open(ref, "right"), [{ model, run: run.id, stage: last, part: 0, layers: "auto" }]);
  await t.ready();
  await t.command("panel.compare");
  await t.panel("compare").getByRole("radio", { name: "Stages" }).click();
  for (const pane of [0, 1]) await t.command("graph.expandAll", pane);
  const softmax = (g) => g.boxes.find((b) => b.label.endsWith(".softmax"))?.id;
  const left = softmax(await t.graph(0)), right = softmax(await t.graph(1));
  ok(left && right?.includes("ttnn"), `softmax in both stages: ${left}, ${right}`);
  await t.clickNode(left);
  await eventually(async () => (await t.graph(1)).selection.includes(right), true);
  await t.shot("sync_stages");
});

// Width, height and rows of a PNG of 8 bits per channel, without interlacing.
function readPng(bytes) {
  equal(bytes.subarray(1, 4).toString(), "PNG");
  const width = bytes.readUInt32BE(16), height = bytes.readUInt32BE(20), channels = { 2: 3, 6: 4 }[bytes[25]];
  const parts = [];
  for (let at = 8; at < bytes.length;) {
    const n = bytes.readUInt32BE(at), type = bytes.toString("latin1", at + 4, at + 8);
    if (type === "IDAT") parts.push(bytes.subarray(at + 8, at + 8 + n));
    at += n + 12;
  }
  const data = inflateSync(Buffer.concat(parts));
  equal(data.length, height * (width * channels + 1));
  return { width, height, channels };
}

test("pictures: PNG of the whole graph, SVG with its names", async (t) => {
  await t.openModel(MNIST);
  await t.command("graph.expandAll");
  await t.command("image.save");
  const dialog = t.page.getByRole("dialog");
  await t.shot("image_dialog");
  const told = (await dialog.getByRole("status").textContent()).match(/([\d,]+) × ([\d,]+)/).slice(1).map((n) => Number(n.replace(",", "")));
  const png = await t.download(() => dialog.getByRole("button", { name: "Save" }).click());
  equal(png.name, "mnist.png");
  const picture = readPng(png.bytes);
  near(picture.width, told[0], 2);
  near(picture.height, told[1], 2);
  await t.command("image.save");
  await dialog.getByLabel("SVG").click();
  const svg = await t.download(() => dialog.getByRole("button", { name: "Save" }).click());
  const text = svg.bytes.toString();
  ok(text.includes("<svg") && text.includes("fc1") && text.includes("softmax"), "names are text in it");
});

test("JSON: the graph, and a layer of it", async (t) => {
  await t.openModel(MNIST);
  const whole = JSON.parse((await t.download(() => t.command("json.save"))).bytes);
  equal(whole.graphs.length, 1);
  await t.clickNode("layer:fc1");
  const layer = await t.download(() => t.command("json.saveLayer"));
  equal(layer.name, "fc1.json");
  const nodes = JSON.parse(layer.bytes).graphs[0].nodes;
  equal(nodes.map((n) => n.label).sort(), ["ttir.add", "ttir.matmul", "ttir.relu"]);
  ok(whole.graphs[0].nodes.length > nodes.length, "less than the whole");
});
