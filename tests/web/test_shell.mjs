// The page around the graph: start page, panes, selection, keyboard, undo, links, themes, help.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { equal, eventually, ok, ROOT, Server, test } from "./harness.mjs";

const MNIST = "examples/mnist.mlir";
const text = (t, selector) => t.page.locator(selector).first().innerText();

test("start page: opens a path with completion", async (t) => {
  await t.open();
  await t.page.goto(t.server.url);
  writeFileSync(join(t.server.files, "completed.mlir"), "module {\n  func.func @f(%a: tensor<2xf32>) -> tensor<2xf32> {\n    return %a : tensor<2xf32>\n  }\n}\n");
  const field = t.page.getByRole("combobox", { name: "Path of a model" });
  await field.fill(join(t.server.files, "compl"));
  await t.page.getByRole("option", { name: /completed\.mlir \d+ B/ }).waitFor();
  await field.press("ArrowDown");
  await field.press("Enter");
  await t.page.locator(".graph-pane").waitFor();
  await t.ready();
  equal((await t.graph()).problem, null);
  ok((await text(t, ".graph-selector")).includes("completed.mlir"), "the tab names the model");
  await t.page.getByRole("button", { name: "Start page" }).click();
  ok((await text(t, "[aria-label='Recent models']")).includes("completed.mlir"), "it is among the recent models");
});

test("start page: a file with errors says where and how to go on", async (t) => {
  await t.open();
  await t.page.goto(t.server.url);
  const field = t.page.getByRole("combobox", { name: "Path of a model" });
  await field.fill("/no/such/model.mlir");
  await t.page.getByRole("button", { name: "Open", exact: true }).click();
  const row = t.page.locator(".load.failed");
  await row.waitFor();
  ok(/--root/.test(await row.innerText()), "the cure is named");
  t.forgive(/403|404/);
  await row.getByRole("button", { name: "Dismiss" }).click();
  await eventually(() => t.page.locator(".load").count(), 0);
});

test("start page: pasted text is read, its errors marked", async (t) => {
  await t.open();
  await t.page.goto(t.server.url);
  await t.page.getByRole("button", { name: /Paste MLIR/ }).click();
  const editor = t.page.locator(".paste-editor .cm-content");
  await editor.click();
  await t.page.keyboard.insertText("func.func @broken() {\n  %0 = \"ttir.add\"(%nothing) : (f32) -> f32\n}\n");
  await t.page.getByRole("dialog").getByRole("button", { name: "Open" }).click();
  await t.page.locator(".paste .error-text").waitFor();
  ok(/line 2/.test(await text(t, ".paste .error-text")), "the line is named");
  await eventually(() => t.page.locator(".paste .cm-marked-error").count(), 1);
  t.forgive(/422/);
  await editor.click();
  await t.page.keyboard.press("Control+a");
  await t.page.keyboard.insertText("module @pasted {\n  func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> {\n    %0 = \"ttir.relu\"(%a) : (tensor<4xf32>) -> tensor<4xf32>\n    return %0 : tensor<4xf32>\n  }\n}\n");
  await t.page.getByRole("dialog").getByRole("button", { name: "Open" }).click();
  await t.page.locator(".graph-pane").waitFor();
  await t.ready();
  ok((await text(t, ".graph-selector")).includes("pasted.mlir"), "named after its module");
});

test("start page: dropped files are uploaded", async (t) => {
  await t.open();
  await t.page.goto(t.server.url);
  await t.page.locator(".start").waitFor();
  await t.page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["module {\n}\n"], "dropped.mlir"));
    dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await t.page.locator(".graph-pane").waitFor();
  await t.ready();
  ok((await text(t, ".graph-selector")).includes("dropped.mlir"));
});

test("pane: click selects, the inspector tells all, Escape deselects", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("forward/ttir.softmax@softmax");
  equal((await t.graph()).selection, ["forward/ttir.softmax@softmax"]);
  await t.page.locator(".inspector .node-name", { hasText: "ttir.softmax" }).waitFor();
  const inspector = await text(t, ".inspector");
  for (const part of ["softmax", "dimension", "1", "Inputs", "ttir.add", "Outputs", "func.return"]) ok(inspector.includes(part), `${part} is there`);
  ok(/\bsoftmax\b/i.test(await text(t, ".op-help")), "the op is explained");
  await t.page.keyboard.press("Escape");
  equal((await t.graph()).selection, []);
  await t.page.locator(".inspector .node-name", { hasText: "mnist" }).waitFor();
});

test("pane: what is opened again under another name has that name everywhere", async (t) => {
  const number = t.server.next++;
  for (const name of ["first", "second"]) {
    const path = join(t.server.files, `${name}-${number}.mlir`);
    writeFileSync(path, `module {\n}\n// named ${number}\n`);
    await t.openModel(path);
    ok((await text(t, ".graph-selector")).includes(name));
    ok((await text(t, ".inspector .node-name")).includes(name), "in the inspector");
  }
});

test("pane: inspector rows are filtered and switched onto the nodes", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("forward/ttir.softmax@softmax");
  await t.page.getByRole("searchbox", { name: "Filter attributes" }).fill("dim");
  await eventually(() => t.page.getByRole("table", { name: "Attributes" }).getByRole("row").count(), 1);
  const before = await t.box("forward/ttir.softmax@softmax");
  const row = t.page.getByRole("table", { name: "Attributes" }).getByRole("row").first();
  await row.hover();
  await row.getByRole("button", { name: "Show dimension on nodes" }).click();
  const size = (box, { camera }) => [box.w, box.h].map((v) => v / camera.zoom), was = size(before, await t.graph());
  await eventually(async () => {
    const now = size(await t.box("forward/ttir.softmax@softmax"), await t.graph());
    return now[0] > was[0] + 1 || now[1] > was[1] + 1;
  }, true, "the node has grown a line");
});

test("pane: an input of the inspector locates and selects", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("forward/ttir.softmax@softmax");
  await t.page.locator(".port-nodes").getByRole("button", { name: "Select ttir.add" }).click();
  await t.selects(["forward/ttir.add@fc3/add"]);
  ok((await t.graph()).expanded.includes("layer:fc3"), "what hid it is open");
});

test("pane: arrow keys follow the edges", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("forward/ttir.softmax@softmax");
  await t.page.keyboard.press("ArrowDown");
  await t.selects(["forward/func.return@output"]);
  await t.page.keyboard.press("ArrowUp");
  await t.selects(["forward/ttir.softmax@softmax"]);
});

test("pane: layers open and close, and undo goes back", async (t) => {
  await t.openModel(MNIST);
  const before = (await t.graph()).expanded;
  await t.command("graph.expandAll");
  const all = await t.graph();
  ok(all.expanded.includes("layer:fc1") && all.expanded.includes("layer:fc3"));
  await t.page.keyboard.press("Control+z");
  await eventually(async () => (await t.graph()).expanded, before);
  await t.ready();
  await t.page.keyboard.press("Control+Shift+z");
  await eventually(async () => (await t.graph()).expanded, all.expanded);
});

test("pane: a double click on a layer can be undone", async (t) => {
  await t.openModel(MNIST);
  await t.page.waitForTimeout(200); // what undo goes back to is a view that has not moved for a moment
  const box = await t.box("layer:fc2");
  await t.page.mouse.dblclick(box.x + box.w / 2, box.y + box.h / 2);
  await t.until((g) => g.expanded.includes("layer:fc2"), "open");
  await t.page.keyboard.press("Control+z");
  await t.until((g) => !g.expanded.includes("layer:fc2"), "closed again");
});

test("pane: a layer as a graph of its own, and back by its crumbs", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("layer:fc1");
  await t.command("graph.enter");
  const inside = await t.graph();
  ok(inside.boxes.length && inside.boxes.every((b) => b.id.includes("fc1")), "only what is in fc1");
  await t.page.locator(".crumbs button").first().click();
  await t.until((g) => g.boxes.some((b) => b.id === "forward/ttir.softmax@softmax"), "the whole is back");
});

test("pane: a layer in a popup that moves and closes", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("layer:fc1");
  await t.page.keyboard.press("Shift+Enter");
  const window = t.page.locator(".window");
  await window.waitFor();
  // It may still be given the size of what is in it.
  let before = null;
  await eventually(async () => {
    const last = before;
    before = await window.boundingBox();
    await t.page.waitForTimeout(100);
    return JSON.stringify(last) === JSON.stringify(before);
  }, true, "the window is still");
  await t.page.mouse.move(before.x + 120, before.y + 15);
  await t.page.mouse.down();
  await t.page.mouse.move(before.x + 40, before.y + 75, { steps: 4 });
  await t.page.mouse.up();
  const after = await window.boundingBox();
  equal([Math.round(after.x - before.x), Math.round(after.y - before.y)], [-80, 60]);
  await t.shot("popup");
  await window.getByRole("button", { name: "Close" }).click();
  await eventually(() => t.page.locator(".window").count(), 0);
});

test("panes: split, each with its own selection, the active one closes", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("Control+\\");
  await eventually(() => t.page.locator(".graph-pane").count(), 2);
  await t.ready();
  await t.clickNode("forward/ttir.softmax@softmax", { pane: 1 });
  equal((await t.graph(1)).selection, ["forward/ttir.softmax@softmax"]);
  equal((await t.graph(0)).selection, []);
  await t.shot("split");
  await t.page.keyboard.press("Alt+w");
  await eventually(() => t.page.locator(".graph-pane").count(), 1);
});

test("links: a view comes back from its address", async (t) => {
  await t.openModel(MNIST);
  await t.command("graph.expandAll");
  await t.clickNode("forward/ttir.matmul@fc2/matmul");
  // The address follows a moment after the view.
  for (let last = ""; last !== t.page.url() || !last.includes("#"); await t.page.waitForTimeout(450)) last = t.page.url();
  const before = await t.graph(), address = t.page.url();
  ok(address.includes("#"), "the view stands in the address");
  await t.page.goto("about:blank");
  await t.page.goto(address);
  await t.ready();
  const after = await t.graph();
  equal(after.expanded, before.expanded);
  equal(after.selection, before.selection);
  equal([after.camera.x, after.camera.y, after.camera.zoom].map((v) => Math.round(v * 10)), [before.camera.x, before.camera.y, before.camera.zoom].map((v) => Math.round(v * 10)));
});

test("palette: finds commands and nodes", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("Control+k");
  await t.keyboardIn('[aria-label="Commands"]');
  await t.page.keyboard.type("expand all");
  await t.page.keyboard.press("Enter");
  await t.until((g) => g.expanded.includes("layer:fc2"), "all is open");
  await t.page.keyboard.press("Control+k");
  await t.keyboardIn('[aria-label="Commands"]');
  await t.page.keyboard.type("softmax");
  await t.page.keyboard.press("Enter");
  await t.selects(["forward/ttir.softmax@softmax"]);
});

test("help: lists every shortcut there is, and none is taken twice", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("?");
  await t.page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  const shown = await t.page.locator(".help dl").allInnerTexts();
  ok(/Expand all layers/.test(shown.join("\n")) && /Search the graph/.test(shown.join("\n")));
  const keys = await t.page.locator(".help kbd").allInnerTexts();
  const twice = keys.filter((k, i) => keys.indexOf(k) !== i);
  equal(twice, []);
  await t.page.keyboard.press("Escape");
  await eventually(() => t.page.locator(".dialog").count(), 0);
});

test("themes: light, dark and back, kept over a reload", async (t) => {
  await t.openModel(MNIST, { dark: true });
  const theme = () => t.page.evaluate(() => document.documentElement.dataset.theme);
  equal(await theme(), "dark");
  await t.shot("dark");
  await t.page.keyboard.press("Alt+t");
  equal(await theme(), "light");
  await t.page.reload();
  await t.ready();
  equal(await theme(), "light");
});

test("settings: housekeeping ops are hidden and shown", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("Control+,");
  const dialog = t.page.getByRole("dialog", { name: "Settings" });
  await dialog.getByLabel(/Hide ops with these labels/).fill("ttir.softmax");
  await dialog.getByLabel(/Hide ops with these labels/).press("Tab");
  await t.page.keyboard.press("Escape");
  await eventually(() => t.box("forward/ttir.softmax@softmax"), null, "it is hidden");
});

test("embedded: no bars, only the graph", async (t) => {
  await t.openModel(MNIST, { query: "embed=1" });
  await eventually(() => t.page.locator(".top, .toolbar").count(), 0);
  ok((await t.graph()).boxes.length > 3);
});

test("inspector: the highlight of one input is switched off", async (t) => {
  await t.openModel(MNIST);
  await t.clickNode("forward/ttir.softmax@softmax");
  const eye = t.page.getByRole("button", { name: "Highlight input" });
  await eye.click();
  equal(await eye.getAttribute("aria-pressed"), "false");
  await eye.click({ modifiers: ["Alt"] });
  equal(await eye.getAttribute("aria-pressed"), "true");
  equal(await t.page.getByRole("button", { name: "Highlight result" }).getAttribute("aria-pressed"), "false");
  await t.page.keyboard.press("Escape");
  await t.clickNode("forward/ttir.softmax@softmax");
  equal(await t.page.getByRole("button", { name: "Highlight result" }).getAttribute("aria-pressed"), "true");
});

test("server: a changed file comes again with its view; a server that stops is told and waited for", async (t) => {
  const own = new Server();
  try {
    await own.start([], ["--watch"]);
    const file = join(own.files, "watched.mlir");
    writeFileSync(file, readFileSync(join(ROOT, MNIST)));
    const model = await own.api("POST", "/models", { path: file });
    await t.open();
    await t.page.goto(`${own.url}/?model=${model.id}`);
    await t.ready();
    await t.command("graph.expandAll");
    const before = (await t.graph()).expanded;
    writeFileSync(file, readFileSync(file, "utf8").replace('"ttir.relu"(%2)', '"ttir.sigmoid"(%2)'));
    await t.page.waitForFunction(async () => (await globalThis.ttxTest.graph())?.boxes.some((b) => b.label === "ttir.sigmoid"), null, { timeout: 12000 });
    await t.ready();
    equal((await t.graph()).expanded, before);
    const port = new URL(own.url).port;
    const ended = new Promise((done) => own.process.once("exit", done));
    own.process.kill("SIGTERM");
    await ended;
    await t.page.locator(".banner").waitFor({ timeout: 8000 });
    await own.start([], ["-p", port]);
    await t.page.locator(".banner").waitFor({ state: "detached", timeout: 12000 });
  } finally {
    await t.page.goto("about:blank");
    await own.stop();
    t.forgive(/ERR_|Failed to load/);
  }
});
