// Starts `synx lsp` for .synx files and runs what the server's lenses ask for in a terminal.

import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  context.subscriptions.push(
    vscode.commands.registerCommand("synx.restart", restart),
    vscode.commands.registerCommand("synx.plan", (file?: unknown) => inTerminal("plan", file)),
    vscode.commands.registerCommand("synx.run", (file?: unknown) => inTerminal("run", file)),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("synx.server")) {
        void restart();
      }
    }),
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
  client = undefined;
}

/** How the settings say that the server is started. */
function server(): { command: string; args: string[] } {
  const settings = vscode.workspace.getConfiguration("synx.server");
  return { command: settings.get<string>("path", "synx"), args: settings.get<string[]>("arguments", ["lsp"]) };
}

async function start(): Promise<void> {
  const serverOptions: ServerOptions = server();
  const clientOptions: LanguageClientOptions = {
    documentSelector: [{ language: "synx" }],
    // What is imported may change outside the editor.
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.synx") },
  };
  client = new LanguageClient("synx", "synx", serverOptions, clientOptions);
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const choice = await vscode.window.showErrorMessage(
      `The command \`${server().command}\` could not be started: ${error instanceof Error ? error.message : String(error)}`,
      "Open Settings",
    );
    if (choice !== undefined) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "synx.server.path");
    }
  }
}

async function restart(): Promise<void> {
  await client?.stop();
  client = undefined;
  await start();
}

/** Runs a command of synx on a study where its output can be read. */
function inTerminal(command: "plan" | "run", file: unknown): void {
  const uri =
    typeof file === "string" ? vscode.Uri.parse(file) : file instanceof vscode.Uri ? file : vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined || uri.scheme !== "file") {
    void vscode.window.showWarningMessage("Save the study to a file first.");
    return;
  }
  const terminal = vscode.window.createTerminal({
    name: `synx ${command}`,
    cwd: vscode.Uri.joinPath(uri, ".."),
    shellPath: server().command,
    shellArgs: [command, uri.fsPath],
    isTransient: true,
  });
  terminal.show();
}
