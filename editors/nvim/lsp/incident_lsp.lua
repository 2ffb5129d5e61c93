---Stock configuration for Neovim 0.11: `vim.lsp.enable('incident_lsp')` is all it takes.
---Change it with `vim.lsp.config('incident_lsp', { cmd = { '/path/to/incident-lsp' } })`.
---
---Nothing shows until an incident is explained; in trace and log buffers there are links and a
---code lens.

---@type vim.lsp.Config
return {
  cmd = { 'incident-lsp', 'serve' },
  filetypes = {
    'rust',
    'toml',
    'javascript',
    'javascriptreact',
    'typescript',
    'typescriptreact',
    'python',
    'go',
    'java',
    'log',
    'incident-trace',
  },
  root_markers = { '.incident.toml', '.git', 'Cargo.toml' },
  -- Neovim has no workspace trust of its own: the server asks its list (`incident-lsp trust`).
  init_options = {},
}
