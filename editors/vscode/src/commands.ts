/** One function a command. The server decides; these gather arguments and show what came back. */

import * as vscode from "vscode";

import type { Ctx } from "./ctx.js";

type Handler = (ctx: Ctx, ...args: unknown[]) => Promise<void>;

const HANDLERS: Record<string, Handler> = {
  "incident.explainHere": explainHere,
  "incident.explainClipboard": explainClipboard,
  "incident.showReport": showReport,
  "incident.copySummaryToClipboard": copySummary,
  "incident.copyPromptToClipboard": copyPrompt,
  "incident.checkClipboardSuggestion": checkSuggestion,
  "incident.checkSelection": checkSelection,
  "incident.showIncidents": showIncidents,
  "incident.showStatus": showStatus,
  "incident.showPromptText": showPrompt,
  "incident.openFirstFix": openFix,
  "incident.verifyNewestFix": verifyFix,
  "incident.cancelVerification": cancelVerification,
  "incident.signOffNewestFix": signOff,
  "incident.newestFixWorked": async (ctx) => void (await ctx.execute("incident.fixWorked")),
  "incident.newestFixFailed": async (ctx) => void (await ctx.execute("incident.fixFailed")),
  "incident.takeBackAnswer": async (ctx) => void (await ctx.execute("incident.takeBack")),
  "incident.confirmCause": async (ctx) => void (await ctx.execute("incident.confirm")),
  "incident.dismissNewest": async (ctx) => tell(await ctx.execute("incident.dismiss")),
  "incident.reopenNewest": async (ctx) => tell(await ctx.execute("incident.reopen")),
  "incident.clearAll": async (ctx) => void (await ctx.execute("incident.clear")),
  "incident.cleanWorktrees": async (ctx) => void (await ctx.execute("incident.cleanScratch")),
  "incident.restartServer": (ctx) => ctx.restart(),
  "incident.openLog": async (ctx) => ctx.output.show(),
};

export function registerCommands(ctx: Ctx): void {
  for (const [id, handler] of Object.entries(HANDLERS)) {
    const run = async (...args: unknown[]): Promise<void> => {
      try {
        await handler(ctx, ...args);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        void vscode.window.showErrorMessage(`Incident: ${message}`);
      }
    };
    ctx.extension.subscriptions.push(vscode.commands.registerCommand(id, run));
  }
}

/** Explains the file picked in the explorer, the selection, or the whole document. */
async function explainHere(ctx: Ctx, picked?: unknown): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (picked instanceof vscode.Uri && picked.toString() !== editor?.document.uri.toString()) {
    await explain(ctx, { uri: picked.toString() });
    return;
  }
  if (!editor) {
    await explainClipboard(ctx);
    return;
  }
  const { document, selection } = editor;
  if (selection.isEmpty) {
    await explain(ctx, { text: document.getText(), name: nameOf(document) });
  } else {
    await explain(ctx, { text: document.getText(selection), name: nameOf(document) });
  }
}

async function explainClipboard(ctx: Ctx): Promise<void> {
  const text = await vscode.env.clipboard.readText();
  if (text.trim() === "") {
    void vscode.window.showInformationMessage(
      "Incident: the clipboard is empty. Copy a stack trace, or select one in an editor.",
    );
    return;
  }
  await explain(ctx, { text, name: "clipboard" });
}

interface Answer {
  incidents?: { id: string; title: string; place?: { uri: string; line: number } | null }[];
  partial?: boolean;
}

async function explain(ctx: Ctx, argument: object): Promise<void> {
  const answer = (await ctx.execute("incident.explain", argument)) as Answer | null;
  const first = answer?.incidents?.[0];
  if (!first) {
    return; // The server has said what it read and why nothing fits.
  }
  const report = "Show Report";
  const goTo = "Go to Crash Site";
  const buttons = first.place ? [goTo, report] : [report];
  // Not awaited: the message may stay as long as it likes.
  void vscode.window.showInformationMessage(first.title, ...buttons).then(async (choice) => {
    if (choice === report) {
      await showReport(ctx, first.id);
    } else if (choice === goTo && first.place) {
      const at = new vscode.Position(Math.max(0, first.place.line - 1), 0);
      await vscode.window.showTextDocument(vscode.Uri.parse(first.place.uri), {
        selection: new vscode.Range(at, at),
      });
    }
  });
}

async function showReport(ctx: Ctx, id?: unknown): Promise<void> {
  const argument = typeof id === "string" ? [{ id }] : [];
  await show(await ctx.execute("incident.report", ...argument));
}

async function showPrompt(ctx: Ctx): Promise<void> {
  await show(await ctx.execute("incident.showPrompt"));
}

async function signOff(ctx: Ctx): Promise<void> {
  await show(await ctx.execute("incident.signOff"));
}

async function openFix(ctx: Ctx): Promise<void> {
  const answer = (await ctx.execute("incident.openFix")) as {
    file?: string | null;
    shown?: boolean;
  } | null;
  await show({ path: answer?.file ?? undefined, shown: answer?.shown });
}

/** The verification that was started last. */
let verification: number | undefined;

async function verifyFix(ctx: Ctx): Promise<void> {
  const answer = (await ctx.execute("incident.verifyFix")) as { job?: number } | null;
  verification = answer?.job;
  tell(answer);
}

async function cancelVerification(ctx: Ctx): Promise<void> {
  if (verification === undefined) {
    tell({ message: "no verification was started; Verify Fix starts one." });
    return;
  }
  tell(await ctx.execute("incident.cancelVerify", { job: verification }));
}

/** Opens the file that an answer names; the server shows it itself where it can. */
async function show(answer: unknown): Promise<void> {
  const { path, shown } = (answer ?? {}) as { path?: string; shown?: boolean };
  if (path && !shown) {
    await vscode.window.showTextDocument(vscode.Uri.file(path));
  }
}

function tell(answer: unknown): void {
  const message = (answer as { message?: string } | null)?.message ?? "no answer";
  void vscode.window.showInformationMessage(`Incident: ${message}`);
}

async function copySummary(ctx: Ctx): Promise<void> {
  const answer = (await ctx.execute("incident.copySummary")) as { text?: string } | null;
  if (answer?.text) {
    await vscode.env.clipboard.writeText(answer.text);
    void vscode.window.showInformationMessage("Incident: the summary is on the clipboard.");
  }
}

async function copyPrompt(ctx: Ctx): Promise<void> {
  const answer = (await ctx.execute("incident.copyPrompt")) as {
    text?: string;
    message?: string;
  } | null;
  if (answer?.text) {
    await vscode.env.clipboard.writeText(answer.text);
    void vscode.window.showInformationMessage(
      `Incident: on the clipboard. ${answer.message ?? ""}`,
    );
  }
}

/** Holds the answer of any chat, copied to the clipboard, against the newest incident. */
async function checkSuggestion(ctx: Ctx): Promise<void> {
  const text = await vscode.env.clipboard.readText();
  if (text.trim() === "") {
    void vscode.window.showWarningMessage(
      "Incident: the clipboard is empty; copy an answer first.",
    );
    return;
  }
  const answer = (await ctx.execute("incident.checkSuggestion", { text })) as {
    judgements?: { text: string; mark: string; why: string }[];
    message?: string;
  } | null;
  const lines = (answer?.judgements ?? []).map(
    ({ text, mark, why }) => `${mark.replaceAll("_", " ")}: ${text}${why ? `\n    ${why}` : ""}`,
  );
  const content = [answer?.message ?? "", "", ...lines, ""].join("\n");
  const document = await vscode.workspace.openTextDocument({ language: "plaintext", content });
  await vscode.window.showTextDocument(document, { preview: true });
}

async function checkSelection(ctx: Ctx): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return;
  }
  const { document, selection } = editor;
  const range = selection.isEmpty ? {} : { range: { start: selection.start, end: selection.end } };
  await ctx.execute("incident.checkApis", { uri: document.uri.toString(), ...range });
}

async function showIncidents(ctx: Ctx): Promise<void> {
  const answer = (await ctx.execute("incident.list")) as Answer | null;
  const incidents = answer?.incidents ?? [];
  if (incidents.length === 0) {
    void vscode.window.showInformationMessage(
      "Incident: nothing was explained yet. Select a stack trace and run Explain Incident Here.",
    );
    return;
  }
  const items = incidents.map(({ id, title }) => ({ label: title, description: id, id }));
  const picked = await vscode.window.showQuickPick(items, { title: "Explained incidents" });
  if (picked) {
    await showReport(ctx, picked.id);
  }
}

async function showStatus(ctx: Ctx): Promise<void> {
  tell(await ctx.execute("incident.status"));
}

function nameOf(document: vscode.TextDocument): string {
  return document.isUntitled ? "untitled" : vscode.workspace.asRelativePath(document.uri);
}
