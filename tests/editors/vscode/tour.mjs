// The tour in real VS Code, in a browser: a trace is selected and explained, and the places, the
// why and the fix are there.
//
// Environment: BASE (address of code-server), WORKSPACE, LOG (the sample's log, inside WORKSPACE),
// SHOTS (folder for screenshots), REGISTRY (a package.json beside which playwright-core lies).

import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";

const { BASE, WORKSPACE, SHOTS, REGISTRY } = process.env;
const { chromium } = createRequire(REGISTRY)("playwright-core");
const host = new URL(BASE).host;

// A browser in a test looks nothing up by itself.
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

for (let tries = 0; ; tries++) {
  try {
    if ((await fetch(`${BASE}/healthz`)).ok) break;
  } catch {
    // Not up yet.
  }
  if (tries > 240) throw new Error("code-server did not come up");
  await pause(250);
}

fs.mkdirSync(SHOTS, { recursive: true });
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: flags });
const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
page.setDefaultTimeout(30_000);

let passed = 0;
let failed = 0;
async function step(name, run) {
  if (failed) return;
  try {
    await run();
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}: ${error.message.split("\n")[0]}`);
  }
  const number = String(passed + failed).padStart(2, "0");
  await page.screenshot({ path: `${SHOTS}/${number}-${name.replace(/\W+/g, "-")}.png` });
}

const row = (list, text) => page.locator(`${list} .monaco-list-row`, { hasText: text }).first();
const line = (text) => page.locator(".monaco-editor .view-line", { hasText: text }).first();
const toast = (text) =>
  page.locator(".notifications-toasts .notification-list-item", { hasText: text }).first();

async function palette(title) {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input.input").fill(`>${title}`);
  await row(".quick-input-list", title).waitFor(); // Else Enter runs another command.
  await page.keyboard.press("Enter");
}

/** On a busy machine the workbench may be up before it knows of an extension that was just installed. */
async function hasExtension(triesLeft = 3) {
  await page.keyboard.press("F1");
  await page.locator(".quick-input-widget input.input").fill(">Incident: Explain Incident Here");
  try {
    await row(".quick-input-list", "Explain Incident Here").waitFor({ timeout: 15_000 });
    await page.keyboard.press("Escape");
  } catch (error) {
    if (triesLeft === 0) throw error;
    await page.reload();
    await line("panicked at").waitFor({ timeout: 90_000 });
    await hasExtension(triesLeft - 1);
  }
}

function open(file) {
  const payload = JSON.stringify([["openFile", `vscode-remote://${host}${WORKSPACE}/${file}`]]);
  const query = `folder=${encodeURIComponent(WORKSPACE)}&payload=${encodeURIComponent(payload)}`;
  return page.goto(`${BASE}/?${query}`);
}

async function goTo(file, at) {
  await page.keyboard.press("Control+p");
  await page.locator(".quick-input-widget input.input").fill(`${file}:${at}`);
  await row(".quick-input-list", file.split("/").at(-1)).waitFor();
  await page.keyboard.press("Enter");
}

const git = (...args) => execFileSync("git", ["-C", WORKSPACE, ...args], { encoding: "utf8" });
/** Says what proves a fix; the file is not tracked. */
const settings = (check) =>
  fs.writeFileSync(`${WORKSPACE}/.incident.toml`, `[fix]\ncheck = ${check}\ntest = ["true"]\n`);
settings('["true"]');

const untouched = () =>
  git("status", "--porcelain") +
  git("diff") +
  git("for-each-ref").split("\n").filter((ref) => !ref.includes("refs/heads/incident/")).join("\n") +
  git("stash", "list");
const before = untouched();

await step("open the log", async () => {
  await open("incident.log");
  await line("panicked at").waitFor({ timeout: 90_000 });
  await hasExtension();
});

await step("nothing shows before it is asked", async () => {
  if (await page.locator(".squiggly-warning").count()) throw new Error("there is a squiggle");
});

await step("explain the log", async () => {
  await line("panicked at").click();
  await palette("Incident: Explain Incident Here");
  await toast("Option::unwrap").waitFor({ timeout: 60_000 });
});

await step("go to the crash site", async () => {
  await toast("Option::unwrap").locator(".monaco-button", { hasText: "Go to Crash Site" }).click();
  await line("tiers.get(&order.tier).unwrap()").waitFor();
  await page.locator(".squiggly-warning").first().waitFor();
});

await step("problems list it", async () => {
  await palette("Problems: Focus on Problems View");
  await row(".markers-panel", "pricing.rs").waitFor();
});

await step("hover says why", async () => {
  const squiggle = line("tiers.get(&order.tier).unwrap()");
  const box = await squiggle.locator("span", { hasText: "unwrap" }).last().boundingBox();
  const at = [box.x + Math.min(20, box.width / 2), box.y + box.height / 2];
  await page.mouse.move(at[0] - 4, at[1]); // One move is no hover.
  await page.mouse.move(...at);
  await page
    .locator(".monaco-hover:not(.hidden)", { hasText: "Look tiers up without allocating" })
    .first()
    .waitFor();
});

await step("a fix is offered", async () => {
  await page.keyboard.press("Escape");
  await line("tiers.get(&order.tier).unwrap()").locator("span", { hasText: "unwrap" }).last().click();
  await page.keyboard.press("Control+.");
  await row(".action-widget", "scratch worktree").waitFor();
});

await step("the fix opens on its own branch", async () => {
  await row(".action-widget", "scratch worktree").click();
  for (let tries = 0; git("branch", "--list", "incident/*") === ""; tries++) {
    if (tries > 100) throw new Error(`no branch: ${git("branch", "-a")}`);
    await pause(100);
  }
});

function checkTree() {
  const now = untouched();
  if (now !== before) throw new Error(`was ${before} is ${now}`);
}

await step("the tree is untouched", async () => checkTree());

await step("progress shows that the fix is verified", async () => {
  settings('["sleep", "600"]');
  await palette("Incident: Verify Fix");
  await page.locator(".statusbar-item", { hasText: "Verifying incident/" }).first().waitFor();
});

await step("a cancelled verification says so", async () => {
  await palette("Incident: Cancel Verification");
  await toast("was not verified").waitFor();
});

// The message that tells it may be gone before anybody looks; the page stays.
await step("the verdict opens", async () => {
  settings('["true"]');
  await palette("Incident: Verify Fix");
  await page.locator(".tab", { hasText: "verdict.md" }).first().waitFor();
});

await step("that it fixed it is remembered and taken back", async () => {
  await palette("Incident: This Fixed It");
  await toast(" fixed it").waitFor();
  await palette("Incident: Take Back Answer");
  await toast("Taken back").waitFor();
});

await step("the page to sign it off opens", async () => {
  await palette("Incident: Sign Off Fix");
  await page.locator(".tab", { hasText: "sign-off.md" }).first().waitFor();
});

await step("the report opens", async () => {
  await palette("Incident: Show Report");
  await page.locator(".tab", { hasText: /report|\.md/i }).first().waitFor();
});

await step("clear takes everything away", async () => {
  await palette("Incident: Clear");
  await goTo("src/pricing.rs", 1);
  await line("tiers.get(&order.tier).unwrap()").waitFor();
  await page.locator(".squiggly-warning").first().waitFor({ state: "detached" });
});

await step("the open fix is offered again at the next start", async () => {
  await open("src/pricing.rs");
  const offer = toast("still open in a scratch worktree");
  await offer.waitFor({ timeout: 90_000 });
  await offer.locator(".monaco-button", { hasText: "Remove" }).click();
  await toast("Removed 1 scratch worktree").waitFor();
  if (git("branch", "--list", "incident/*") !== "") throw new Error("the branch is still there");
});

await step("the tree is untouched to the end", async () => checkTree());

console.log(`${passed} passed, ${failed} failed`);
await browser.close();
process.exitCode = failed ? 1 : 0;
