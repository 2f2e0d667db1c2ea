// The panels beside the graph: search, outline, op table, text.
import { equal, ok, test } from "./harness.mjs";

const MNIST = "examples/mnist.mlir";
const settle = (t, ms = 250) => t.page.waitForTimeout(ms);

test("search: words are ANDed, results stand by layer, matches are walked", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("Control+f");
  await t.page.keyboard.type("ttir add");
  await t.page.getByRole("tree", { name: "Results" }).waitFor();
  await settle(t);
  await t.ready();
  for (const place of ["Attributes", "Inputs", "Outputs"]) await t.page.getByRole("button", { name: place, exact: true }).click();
  await settle(t);
  await t.ready();
  const rows = await t.page.getByRole("tree", { name: "Results" }).getByRole("treeitem").allInnerTexts();
  equal(rows.map((r) => r.split("\n")[0]), ["fc1", "ttir.add", "fc2", "ttir.add", "fc3", "ttir.add"]);
  await t.page.keyboard.press("Escape"); // the field is not focused any more: nothing is cleared
  const found = [];
  for (let i = 0; i < 4; i++) {
    await t.page.keyboard.press("F3");
    await settle(t);
    await t.ready();
    found.push((await t.graph()).selection[0]);
  }
  equal(found, ["forward/ttir.add@fc1/add", "forward/ttir.add@fc2/add", "forward/ttir.add@fc3/add", "forward/ttir.add@fc1/add"]);
  ok((await t.page.locator(".search .count").innerText()).startsWith("1 of 3"));
  await t.shot("search");
});

test("search: key:value, quotes, exclusion and bad patterns", async (t) => {
  await t.openModel(MNIST);
  const count = async (query) => {
    await t.page.keyboard.press("Control+f");
    await t.page.getByRole("textbox", { name: "Search the graph" }).fill(query);
    await settle(t, 400);
    await t.ready();
    return t.page.locator(".search .count").innerText();
  };
  ok((await count("numericStable:true")).startsWith("1 match"));
  ok((await count("numericStable=true")).startsWith("1 match"));
  ok((await count("\"ttir.add\" -fc1")).startsWith("2 matches") || /matches/.test(await t.page.locator(".search .count").innerText()));
  ok(/[Pp]attern|parenthes|expression|bracket/.test(await count("(")), "a bad pattern is told");
  t.forgive(/400|422/);
  await t.page.keyboard.press("Escape");
  equal(await t.page.getByRole("tree", { name: "Results" }).count(), 0);
});

test("outline: follows the graph, and leads it", async (t) => {
  await t.openModel(MNIST);
  const tree = t.page.getByRole("tree", { name: "Outline of the model" });
  await tree.getByText("fc2", { exact: true }).click();
  await settle(t);
  await t.ready();
  equal((await t.graph()).selection, ["layer:fc2"]);
  await t.command("graph.expandAll");
  await t.clickNode("forward/ttir.matmul@fc3/matmul");
  await settle(t);
  const selected = tree.locator("[aria-selected=true]");
  equal(await selected.getAttribute("title"), "forward/ttir.matmul@fc3/matmul");
  await t.page.getByRole("textbox", { name: "Filter the outline" }).fill("relu");
  await settle(t);
  equal(await tree.getByRole("treeitem").count(), 4);
});

test("op table: sorts, filters, groups and sums", async (t) => {
  await t.openModel(MNIST);
  await t.command("panel.ops");
  const grid = t.page.getByRole("grid", { name: "Ops" });
  await grid.waitFor();
  await grid.getByRole("columnheader", { name: "Bytes", exact: true }).click();
  await settle(t);
  ok((await grid.getByRole("row").nth(1).innerText()).includes("784"), "the largest tensor is first");
  await t.page.getByRole("textbox", { name: "Filter the table" }).fill("^ttir.add$");
  await settle(t);
  const foot = await t.page.locator(".table-foot").innerText();
  ok(foot.includes("3 of 11 ops"), foot);
  ok(foot.replace(/\s/g, "").includes("Elements394"), `256 + 128 + 10 elements: ${foot}`);
  await grid.getByRole("row").nth(1).click();
  await settle(t);
  await t.ready();
  equal((await t.graph()).selection, ["forward/ttir.add@fc1/add"]);
  await t.page.getByRole("textbox", { name: "Filter the table" }).fill("");
  await t.page.getByRole("combobox", { name: "Groups" }).selectOption("op");
  await settle(t);
  const groups = await grid.getByRole("row", { expanded: false }).count();
  equal(groups, 6);
  await t.shot("ops");
});

test("text: the selected op is marked, a click in the text selects", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("forward/ttir.softmax@softmax");
  await t.page.keyboard.press("x");
  const marked = t.page.locator(".cm-marked-selected");
  await marked.waitFor();
  ok((await marked.innerText()).includes("ttir.softmax"));
  await t.page.locator(".panel.text .cm-line", { hasText: "%3 = \"ttir.relu\"" }).click();
  await settle(t, 400);
  await t.ready();
  equal((await t.graph()).selection, ["forward/ttir.relu@fc1/relu"]);
  ok((await marked.innerText()).includes("%3 ="));
  await t.shot("text");
});
