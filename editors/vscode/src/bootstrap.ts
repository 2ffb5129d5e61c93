/** Finds the server program and proves that it runs, or says in words why not. */

import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";

import * as vscode from "vscode";

const PROGRAM = process.platform === "win32" ? "incident-lsp.exe" : "incident-lsp";
const VERSION_TIMEOUT_MS = 5_000;

export interface Server {
  path: string;
  version: string;
}

/** Returns the server, or throws an error whose message can be shown as it is. */
export async function findServer(extension: vscode.ExtensionContext): Promise<Server> {
  const configured = vscode.workspace
    .getConfiguration("incident")
    .get<string | null>("server.path");
  if (configured) {
    return await probe(configured.replace(/^~(?=\/)/, process.env.HOME ?? "~"));
  }
  const bundled = vscode.Uri.joinPath(extension.extensionUri, "server", PROGRAM).fsPath;
  const found = [
    bundled,
    ...(process.env.PATH ?? "")
      .split(path.delimiter)
      .filter(path.isAbsolute)
      .map((dir) => path.join(dir, PROGRAM)),
  ];
  for (const candidate of found) {
    if (await isExecutable(candidate)) {
      return await probe(candidate);
    }
  }
  throw new Error(
    "incident-lsp was not found beside the extension nor on the PATH. Install it, or set incident.server.path.",
  );
}

async function isExecutable(candidate: string): Promise<boolean> {
  try {
    await access(candidate, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs `--version`: a program for another machine or a broken install shows here, not later. */
async function probe(candidate: string): Promise<Server> {
  try {
    const answer = await promisify(execFile)(candidate, ["--version"], {
      timeout: VERSION_TIMEOUT_MS,
    });
    return { path: candidate, version: answer.stdout.trim() };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new Error(`${candidate} does not run: ${reason}`);
  }
}
