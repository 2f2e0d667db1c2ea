// The panels beside the graph: search, outline, op table, text.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { equal, eventually, ok, test } from "./harness.mjs";

const MNIST = "examples/mnist.mlir";

test("search: words are ANDed, results stand by layer, matches are walked", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("Control+f");
  await t.keyboardIn('[aria-label="Search the graph"]');
  await t.page.keyboard.type("ttir add");
  await t.page.getByRole("tree", { name: "Results" }).waitFor();
  await t.ready();
  for (const place of ["Attributes", "Inputs", "Outputs"]) await t.page.getByRole("button", { name: place, exact: true }).click();
  const rows = t.page.getByRole("tree", { name: "Results" }).getByRole("treeitem");
  await eventually(async () => (await rows.allInnerTexts()).map((r) => r.split("\n")[0]), ["fc1", "ttir.add", "fc2", "ttir.add", "fc3", "ttir.add"]);
  await t.ready();
  await t.page.keyboard.press("Escape"); // the field is not focused any more: nothing is cleared
  for (const layer of ["fc1", "fc2", "fc3", "fc1"]) {
    await t.page.keyboard.press("F3");
    await t.selects([`forward/ttir.add@${layer}/add`]);
  }
  ok((await t.page.locator(".search .count").innerText()).startsWith("1 of 3"));
  await t.shot("search");
});

test("search: a word finds the ops of that name, not what reads them; the page's keys work in the field", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("Control+f");
  await t.keyboardIn('[aria-label="Search the graph"]');
  const count = t.page.locator(".search .count");
  await t.page.keyboard.type("ttir.matmul");
  await eventually(() => count.innerText(), "3 matches");
  await t.page.getByRole("button", { name: "Labels", exact: true }).click();
  await eventually(async () => (await t.panel("search").getByRole("treeitem").allInnerTexts()).some((r) => r.includes("ttir.add")), true, "what reads them");
  await t.page.getByRole("textbox", { name: "Search the graph" }).press("Control+Enter");
  await t.panel("execute").locator(".extremes").waitFor();
});

test("search: weights are a target, and are listed without words", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("Control+f");
  await t.keyboardIn('[aria-label="Search the graph"]');
  const count = t.page.locator(".search .count");
  for (const place of ["Labels", "Attributes", "Inputs", "Outputs"]) await t.page.getByRole("button", { name: place, exact: true }).click();
  await eventually(() => count.innerText(), "6 matches"); // three layers with a weight and a bias
  await t.page.getByRole("textbox", { name: "Search the graph" }).fill("784");
  await eventually(() => count.innerText(), "1 match");
  const row = t.page.getByRole("tree", { name: "Results" }).getByRole("treeitem").filter({ hasText: "%arg1" });
  equal(await row.getByTitle("Is a weight or another constant").count(), 1);
  await row.getByText("fc1.weight").waitFor();
  await t.shot("search_weights");
  await t.page.keyboard.press("Enter");
  await t.selects(["forward/arg1"]);
  await t.page.getByRole("textbox", { name: "Search the graph" }).fill("matmul");
  await eventually(() => count.innerText(), "Nothing matches.");
});

test("inspector: the documentation of an op is that of its table", async (t) => {
  await t.openModel(MNIST);
  await t.command("graph.expandAll");
  await t.clickNode("forward/ttir.matmul@fc1/matmul");
  await t.page.getByRole("button", { name: "Documentation" }).click();
  const doc = t.panel("inspector").locator(".doc");
  await doc.waitFor();
  equal(await doc.locator(".doc-head").allInnerTexts(), ["Operands", "Attributes", "Results"]);
  equal(await doc.locator("dt .mono").allInnerTexts(), ["a", "b", "transpose_a", "transpose_b", "result"]);
  ok((await doc.innerText()).includes("matrix product"), "what it does");
  ok(/optional[^]*by default false/.test(await doc.innerText()), "defaults");
  await t.shot("documentation");
});

test("inspector: a share of memory is a bar", async (t) => {
  const attrs = [{ key: "l1", value: "0.375", display_type: "memory" }, { key: "plain", value: "0.375" }];
  const path = join(t.server.files, "meters.json");
  writeFileSync(path, JSON.stringify({ graphs: [{ id: "g", nodes: [{ id: "a", label: "op", namespace: "", attrs }] }] }));
  await t.openModel(path);
  await t.clickNode("a");
  const meter = t.panel("inspector").getByRole("meter");
  await eventually(() => meter.count(), 1);
  equal(await meter.getAttribute("aria-valuenow"), "38");
  ok((await meter.innerText()).includes("37.5 %"));
});

test("search: key:value, quotes, exclusion and bad patterns", async (t) => {
  await t.openModel(MNIST);
  // Each after one with another answer.
  const finds = async (query, expected) => {
    await t.page.keyboard.press("Control+f");
    await t.page.getByRole("textbox", { name: "Search the graph" }).fill(query);
    await eventually(async () => expected.test(await t.page.locator(".search .count").innerText()), true, query);
  };
  await finds("numericStable:true", /^1 match/);
  await finds("matmul", /^3 matches/);
  await finds("numericStable=true", /^1 match/);
  await finds("\"ttir.add\"", /^3 matches/);
  await finds("(", /[Pp]attern|parenthes|expression|bracket/);
  await finds("\"ttir.add\" -fc1", /^2 matches/); // the adds of fc2 and fc3
  t.forgive(/400|422/);
  await t.page.keyboard.press("Escape");
  await eventually(() => t.page.getByRole("tree", { name: "Results" }).count(), 0);
});

test("outline: follows the graph, and leads it", async (t) => {
  await t.openModel(MNIST);
  const tree = t.page.getByRole("tree", { name: "Outline of the model" });
  await tree.getByText("fc2", { exact: true }).click();
  await t.selects(["layer:fc2"]);
  await t.command("graph.expandAll");
  await t.clickNode("forward/ttir.matmul@fc3/matmul");
  await eventually(() => tree.locator("[aria-selected=true]").evaluateAll((all) => all.map((e) => e.title)), ["forward/ttir.matmul@fc3/matmul"]);
  await t.page.getByRole("textbox", { name: "Filter the outline" }).fill("relu");
  await eventually(() => tree.getByRole("treeitem").count(), 4);
});

test("op table: sorts, filters, groups and sums", async (t) => {
  await t.openModel(MNIST);
  await t.command("panel.ops");
  const grid = t.page.getByRole("grid", { name: "Ops" });
  await grid.waitFor();
  await grid.getByRole("columnheader", { name: "Bytes", exact: true }).click();
  await eventually(async () => (await grid.getByRole("row").nth(1).innerText()).includes("784"), true, "the largest tensor is first");
  await t.page.getByRole("textbox", { name: "Filter the table" }).fill("^ttir.add$");
  await t.page.locator(".table-foot").getByText("3 of 11 ops").waitFor();
  const foot = await t.page.locator(".table-foot").innerText();
  ok(foot.replace(/\s/g, "").includes("Elements394"), `256 + 128 + 10 elements: ${foot}`);
  await grid.getByRole("row").nth(1).click();
  await t.selects(["forward/ttir.add@fc1/add"]);
  await t.page.getByRole("textbox", { name: "Filter the table" }).fill("");
  await t.page.getByRole("combobox", { name: "Groups" }).selectOption("op");
  await eventually(() => grid.getByRole("row", { expanded: false }).count(), 6);
  await t.shot("ops");
});

test("op table: complex numbers are pairs", async (t) => {
  const c = "tensor<3x5xcomplex<f64>>";
  await t.openText("pairs.mlir", `func.func @main(%a: ${c}) -> ${c} {\n  %0 = "stablehlo.negate"(%a) : (${c}) -> ${c}\n  return %0 : ${c}\n}\n`);
  await t.command("panel.ops");
  await t.page.getByRole("grid", { name: "Ops" }).waitFor();
  // 15 pairs of 8 bytes each, which negate gives; it and return take as many
  await eventually(async () => (await t.page.locator(".table-foot").innerText()).replace(/\s/g, ""), "2opsElements15Bytes240Bytesin480Selectthese");
});

test("text: the selected op is marked, a click in the text selects", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("forward/ttir.softmax@softmax");
  await t.page.keyboard.press("t");
  const marked = t.page.locator(".cm-marked-selected");
  await marked.waitFor();
  ok((await marked.innerText()).includes("ttir.softmax"));
  await t.page.locator(".panel.text .cm-line", { hasText: "%3 = \"ttir.relu\"" }).click();
  await t.selects(["forward/ttir.relu@fc1/relu"]);
  await eventually(async () => (await marked.innerText()).includes("%3 ="), true, "its line is marked");
  await t.shot("text");
});

test("compile: stages are listed, shown in the graph, and stepped through", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("c");
  await t.page.locator(".compile").getByRole("button", { name: "Compile" }).click();
  const stages = t.page.getByRole("listbox", { name: "Stages" });
  await stages.getByText("convert-ttir-to-ttnn").waitFor();
  await t.until((g) => g.boxes.some((b) => b.label === "ttnn.softmax"), "the last stage is shown");
  await stages.getByText("ttcore-mark-functions-as-forward").click();
  await t.until((g) => g.boxes.some((b) => b.label === "ttir.softmax"), "an early stage is shown");
  await t.page.keyboard.press("Escape");
  await t.page.locator(".canvas").click({ position: { x: 5, y: 5 } });
  await t.page.keyboard.press("Alt+ArrowRight");
  await t.page.locator(".graph-selector", { hasText: "ttcore-wrap-device-module" }).waitFor();
  await t.ready();
  await t.shot("compile");
});

test("source: the place of an op in the user's file", async (t) => {
  writeFileSync(join(t.server.files, "model.py"), "def forward(x):\n    y = relu(x)\n    return y\n");
  const file = join(t.server.files, "located.mlir");
  writeFileSync(file, `module {\n  func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {\n    %0 = "ttir.relu"(%a) : (tensor<4xf32>) -> tensor<4xf32> loc("${join(t.server.files, "model.py")}":2:9)\n    return %0 : tensor<4xf32>\n  }\n}\n`);
  await t.openModel(file, { query: "layers=function" });
  await t.command("graph.expandAll");
  const relu = (await t.graph()).boxes.find((b) => b.label === "ttir.relu");
  await t.clickNode(relu.id);
  await t.command("panel.source");
  const marked = t.page.locator(".cm-marked-selected");
  await marked.waitFor();
  equal((await marked.innerText()).trim(), "y = relu(x)");
});

test("inspector: the numbers of a constant, and its file", async (t) => {
  await t.openText("constant.mlir", `module {
  func.func @main() -> tensor<4xf32> {
    %0 = "ttir.constant"() <{value = dense<[1.0, 0.0, -3.0, 0.0]> : tensor<4xf32>}> : () -> tensor<4xf32> loc("c")
    return %0 : tensor<4xf32>
  }
}
`);
  await t.clickNode((await t.graph()).boxes.find((b) => b.label === "ttir.constant").id);
  const facts = t.panel("inspector").locator(".constant-facts");
  await facts.getByText("4 elements, -3 to 1").waitFor();
  ok((await facts.innerText()).includes("50 % zero"), await facts.innerText());
  const file = await t.download(() => facts.getByRole("button", { name: ".npy" }).click());
  equal([file.name, file.bytes.subarray(1, 6).toString(), [...new Float32Array(file.bytes.buffer.slice(file.bytes.byteOffset + file.bytes.length - 16, file.bytes.byteOffset + file.bytes.length))]],
    ["ttir_constant.npy", "NUMPY", [1, 0, -3, 0]]);
});
