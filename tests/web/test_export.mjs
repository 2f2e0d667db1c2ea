// Pages that need no server: tt-explorer export, opened from disk.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { equal, eventually, ok, PROGRAM, ROOT, test } from "./harness.mjs";

// Makes the page of a file, or of several, and opens it from disk.
async function openExported(t, files, options = {}) {
  const page = join(t.server.folder, `page${t.server.next++}.html`);
  execFileSync(PROGRAM, ["export", ...[files].flat().map((file) => resolve(ROOT, file)), "-o", page]);
  if (!t.page) await t.open(options);
  t.page.on("request", (r) => ok(/^(file|blob|data):/.test(r.url()), `asks for ${r.url()}`));
  await t.page.goto(pathToFileURL(page).href);
  await t.ready();
}

test("export: the page opens from disk and shows the same graph as the server", async (t) => {
  await openExported(t, "examples/mnist.mlir");
  await t.command("graph.expandAll");
  const alone = await t.graph();
  await t.shot("export");
  await t.context.close();
  t.page = null;
  await t.openModel("examples/mnist.mlir");
  await t.command("graph.expandAll");
  const served = await t.graph();
  const layout = (g) => g.boxes.map((b) => [b.id, b.label, Math.round(b.w / g.camera.zoom), Math.round(b.h / g.camera.zoom)]).sort();
  equal(layout(alone), layout(served));
  equal(alone.nodes, served.nodes);
});

test("export: attributes, search, traces, node data and pictures without a server", async (t) => {
  await openExported(t, "examples/mnist.mlir");
  await t.command("graph.expandAll");
  const relu = (await t.graph()).boxes.find((b) => b.label === "ttir.relu").id;
  await t.clickNode(relu);
  const inspector = t.panel("inspector");
  await inspector.getByText("elementwise max(x,0)").waitFor();
  await inspector.getByText("dtype").first().waitFor();
  await t.command("trace.toggle");
  await eventually(async () => (await t.mark("trace"))?.keep.includes(relu), true);
  await t.command("trace.toggle");
  await t.command("search.open");
  await t.panel("search").getByLabel("Search the graph").fill("matmul");
  await t.panel("search").getByText("3 matches").waitFor();
  await t.drop("cost.json", { results: { [relu]: { value: 2 } }, thresholds: [{ value: 5, bgColor: "#00ff00" }] });
  await t.panel("nodedata").getByText("1 node").first().waitFor();
  await eventually(() => t.style("fill", relu), "#00ff00ff");
  await t.clickNode("layer:fc1");
  await inspector.getByText("1 layer").waitFor();
  await t.command("panel.text");
  await t.panel("text").getByText("func.func").first().waitFor();
  await t.shot("export_used");
  await t.command("image.save");
  const png = await t.download(() => t.page.getByRole("dialog").getByRole("button", { name: "Save" }).click());
  equal(png.bytes.subarray(1, 4).toString(), "PNG");
});

test("export: two models stand beside each other, and are compared without a server", async (t) => {
  const changed = join(t.server.folder, "changed.mlir");
  writeFileSync(changed, readFileSync(join(ROOT, "examples/mnist.mlir"), "utf8").replace('"ttir.softmax"(%8) <{dimension = 1 : si32, numericStable = true}>', '"ttir.exp"(%8)'));
  await openExported(t, ["examples/mnist.mlir", changed]);
  await eventually(() => t.page.locator(".graph-pane").count(), 2);
  await t.ready();
  await t.command("diff.toggle");
  const compare = t.panel("compare");
  await compare.getByText("1 changed").waitFor();
  await eventually(async () => [await t.style("border", "forward/ttir.softmax@softmax", 0), await t.style("border", "forward/ttir.exp@softmax", 1)],
    ["#d9902fff", "#d9902fff"]);
  await compare.locator(".list-row", { hasText: "ttir.softmax" }).click();
  await compare.locator(".diff-details tbody tr").getByText("numericStable").waitFor();
  await t.shot("export_two");
  // each pane has what is its own
  await t.command("diff.toggle");
  await t.clickNode("forward/ttir.exp@softmax", { pane: 1 });
  await t.drop("cost.json", { results: { "forward/ttir.exp@softmax": { value: 2 } }, thresholds: [{ value: 5, bgColor: "#00ff00" }] });
  await eventually(() => t.style("fill", "forward/ttir.exp@softmax", 1), "#00ff00ff");
});

test("export: what is no model makes no page", async (t) => {
  await t.open();
  const page = join(t.server.folder, "none.html");
  let code = 0;
  try {
    execFileSync(PROGRAM, ["export", join(ROOT, "README.md"), "-o", page], { stdio: "pipe" });
  } catch (e) {
    code = e.status;
    ok(String(e.stderr).includes("README.md"), "the message names the file");
  }
  equal(code, 1);
});

// What a page shows of a stage: labels with their places, the selection.
const stageOf = async (t) => {
  const g = await t.graph();
  return { nodes: g.nodes, selection: g.selection, labels: g.boxes.map((b) => b.label).sort() };
};
const stages = (t) => t.panel("compile").locator('div[role="option"]');
const show = async (t, pass) => {
  await stages(t).filter({ hasText: pass }).click();
  await t.ready();
};

// The last stage with the selected op, and that followed back to the source and to a stage between, in a page.
async function walk(t) {
  await t.command("graph.expandAll");
  const relu = (await t.graph()).boxes.find((b) => b.label === "ttir.relu").id;
  await t.clickNode(relu);
  const seen = {};
  for (const pass of ["ttir-to-ttnn", "ttnn-deallocate", "ttir-fusing", "input"]) {
    await show(t, pass);
    await eventually(async () => (await t.graph()).selection.length > 0, true, `something is selected after ${pass}`);
    await t.command("view.fit"); // boxes beside the view are not told
    seen[pass] = await stageOf(t);
  }
  return seen;
}

test("export: a page with the stages of a compilation and node data, as the server shows them", async (t) => {
  await t.openText("mnist.mlir", readFileSync(resolve(ROOT, "examples/mnist.mlir"), "utf8"));
  const model = t.models[0];
  await t.drop("times.json", { results: { "layer:fc1": { value: 7, bgColor: "#ff0000" } } });
  await eventually(() => t.style("fill", "layer:fc1"), "#ff0000ff");
  const run = await t.server.api("POST", `/models/${model}/runs`, { level: 1 });
  ok(run.ok, "it compiles");
  await t.command("panel.compile");
  await stages(t).first().waitFor();
  const served = await walk(t);
  await t.page.getByLabel("All commands").first().click();
  await t.page.keyboard.type("Save as a page");
  await t.page.keyboard.press("Enter");
  const dialog = t.page.getByRole("dialog", { name: "Save as a page" });
  await dialog.getByText("one run").waitFor();
  ok(await dialog.getByLabel("The stages of a compilation").isChecked(), "with the stages");
  const file = await t.download(() => dialog.getByRole("button", { name: "Save", exact: true }).click());
  ok(/mnist\.html$/.test(file.name), file.name);
  ok(/ttx-run-0-0-\d/.test(file.bytes) && /ttx-data-0-/.test(file.bytes), "the parts are in it");
  const path = join(t.server.folder, `page${t.server.next++}.html`);
  writeFileSync(path, file.bytes);
  await t.context.close();
  await t.open();
  t.page.on("request", (r) => ok(/^(file|blob|data):/.test(r.url()), `asks for ${r.url()}`));
  await t.page.goto(pathToFileURL(path).href);
  await t.ready();
  await stages(t).first().waitFor();
  equal(await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).count(), 0, "nothing can be compiled there");
  equal(await walk(t), served, "the same stages, the same selections");
  await t.command("nodedata.colours");
  await eventually(() => t.style("fill", "layer:fc1"), "#ff0000ff");
  await t.shot("export_stages");
}, { seconds: 60 });

test("export: stages beside each other are compared, the text of a stage is there", async (t) => {
  const page = join(t.server.folder, `page${t.server.next++}.html`), data = join(t.server.folder, `data${t.server.next++}.json`);
  writeFileSync(data, JSON.stringify({ results: { "main/ttir.relu@fc1/relu": { value: 3 } } }));
  execFileSync(PROGRAM, ["export", "--level", "0", resolve(ROOT, "examples/mnist.mlir"), "--data", data, "-o", page]);
  await t.open();
  await t.page.goto(pathToFileURL(page).href);
  await t.ready();
  const first = stages(t).filter({ hasText: "ttnn-deallocate" });
  await first.click({ modifiers: ["Alt"] });
  await eventually(() => t.page.locator(".graph-pane").count(), 2);
  await t.ready();
  await t.command("panel.compare");
  await t.panel("compare").getByRole("button", { name: /difference/i }).first().click();
  await t.panel("compare").getByText(/[1-9]\d* (changed|removed|added)/).first().waitFor();
  await t.page.keyboard.press("t");
  await t.page.locator(".cm-content").getByText("ttnn.deallocate").first().waitFor();
  await t.command("panel.search");
  await t.page.getByLabel("Search the graph").fill("ttnn.linear|ttnn.matmul");
  await t.panel("search").getByRole("treeitem").first().waitFor();
});

test("export: executions with timeline and memory, and the overrides of the compilation, are in the page", async (t) => {
  const [model] = await t.openText("mnist.mlir", readFileSync(resolve(ROOT, "examples/mnist.mlir"), "utf8"));
  const run = await t.server.api("POST", `/models/${model}/runs`, { level: 1, overrides: {
    "fc1/add": { named_location: "fc1/add", attributes: [{ key: "output_layout.data_type", value: "bf16" }] },
    nobody: { named_location: "nobody", attributes: [{ key: "output_layout.data_type", value: "f32" }] } } });
  const execute = async (settings) => {
    let job = await t.server.api("POST", `/models/${model}/executions`, settings);
    for (; job.state === "queued" || job.state === "running"; job = await t.server.api("GET", `/jobs/${job.id}`)) await new Promise((r) => setTimeout(r, 50));
    return job.result.execution;
  };
  await execute({ golden: true, repeat: 2 });
  const last = await execute({ golden: true, repeat: 2, keep: true, run: run.id, stage: run.stages.length - 1 });
  const told = await t.server.api("GET", `/executions/${last}`);
  const served = await fetch(`${t.server.url}/api/ttx/v1/models/${model}/export?run=${run.id}&data=true`);
  const path = join(t.server.folder, `page${t.server.next++}.html`);
  writeFileSync(path, Buffer.from(await served.arrayBuffer()));
  await t.context.close();
  await t.open();
  t.page.on("request", (r) => ok(/^(file|blob|data):/.test(r.url()), `asks for ${r.url()}`));
  await t.page.goto(pathToFileURL(path).href);
  await t.ready();
  await t.command("panel.execute");
  const panel = t.panel("execute");
  equal(await panel.getByRole("button", { name: "Execute", exact: true }).count(), 0, "nothing is executed there");
  await eventually(() => panel.getByLabel("Execution", { exact: true }).locator("option").count(), 2);
  await panel.getByLabel("Timeline of the execution").waitFor();
  const slowest = told.ops.reduce((a, b) => (b.us > a.us ? b : a));
  await panel.locator(".compile-note").getByText(`stage ${run.stages.length - 1} ${run.stages.at(-1).pass}, overrides`).first().waitFor();
  equal(await panel.locator(".extremes button").first().innerText(), slowest.op, "the slowest op of what was executed last");
  equal(await panel.getByText("Run again").count(), 0);
  const painted = () => panel.getByLabel("Timeline of the execution").evaluate((c) => {
    const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
    let n = 0;
    for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
    return n / (data.length / 4);
  });
  await eventually(async () => (await painted()) > 0.2, true, "the timeline is drawn");
  await stages(t).last().click();
  await t.ready();
  await panel.locator(".extremes button").first().click();
  await eventually(async () => (await t.graph()).selection, [slowest.id], "it leads to the op");
  await t.command("panel.overrides");
  equal(await t.panel("overrides").locator(".chip").allInnerTexts(), ["applied", "unmatched"]);
  equal(await t.panel("overrides").getByRole("button").allInnerTexts(), ["JSON"], "which cannot be changed");
  const json = await t.download(() => t.panel("overrides").getByRole("button", { name: "JSON" }).click());
  equal(Object.keys(JSON.parse(json.bytes)), ["fc1/add", "nobody"]);
  await t.shot("export_executed");
}, { seconds: 60 });
