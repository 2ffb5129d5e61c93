/** Activates the extension: finds the server, starts it, registers the commands. */

import * as vscode from "vscode";

import { registerCommands } from "./commands.js";
import { Ctx } from "./ctx.js";

let ctx: Ctx | undefined;

export async function activate(extension: vscode.ExtensionContext): Promise<void> {
  ctx = new Ctx(extension);
  registerCommands(ctx);
  extension.subscriptions.push(
    // A workspace that becomes trusted may run its own tools: the server is told by a new start.
    vscode.workspace.onDidGrantWorkspaceTrust(() => ctx?.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("incident.server")) {
        void ctx?.restart();
      }
    }),
  );
  await ctx.start();
}

export async function deactivate(): Promise<void> {
  await ctx?.stop();
  ctx = undefined;
}
