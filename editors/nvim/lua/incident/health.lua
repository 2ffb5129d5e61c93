---`:checkhealth incident`

local M = {}

function M.check()
  local health = vim.health
  health.start('incident-lsp')

  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim is 0.11 or newer')
  else
    health.error('Neovim is older than 0.11', 'Update Neovim: `vim.lsp.enable` came with 0.11.')
    return
  end

  ---@type table<string, vim.lsp.Config?>
  local configs = vim.lsp.config --[[@as any]]
  local config = configs.incident_lsp
  if not config then
    health.error('`lsp/incident_lsp.lua` is not on the runtime path', 'Add `editors/nvim` to the runtime path.')
    return
  end

  local cmd = config.cmd
  local program = type(cmd) == 'table' and cmd[1] or nil
  if type(cmd) ~= 'table' then
    health.info('the command is a function; it is not checked')
  elseif program and vim.fn.executable(program) == 1 then
    local answer = vim.system({ program, '--version' }, { text = true, timeout = 5000 }):wait()
    if answer.code == 0 then
      health.ok(('%s: %s'):format(vim.fn.exepath(program), vim.trim(answer.stdout or '')))
    else
      health.error(('`%s --version` failed: %s'):format(program, vim.trim(answer.stderr or '')))
    end
  else
    health.error(
      ('there is no program `%s`'):format(program or ''),
      'Put it on the PATH, or name it: vim.lsp.config("incident_lsp", { cmd = { "/path/to/incident-lsp" } })'
    )
  end

  if vim.lsp.is_enabled and vim.lsp.is_enabled('incident_lsp') then
    health.ok('enabled for new buffers')
  else
    health.warn('not enabled', 'Add `vim.lsp.enable("incident_lsp")` to your init.lua.')
  end

  local clients = vim.lsp.get_clients({ name = 'incident_lsp' })
  if #clients == 0 then
    health.info('no server is running; one starts with the first buffer, or with :Incident explain')
  end
  for _, client in ipairs(clients) do
    health.ok(('server %d runs in %s'):format(client.id, client.root_dir or 'no root'))
  end

  if vim.fn.executable('git') == 1 then
    health.ok('git: ' .. vim.fn.exepath('git'))
  else
    health.warn('git is not on the PATH', 'Without it there are no suspects and no scratch worktrees.')
  end
end

return M
