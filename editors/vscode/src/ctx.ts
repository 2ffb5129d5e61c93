/** Owns what lives as long as the extension: the client, the status item, the log. */

import * as vscode from "vscode";
import {
  type ExecuteCommandParams,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
} from "vscode-languageclient/node";

import { findServer, type Server } from "./bootstrap.js";

/** Languages whose documents the server sees. Traces and logs come in any of them. */
const LANGUAGES = [
  "rust",
  "toml",
  "javascript",
  "javascriptreact",
  "typescript",
  "typescriptreact",
  "python",
  "go",
  "java",
  "log",
  "incident-trace",
  "plaintext",
];

export class Ctx {
  readonly output: vscode.LogOutputChannel;
  readonly #status: vscode.StatusBarItem;
  #client: LanguageClient | undefined;
  #server: Server | undefined;

  constructor(readonly extension: vscode.ExtensionContext) {
    this.output = vscode.window.createOutputChannel("Incident", { log: true });
    this.#status = vscode.window.createStatusBarItem("incident", vscode.StatusBarAlignment.Left);
    this.#status.name = "Incident";
    this.#status.command = "incident.showStatus";
    extension.subscriptions.push(this.output, this.#status);
  }

  /** Starts the server. A failure is shown once, with the way to mend it. */
  async start(): Promise<void> {
    try {
      this.#server = await findServer(this.extension);
      this.output.info(`server: ${this.#server.path} (${this.#server.version})`);
      this.#client = this.#newClient(this.#server.path);
      await this.#client.start();
      this.#show("$(pulse) Incident", this.#server.version);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.output.error(message);
      this.#show("$(error) Incident", message);
      const setting = "Open Setting";
      const choice = await vscode.window.showErrorMessage(`incident-lsp: ${message}`, setting);
      if (choice === setting) {
        await vscode.commands.executeCommand(
          "workbench.action.openSettings",
          "incident.server.path",
        );
      }
    }
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.dispose();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Runs a command on the server. The answer is the server's plain JSON, unchecked. */
  async execute(command: string, ...args: object[]): Promise<unknown> {
    if (!this.#client?.isRunning()) {
      throw new Error("the server is not running; see Incident: Show Server Log");
    }
    const params: ExecuteCommandParams = { command, arguments: args };
    return await this.#client.sendRequest(ExecuteCommandRequest.type, params);
  }

  #newClient(program: string): LanguageClient {
    const extraEnv = vscode.workspace
      .getConfiguration("incident")
      .get<Record<string, string>>("server.extraEnv", {});
    const run: ServerOptions = {
      command: program,
      args: ["serve"],
      options: { env: { ...process.env, ...extraEnv } },
    };
    const options: LanguageClientOptions = {
      documentSelector: LANGUAGES.flatMap((language) => [
        { scheme: "file", language },
        { scheme: "untitled", language },
      ]),
      initializationOptions: { workspaceTrusted: vscode.workspace.isTrusted, messageButtons: true },
      outputChannel: this.output,
      markdown: { isTrusted: false, supportHtml: false },
    };
    return new LanguageClient("incident", "Incident", run, options);
  }

  #show(text: string, tooltip: string): void {
    this.#status.text = text;
    this.#status.tooltip = tooltip;
    this.#status.show();
  }
}
