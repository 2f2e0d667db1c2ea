// The compiler and the executor in the page: stages, overrides, executions; each by what the panels say and the panes show.
import { corpus, equal, eventually, ok, test } from "./harness.mjs";

const MNIST = "examples/mnist.mlir";
const LAST = "ttnn-deallocate";

// Rows of a panel's list: selects have options too.
const rowsOf = (t, panel) => t.panel(panel).locator('div[role="option"]');
const stages = (t) => rowsOf(t, "compile");

// The pass whose stage the active pane shows, by the list of stages.
const shown = (t) => t.panel("compile").locator(".option.active .option-text").allTextContents().then((all) => all.join());

// Waits until the stage of a pass is shown and drawn.
async function atStage(t, pass) {
  await eventually(() => shown(t), pass, "the stage that is shown");
  await t.ready();
}

// Opens the model and compiles it; the last stage is shown then.
async function compiled(t, model = MNIST) {
  await t.openModel(model);
  await t.page.keyboard.press("c");
  await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).click();
  await stages(t).first().waitFor();
  await atStage(t, LAST);
}

const idOf = async (t, op, pane = 0) => (await t.graph(pane)).boxes.find((b) => b.id.includes(`${op}@`) || b.label === op)?.id;

// Selects the first op of a kind in the stage that is shown; its overrides come to the inspector.
async function selectOp(t, op) {
  await t.command("graph.expandAll");
  await t.clickNode(await idOf(t, op));
}

test("compile: the stages are listed, the last is shown whole, keys step through them", async (t) => {
  await compiled(t);
  const passes = await stages(t).locator(".option-text").allTextContents();
  ok(passes[0] === "input" && passes.includes("convert-ttir-to-ttnn") && passes.at(-1) === LAST, passes.join());
  const g = await t.graph();
  ok(g.boxes.length > 0 && g.boxes.every((b) => b.id), "boxes are drawn");
  const pane = await t.page.locator("canvas").first().boundingBox();
  ok(g.boxes.some((b) => b.x >= pane.x && b.x + b.w <= pane.x + pane.width && b.y >= pane.y && b.y < pane.y + pane.height), "the picture is in sight");
  await t.shot("compile_last");
  await t.page.keyboard.press("Alt+ArrowLeft");
  await atStage(t, passes.at(-2));
  await t.page.keyboard.press("Alt+ArrowLeft");
  await atStage(t, passes.at(-3));
  await t.page.keyboard.press("Alt+ArrowRight");
  await atStage(t, passes.at(-2));
  await t.page.keyboard.press("Alt+Shift+ArrowLeft");
  await atStage(t, "input");
  await t.page.keyboard.press("Alt+Shift+ArrowRight");
  await atStage(t, LAST);
  const changed = passes.length;
  await t.panel("compile").getByRole("button", { name: "Changed" }).click();
  await t.panel("compile").locator(".table-foot").getByText(/^\d+ stages$/).waitFor();
  const total = Number((await t.panel("compile").locator(".table-foot").textContent()).match(/(\d+) stages/)[1]);
  ok(total > changed, `${total} stages in all, ${changed} that changed something`);
});

test("compile: the graph selector lists the runs and their stages", async (t) => {
  await compiled(t);
  await t.page.keyboard.press("g");
  const rows = t.page.locator(".selector .option");
  await t.page.locator(".selector").getByText("Compiled: level 0, wormhole").waitFor();
  const before = await rows.count();
  await t.page.keyboard.press("ArrowDown");
  await t.page.keyboard.press("ArrowRight"); // the stages of the run
  await eventually(async () => (await rows.count()) > before, true, "stages are unfolded");
  await t.shot("compile_selector");
  await t.page.locator(".selector").getByText("convert-ttir-to-ttnn").click();
  await atStage(t, "convert-ttir-to-ttnn");
  await t.page.keyboard.press("g");
  await t.page.getByRole("textbox", { name: "Filter models and stages" }).fill("ttnn-dealloc");
  await t.page.locator(".selector").getByText(LAST).waitFor();
  await t.page.locator(".selector").getByText(LAST).click();
  await atStage(t, LAST);
});

test("compile: a stage beside the source, and selections that follow an op", async (t) => {
  await t.openModel(MNIST);
  await t.page.keyboard.press("c");
  await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).click();
  await atStage(t, LAST);
  await stages(t).first().click();
  await atStage(t, "input");
  await stages(t).last().hover();
  await t.panel("compile").getByRole("button", { name: `Show ${LAST} beside` }).click();
  await eventually(async () => (await t.graph(1))?.nodes > 0, true, "a second pane");
  await t.ready();
  for (const pane of [0, 1]) await t.command("graph.expandAll", pane);
  await t.command("panel.compare");
  await t.panel("compare").getByRole("radio", { name: "Stages" }).click();
  const left = await idOf(t, "ttir.softmax"), right = await idOf(t, "ttnn.softmax", 1);
  await t.clickNode(left);
  await eventually(async () => (await t.graph(1)).selection.includes(right), true, "the op it became is selected");
  await t.shot("compile_beside");
});

test("overrides: a legal value makes a new run and is applied, undo goes back, the set leaves as options", async (t) => {
  await compiled(t);
  await t.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await selectOp(t, "ttnn.linear");
  const field = t.page.getByLabel("output_layout data_type");
  await field.waitFor();
  const was = await field.inputValue();
  const options = await field.locator("option").evaluateAll((all) => all.map((o) => ({ value: o.value, off: o.disabled, text: o.textContent })));
  const other = options.find((o) => !o.off && o.value !== was && o.value === "bf16") ?? options.find((o) => !o.off && o.value !== was);
  ok(other, `another legal data type: ${JSON.stringify(options)}`);
  await t.shot("overrides_fields");
  const run = await t.panel("compile").getByLabel("Run").inputValue();
  await field.selectOption(other.value);
  await eventually(async () => (await t.panel("compile").getByLabel("Run").inputValue()) !== run, true, "a new run");
  await atStage(t, LAST);
  await t.command("panel.overrides");
  const panel = t.panel("overrides");
  await panel.getByText("applied", { exact: true }).waitFor();
  await panel.getByText(/Estimate:/).waitFor();
  await t.shot("overrides_applied");
  await panel.getByRole("button", { name: "Options" }).click();
  await t.page.getByText(/option string is copied|Not expressible as options/).waitFor();
  equal(await t.page.evaluate(() => navigator.clipboard.readText()), `override-output-layout=fc1/add=${other.value}`);
  const json = JSON.parse((await t.download(() => panel.getByRole("button", { name: "JSON" }).click())).bytes);
  ok(JSON.stringify(json).includes(other.value), "the value is in the file");
  await t.command("view.undo");
  await eventually(() => t.panel("compile").getByLabel("Run").inputValue(), run, "the run before");
  await t.command("view.redo");
  await panel.getByText("applied", { exact: true }).waitFor();
  await panel.getByRole("button", { name: "Reset all" }).click();
  await panel.getByText("Nothing is overridden.", { exact: false }).waitFor();
});

test("overrides: what the optimizer chose is told beside the fields, until it is set", async (t) => {
  const [model] = await t.openModel("examples/resnet_small.mlir");
  const run = await t.server.api("POST", `/models/${model}/runs`, { level: 2 }), last = run.stages.at(-1).stage;
  const { hits } = await t.server.api("GET", `/models/${model}/stages/${last}/search?run=${run.id}&q=${encodeURIComponent("buffer_type: l1$")}&in=attrs`);
  const all = await Promise.all(hits.map((h) => t.server.api("GET", `/models/${model}/stages/${last}/node?run=${run.id}&node=${h.node}`)));
  const node = all.find((n) => n.label === "ttnn.add");
  const is = (key) => String(node.attrs.find((a) => a.key === key).value);
  equal(is("buffer_type"), "l1");
  await t.page.keyboard.press("c");
  await t.panel("compile").getByLabel("Run").selectOption(run.id);
  await stages(t).last().click();
  await atStage(t, LAST);
  await t.command("graph.expandAll");
  await t.clickNode(node.id);
  const told = t.panel("inspector").getByText(/^The compiler chose/);
  await told.waitFor();
  for (const key of ["buffer_type", "tensor_memory_layout"]) ok((await told.textContent()).includes(`${key} ${is(key)}`), await told.textContent());
  await t.shot("chosen_since");
  await t.page.getByLabel("output_layout buffer_type").selectOption("l1");
  await eventually(async () => (await told.count()) === 0 || !(await told.textContent()).includes("buffer_type l1"), true, "what is set is no choice of the compiler");
});

test("overrides: edits made at once take their turn, and none is lost", async (t) => {
  await compiled(t);
  await selectOp(t, "ttnn.linear");
  await t.page.getByLabel("output_layout data_type").waitFor();
  // The compiler takes its time, so that the second edit is made before the first has been compiled.
  await t.page.route(/\/runs$/, async (route) => {
    if (route.request().method() === "POST") await new Promise((done) => setTimeout(done, 250));
    await route.continue();
  });
  await t.page.getByLabel("output_layout data_type").selectOption("bfp_bf8");
  await t.page.getByLabel("output_layout buffer_type").selectOption("l1");
  await t.command("panel.overrides");
  const rows = t.panel("overrides").locator(".override-row strong");
  await eventually(async () => (await rows.allTextContents()).sort(), ["bfp_bf8", "l1"]);
});

test("overrides: named sets are compared side by side", async (t) => {
  await compiled(t);
  await selectOp(t, "ttnn.linear");
  const field = t.page.getByLabel("output_layout data_type");
  await field.waitFor();
  const panel = t.panel("overrides"), runs = [];
  for (const [name, value] of [["halves", "bf16"], ["blocks", "bfp_bf8"]]) {
    if (!(await field.isVisible())) await t.command("panel.inspector");
    await field.waitFor();
    await field.selectOption(value);
    await eventually(() => field.inputValue(), value, "the value");
    await t.command("panel.overrides");
    await panel.getByText("applied", { exact: true }).waitFor();
    await panel.locator(".override-row strong").getByText(value, { exact: true }).waitFor();
    await panel.getByLabel("Name of the set").fill(name);
    await panel.getByRole("button", { name: "Keep" }).click();
    await eventually(() => panel.getByLabel("Named set").locator("option:checked").textContent(), name, "the name of the set");
    runs.push(await t.panel("compile").getByLabel("Run").inputValue());
  }
  await panel.getByRole("button", { name: "Compare named sets" }).click();
  const table = panel.getByRole("table", { name: "Named sets compared" });
  await table.waitFor();
  await t.shot("overrides_compared");
  const rows = await table.locator("tr").evaluateAll((all) => all.map((r) => [...r.cells].map((c) => c.textContent)));
  equal(rows[0].slice(1).sort().join(), "blocks,halves,none");
  equal(rows[1][0], "all ops");
  const linear = rows.find((r) => r[0].startsWith("ttnn.linear"));
  ok(linear && new Set(linear.slice(1)).size > 1, `the op differs: ${JSON.stringify(rows)}`);
  ok(linear.slice(1).every((n) => Number(n) > 0), `estimates of it: ${linear}`);
  equal(await t.panel("compile").getByLabel("Run").inputValue(), runs[1], "the run that is shown");
  await panel.getByRole("button", { name: "Forget blocks" }).click();
  await panel.getByRole("button", { name: "Compare named sets" }).waitFor();
  ok(!(await table.count()), "what is no longer compared is no longer shown");
});

test("overrides: values that are not legal say why, a suggestion is taken", async (t) => {
  await compiled(t, "examples/transformer_block.mlir");
  await selectOp(t, "ttnn.linear");
  await t.page.getByLabel("output_layout data_type").waitFor();
  const off = await t.page.locator(".override-field option:disabled").evaluateAll((all) => all.map((o) => [o.title, o.textContent]));
  ok(off.length > 0, "something is not legal here");
  for (const [why, text] of off) ok(why.length > 8 && text.includes(why), `a reason: ${text}`);
  await t.command("panel.overrides");
  const panel = t.panel("overrides");
  await panel.getByRole("button", { name: "Suggest" }).click();
  await panel.getByRole("button", { name: "Take" }).first().waitFor();
  await t.shot("overrides_suggestions");
  await panel.getByRole("button", { name: "Take" }).first().click();
  await panel.getByText("applied", { exact: true }).first().waitFor();
  await t.shot("overrides_taken");
});

test("overrides: a number has its legal values, or the reason why there are none", async (t) => {
  await compiled(t, "examples/transformer_block.mlir");
  await selectOp(t, "ttnn.linear");
  const program = t.page.locator(".override-op details", { hasText: "Matmul program" }).first();
  await program.locator("summary").click();
  const block = program.getByLabel("matmul_program_config in0_block_w");
  await block.waitFor();
  ok(await block.isDisabled(), "without a sharded result there is no program");
  ok(/sharded in L1/.test(await block.getAttribute("title")), await block.getAttribute("title"));
  await t.shot("overrides_number_off");
  await t.page.getByLabel("output_layout tensor_memory_layout").selectOption("width_sharded");
  await eventually(() => block.evaluate((e) => e.tagName), "SELECT", "the field once the result is sharded");
  const values = (await block.locator("option").evaluateAll((all) => all.map((o) => Number(o.value)))).filter((n) => n > 0);
  ok(values.length > 1 && values.every((n) => values.at(-1) % n === 0), `divisors of the inner dimension: ${values}`);
  await block.selectOption(String(values.at(1)));
  await t.command("panel.overrides");
  await eventually(() => t.panel("overrides").getByText("applied", { exact: true }).count(), 2, "both are applied");
  await t.shot("overrides_number");
});

test("overrides: an operand is brought to lie as the result does", async (t) => {
  const tensor = "tensor<256x256xbf16>";
  await t.openText("add.mlir", `func.func @main(%a: ${tensor}, %b: ${tensor}) -> ${tensor} {
  %0 = "ttir.exp"(%a) : (${tensor}) -> ${tensor}
  %1 = "ttir.add"(%0, %b) : (${tensor}, ${tensor}) -> ${tensor}
  return %1 : ${tensor}
}`);
  await t.page.keyboard.press("c");
  await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).click();
  await atStage(t, LAST);
  await selectOp(t, "ttnn.add");
  await t.page.getByLabel("output_layout tensor_memory_layout").selectOption("block_sharded");
  const reshard = t.page.locator(".override-op details", { hasText: "Reshard an operand" }).first(), match = reshard.getByLabel("reshard 0.match");
  await reshard.locator("summary").click();
  equal([await match.inputValue(), (await match.locator("option").evaluateAll((all) => all.map((o) => o.value))).join()], ["none", "none,result"]);
  await match.selectOption("result");
  await t.command("panel.overrides");
  await eventually(() => t.panel("overrides").getByText("applied", { exact: true }).count(), 2, "both are applied");
});

test("execute: times, memory and accuracy in the table, on the timeline and on the nodes", async (t) => {
  await t.openModel(MNIST);
  await t.command("graph.expandAll");
  await t.page.keyboard.press("x");
  const panel = t.panel("execute");
  await panel.getByLabel("accuracy").check();
  await panel.getByRole("button", { name: "Execute", exact: true }).click();
  await rowsOf(t, "execute").first().waitFor();
  await t.ready();
  const rows = await rowsOf(t, "execute").evaluateAll((all) => all.map((row) => Array.from(row.children, (c) => c.textContent)));
  ok(rows.length >= 2, `${rows.length} rows are in sight`);
  for (const row of rows) ok(Number(row[6]) > 0.999, `accuracy of ${row.join(" ")}`);
  const line = await panel.getByRole("img", { name: /^Timeline/ }).boundingBox();
  ok(line.width > 300 && line.height > 60, "a timeline");
  const first = rows[0][0];
  await rowsOf(t, "execute").first().click();
  await eventually(async () => (await t.graph()).selection.join().includes(first), true, "the op of the row is selected");
  await t.shot("execute");
  const data = t.panel("nodedata"), times = data.getByRole("button", { name: /^Colour by (#\d+ )?time \(us\)/ });
  const show = t.page.getByRole("button", { name: "Show on nodes", exact: true });
  await show.click();
  await eventually(() => times.evaluateAll((all) => all.map((b) => b.ariaPressed)), ["true"]);
  await t.shot("execute_nodedata");
  // another execution's are told apart, and shown instead
  await t.command("panel.execute");
  await panel.getByRole("button", { name: "Execute", exact: true }).click();
  await eventually(() => panel.getByLabel("Execution", { exact: true }).locator("option").count(), 2);
  await show.click();
  await eventually(() => times.evaluateAll((all) => all.map((b) => `${b.ariaLabel.slice(10, 22)} ${b.ariaPressed}`)), ["#1 time (us) false", "#2 time (us) true"]);
});

test("execute: what cannot run says so in a sentence, and a long one ends at Cancel", async (t) => {
  const text = (body) => `module {\n  func.func @main(%x: tensor<2048x2048xf32>) -> tensor<2048x2048xf32> {\n${body}    return %0 : tensor<2048x2048xf32>\n  }\n}\n`;
  await t.openText("strange.mlir", text(`    %0 = "strange.op"(%x) : (tensor<2048x2048xf32>) -> tensor<2048x2048xf32>\n`));
  await t.page.keyboard.press("x");
  const panel = t.panel("execute"), start = panel.getByRole("button", { name: "Execute", exact: true });
  await start.click();
  const told = await panel.getByRole("alert").textContent();
  ok(/strange\.op/.test(told) && /^[A-Z].*\.$/s.test(told), `a sentence that names the op: ${told}`);
  await t.shot("execute_problem");
  const square = "tensor<2048x2048xf32>";
  const product = (k, from) => `    %${k} = "ttir.matmul"(%${from}, %${from}) <{transpose_a = false, transpose_b = false}> : (${square}, ${square}) -> ${square}\n`;
  await t.openText("long.mlir", text(product(1, "x") + product(2, 1) + product(0, 2)));
  await panel.getByLabel("Runs").fill("500");
  await panel.getByLabel("Runs").press("Tab");
  await start.click();
  // what it does is told while it does it, and can be searched and saved
  const log = panel.locator(".execute-log");
  await log.locator("summary").click();
  await eventually(async () => /memory: .*\n(.*\n)*run 1: /.test(await log.locator("pre").textContent().catch(() => "")), true, "the log of a run that goes on");
  ok(await panel.getByRole("button", { name: "Cancel" }).isVisible(), "it runs still");
  await log.getByLabel("Filter the log").fill("MEMORY");
  await eventually(async () => /^memory: [^\n]*$/.test(await log.locator("pre").textContent()), true, "one line is left");
  ok(/memory: [\s\S]*run 1: /.test((await t.download(() => log.getByRole("button", { name: "Save" }).click())).bytes.toString()), "all of it is saved");
  await panel.getByRole("button", { name: "Cancel" }).click();
  await panel.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached" });
  ok(await start.isEnabled(), "it can be started again");
  await eventually(() => rowsOf(t, "execute").count(), 0);
});

test("execute: times are shown before accuracy, and stay when that is given up", async (t) => {
  const square = "tensor<1024x1024xf32>", n = 40;
  const product = (k) => `    %${k} = "ttir.matmul"(%${k ? k - 1 : "x"}, %x) : (${square}, ${square}) -> ${square}\n`;
  await t.openText("products.mlir", `module {\n  func.func @main(%x: ${square}) -> ${square} {\n${Array.from({ length: n }, (_, k) => product(k)).join("")}    return %${n - 1} : ${square}\n  }\n}\n`);
  await t.page.keyboard.press("x");
  const panel = t.panel("execute"), growing = panel.locator(".growing");
  await panel.getByLabel("Runs").fill("1");
  await panel.getByLabel("tensors", { exact: true }).uncheck();
  await panel.getByRole("button", { name: "Execute", exact: true }).click();
  await growing.getByRole("button", { name: "Cancel" }).click();
  ok(/slowest/.test(await panel.locator(".extremes").innerText()), "the slowest op is known");
  await panel.getByText("No accuracy: the golden run did not come to its end. Execute again for it.").waitFor();
  ok(await panel.locator(".node-table [role=option]").count() > 0, "the times stay");
  equal(await growing.count(), 0);
  await panel.getByRole("button", { name: "Execute", exact: true }).click();
  await panel.getByText(`All ${n} compared ops agree with PCC 0.99 or better.`).waitFor({ timeout: 60000 });
  await eventually(() => panel.getByLabel("Execution", { exact: true }).locator("option").count(), 2, "one execution each time");
});

test("compile: a stage beside another is in sight, also when the view before looked at nothing", async (t) => {
  await t.openModel("examples/mnist.mlir");
  await t.command("panel.compile");
  await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).click();
  const stage = (name) => t.panel("compile").locator('div[role="option"]').filter({ hasText: name });
  await stage("ttnn-deallocate").waitFor();
  await t.ready();
  await t.view((view) => view.setCamera({ x: -9000, y: 0, zoom: 1 }));
  await t.ready();
  await stage("input").click({ modifiers: ["Alt"] });
  await eventually(() => t.page.locator(".graph-pane").count(), 2);
  await t.ready();
  await eventually(async () => ((await t.graph(1))?.boxes.filter((b) => !b.expanded).length ?? 0) > 3, true, "ops are in sight");
});

test("compile: an older form is refused with what helps, which is an option", async (t) => {
  const tensor = "tensor<64x96xbf16>";
  const [model] = await t.openText("older.mlir", `func.func @main(%a: ${tensor}) -> ${tensor} {
  %0 = ttir.empty() : ${tensor}
  %1 = "ttir.relu"(%a, %0) : (${tensor}, ${tensor}) -> ${tensor}
  return %1 : ${tensor}
}`);
  await t.page.keyboard.press("c");
  const panel = t.panel("compile"), field = panel.getByLabel("Options");
  await panel.getByRole("button", { name: "Compile", exact: true }).click();
  await panel.getByText(/requires a single operand/).waitFor();
  await panel.getByText(/update-older-forms=true brings the module up to date/).waitFor();
  await field.fill("update-older-forms");
  await panel.getByRole("button", { name: "Compile", exact: true }).click();
  await panel.getByRole("alert").getByText(/is written name=value, and "update-older-forms" is not/).waitFor();
  await field.fill("update-older-forms=true no-such-option=1");
  await panel.getByRole("button", { name: "Compile", exact: true }).click();
  await panel.getByRole("alert").getByText(/no-such-option/).waitFor();
  await field.fill("enable-const-eval=false update-older-forms=false");
  await panel.getByRole("button", { name: "Compile", exact: true }).click();
  await panel.getByText(/requires a single operand/).waitFor();
  await panel.getByRole("button", { name: "Compile with it" }).click();
  equal(await field.inputValue(), "enable-const-eval=false update-older-forms=true");
  await atStage(t, LAST);
  await panel.getByText(/requires a single operand/).waitFor({ state: "detached" });
  equal(await panel.getByRole("button", { name: "Compile with it" }).count(), 0);
  const { runs } = await t.server.api("GET", `/models/${model}/runs`);
  ok(runs.some((r) => r.settings.options?.["update-older-forms"] === "true" && r.state === "compiled"), JSON.stringify(runs));
  t.forgive(/status of 400/);
});

test("compile: a system descriptor from a file is a device", async (t) => {
  const file = corpus("flatbuffers/ttsys/p150_2026-06.ttsys");
  const [model] = await t.openModel("examples/mnist.mlir");
  await t.page.keyboard.press("c");
  const panel = t.panel("compile"), device = panel.getByLabel("Device", { exact: false }).first(), input = panel.locator('input[type="file"]');
  const choose = async (files) => {
    const chooser = t.page.waitForEvent("filechooser");
    await device.selectOption("From file…");
    await (await chooser).setFiles(files);
  };
  await choose({ name: "notes.ttsys", mimeType: "application/octet-stream", buffer: Buffer.from("no descriptor") });
  await eventually(() => device.inputValue(), "file:notes.ttsys");
  await panel.getByRole("button", { name: "Compile", exact: true }).click();
  await panel.getByRole("alert").getByText(/The file notes.ttsys is no system descriptor/).waitFor();
  await choose(file);
  await eventually(() => device.inputValue(), "file:p150_2026-06.ttsys");
  await panel.getByRole("button", { name: "Compile", exact: true }).click();
  await atStage(t, LAST);
  await panel.getByRole("alert").waitFor({ state: "detached" });
  const { runs } = await t.server.api("GET", `/models/${model}/runs`);
  const run = runs.find((r) => r.settings.system);
  equal([run?.settings.system.name, run?.state], ["p150_2026-06.ttsys", "compiled"]);
  ok((await panel.getByLabel("Run").locator("option").allTextContents())[0].startsWith("level 0, p150_2026-06.ttsys"));
  equal(await input.count(), 1);
  t.forgive(/status of 400/);
});
