---Stock configuration for Neovim 0.11: `vim.lsp.enable('incident_lsp')` is all it takes.
---Change it with `vim.lsp.config('incident_lsp', { cmd = { '/path/to/incident-lsp' } })`.
---
---Nothing shows until an incident is explained; in trace and log buffers there are links and a
---code lens.

---Says whether a folder is one of the server's scratch worktrees: its `.git` is a file that leads
---to a HEAD on a branch `incident/...`.
---@param root string?
---@return boolean
local function is_scratch(root)
  local function first_line(path)
    local file = io.open(path)
    local line = file and file:read('l')
    if file then
      file:close()
    end
    return line or ''
  end
  if not root or vim.fn.filereadable(root .. '/.git') == 0 then
    return false
  end
  local git_dir = first_line(root .. '/.git'):match('^gitdir: (.+)$')
  return git_dir ~= nil and vim.startswith(first_line(git_dir .. '/HEAD'), 'ref: refs/heads/incident/')
end

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
  -- A fix that opens in its scratch worktree stays with the server that opened it.
  reuse_client = function(client, config)
    return client.name == config.name and (client.root_dir == config.root_dir or is_scratch(config.root_dir))
  end,
  -- Neovim has no workspace trust of its own: the server asks its list (`incident-lsp trust`).
  init_options = {},
}
