---The verbs of `:Incident`. Each is one `workspace/executeCommand`, so that anything done here can
---be done from any LSP client.

local M = {}

local NAME = 'incident_lsp'

---@param message string
---@param level? integer
local function say(message, level)
  vim.notify('incident: ' .. message, level or vim.log.levels.INFO)
end

---Returns a running client, starting one for the working directory where there is none: a trace
---may be pasted into a buffer that no server is attached to.
---@return vim.lsp.Client?
local function client()
  for _, filter in ipairs({ { bufnr = 0, name = NAME }, { name = NAME } }) do
    for _, running in ipairs(vim.lsp.get_clients(filter)) do
      -- One that was told to stop is listed until its process is gone.
      if not running:is_stopped() then
        return running
      end
    end
  end
  ---@type table<string, vim.lsp.Config?>
  local configs = vim.lsp.config --[[@as any]]
  local known = configs[NAME]
  if not known then
    return nil
  end
  local config = vim.deepcopy(known)
  local folder = vim.fn.getcwd()
  local markers = config.root_markers or {}
  config.root_dir = vim.fs.root(0, markers) or vim.fs.root(folder, markers) or folder
  local id = vim.lsp.start(config --[[@as vim.lsp.ClientConfig]], { attach = false })
  return id and vim.lsp.get_client_by_id(id)
end

---Runs a command on the server and hands its answer on. Never blocks the editor.
---@param command string
---@param arguments? table[]
---@param on_answer? fun(answer: any)
local function execute(command, arguments, on_answer)
  local server = client()
  if not server then
    say('the server could not be started; see :checkhealth incident', vim.log.levels.ERROR)
    return
  end
  server:request('workspace/executeCommand', { command = command, arguments = arguments or {} }, function(err, answer)
    if err then
      say(err.message, vim.log.levels.ERROR)
    elseif on_answer then
      on_answer(answer)
    end
  end)
end

---Puts what the server published into the quickfix list, worst first.
local function show_places()
  local places = vim.tbl_filter(function(diagnostic)
    return diagnostic.source == 'incident'
  end, vim.diagnostic.get())
  if #places == 0 then
    return
  end
  table.sort(places, function(a, b)
    if a.severity ~= b.severity then
      return a.severity < b.severity
    end
    return a.lnum < b.lnum
  end)
  vim.fn.setqflist({}, ' ', { title = 'Incident', items = vim.diagnostic.toqflist(places) })
  vim.cmd('botright copen | wincmd p')
end

---Diagnostics are notifications: they may arrive after the answer. Waits for the first of them.
local function show_places_soon()
  local group = vim.api.nvim_create_augroup('incident.places', {})
  local shown = false
  local function show()
    if not shown then
      shown = true
      pcall(vim.api.nvim_del_augroup_by_id, group)
      show_places()
    end
  end
  vim.api.nvim_create_autocmd('DiagnosticChanged', {
    group = group,
    callback = function()
      vim.schedule(show)
    end,
  })
  vim.defer_fn(show, 500)
end

---@param argument table
local function explain(argument)
  execute('incident.explain', { argument }, function(answer)
    local incidents = type(answer) == 'table' and answer.incidents or {}
    if #incidents > 0 then
      show_places_soon()
    end
  end)
end

---@param command vim.api.keyset.create_user_command.command_args
---@return lsp.Range?
local function range_of(command)
  if command.range == 0 then
    return nil
  end
  -- Whole lines: a trace that begins in the middle of a line is no trace.
  return {
    start = { line = command.line1 - 1, character = 0 },
    ['end'] = { line = command.line2, character = 0 },
  }
end

---The text of the buffer's lines, for buffers that the server does not know.
---@param command vim.api.keyset.create_user_command.command_args
local function text_of(command)
  local first, last = 0, -1
  if command.range > 0 then
    first, last = command.line1 - 1, command.line2
  end
  return table.concat(vim.api.nvim_buf_get_lines(0, first, last, false), '\n') .. '\n'
end

---The arguments of a command about the incident that was named, or the newest.
---@param rest string[]
local function by_id(rest)
  return rest[1] and { { id = rest[1] } } or {}
end

---The same about the fix on the branch that was named, or the newest.
---@param rest string[]
local function on_branch(rest)
  return rest[1] and { { branch = rest[1] } } or {}
end

---Opens the file that an answer names; the server shows it itself where it can.
---@param field string
local function edit_unless_shown(field)
  return function(answer)
    if type(answer) == 'table' and type(answer[field]) == 'string' and not answer.shown then
      vim.cmd.edit(vim.fn.fnameescape(answer[field]))
    end
  end
end

---Puts an answer's text where it can be pasted from.
local function copy(answer)
  if type(answer) == 'table' and answer.text then
    local ok = pcall(vim.fn.setreg, '+', answer.text)
    vim.fn.setreg('"', answer.text)
    say(answer.message .. (ok and ' It is on the clipboard.' or ' It is in the unnamed register.'))
  end
end

local function tell(answer)
  say(answer.message)
end

---The verification that was started last.
---@type integer?
local verification

---@type table<string, { run: fun(command: table, rest: string[]), about: string }>
M.verbs = {
  explain = {
    about = 'explain the selection, or the whole buffer',
    run = function(command)
      if vim.lsp.get_clients({ bufnr = 0, name = NAME })[1] and vim.bo.buftype == '' then
        explain({ uri = vim.uri_from_bufnr(0), range = range_of(command) })
      else
        explain({ text = text_of(command) })
      end
    end,
  },
  paste = {
    about = 'explain what is on the clipboard',
    run = function()
      local ok, text = pcall(function()
        return vim.fn.getreg('+')
      end)
      if not ok or text == '' then
        text = vim.fn.getreg('"')
      end
      if text == '' then
        say('the clipboard is empty; copy a stack trace first', vim.log.levels.WARN)
        return
      end
      explain({ text = text })
    end,
  },
  fix = {
    about = 'choose among the fixes for the line under the cursor, or show the one on a branch',
    run = function(_, rest)
      if rest[1] then
        execute('incident.openFix', { { branch = rest[1] } }, edit_unless_shown('file'))
        return
      end
      -- The kind is our own, below one that the protocol names.
      local kinds = {
        'quickfix.incident' --[[@as lsp.CodeActionKind]],
      }
      vim.lsp.buf.code_action({ context = { only = kinds, diagnostics = {}, triggerKind = 1 } })
    end,
  },
  report = {
    about = 'show the report of the incident',
    run = function(_, rest)
      execute('incident.report', by_id(rest), edit_unless_shown('path'))
    end,
  },
  verify = {
    about = 'run the checks without and with the newest fix, or the one on a branch',
    run = function(_, rest)
      execute('incident.verifyFix', on_branch(rest), function(answer)
        verification = answer.job
        say(answer.message)
      end)
    end,
  },
  cancel = {
    about = 'stop the verification that was started last',
    run = function()
      if not verification then
        say('no verification was started; :Incident verify starts one')
        return
      end
      execute('incident.cancelVerify', { { job = verification } }, tell)
    end,
  },
  ['sign-off'] = {
    about = 'show the change of a fix, its verdict, and how to take it over',
    run = function(_, rest)
      execute('incident.signOff', on_branch(rest), edit_unless_shown('path'))
    end,
  },
  worked = {
    about = 'remember that the newest fix, or the one on a branch, mended the incident',
    run = function(_, rest)
      execute('incident.fixWorked', on_branch(rest))
    end,
  },
  failed = {
    about = 'remember that it did not',
    run = function(_, rest)
      execute('incident.fixFailed', on_branch(rest))
    end,
  },
  undo = {
    about = 'take back what was said last about an incident',
    run = function(_, rest)
      execute('incident.takeBack', by_id(rest))
    end,
  },
  dismiss = {
    about = 'put an incident aside: it shows nothing more',
    run = function(_, rest)
      execute('incident.dismiss', by_id(rest), tell)
    end,
  },
  reopen = {
    about = 'take up an incident that was put aside',
    run = function(_, rest)
      execute('incident.reopen', by_id(rest), tell)
    end,
  },
  confirm = {
    about = 'note that the first hypothesis was the cause',
    run = function(_, rest)
      local number = tonumber(rest[1])
      execute('incident.confirm', { number and { number = number } or vim.empty_dict() })
    end,
  },
  check = {
    about = 'hold the APIs of the selection or buffer against the lock file',
    run = function(command)
      execute('incident.checkApis', { { uri = vim.uri_from_bufnr(0), range = range_of(command) } })
    end,
  },
  prompt = {
    about = 'put the redacted prompt of the incident on the clipboard',
    run = function(_, rest)
      execute('incident.copyPrompt', by_id(rest), copy)
    end,
  },
  ['show-prompt'] = {
    about = 'show what a model would get to see',
    run = function(_, rest)
      execute('incident.showPrompt', by_id(rest), edit_unless_shown('path'))
    end,
  },
  summary = {
    about = 'put a few redacted lines for the channel on the clipboard',
    run = function(_, rest)
      execute('incident.copySummary', by_id(rest), copy)
    end,
  },
  suggestion = {
    about = 'hold a pasted answer (selection, or the whole buffer) against the incident',
    run = function(command)
      execute('incident.checkSuggestion', { { text = text_of(command) } }, function(answer)
        for _, it in ipairs(type(answer) == 'table' and answer.judgements or {}) do
          say(('%s: %s'):format((it.mark:gsub('_', ' ')), it.text))
        end
      end)
    end,
  },
  status = {
    about = 'say what the server knows and does',
    run = function()
      execute('incident.status', {}, function(answer)
        say(type(answer) == 'table' and answer.message or vim.inspect(answer))
      end)
    end,
  },
  list = {
    about = 'list the explained incidents',
    run = function()
      execute('incident.list', {}, function(answer)
        local incidents = type(answer) == 'table' and answer.incidents or {}
        if #incidents == 0 then
          say('no incident was explained yet; select a stack trace and run :Incident explain')
          return
        end
        for _, incident in ipairs(incidents) do
          say(('%s  %s'):format(incident.id, incident.title))
        end
      end)
    end,
  },
  clear = {
    about = 'take away everything that is shown',
    run = function()
      -- Folders without a common root have servers of their own; each takes away what it shows.
      for _, server in ipairs(vim.lsp.get_clients({ name = NAME })) do
        server:request('workspace/executeCommand', { command = 'incident.clear', arguments = {} }, function(err)
          if err then
            say(err.message, vim.log.levels.ERROR)
          end
        end)
      end
    end,
  },
  clean = {
    about = 'remove the scratch worktrees',
    run = function()
      execute('incident.cleanScratch')
    end,
  },
}

---Runs `:Incident VERB ...`; without a verb it explains.
---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local rest = vim.list_slice(command.fargs, 2)
  local name = command.fargs[1] or 'explain'
  local verb = M.verbs[name]
  if not verb then
    say(('there is no verb "%s"; there are %s'):format(name, table.concat(M.names(), ', ')), vim.log.levels.ERROR)
    return
  end
  verb.run(command, rest)
end

---@return string[] names The verbs, sorted.
function M.names()
  local names = vim.tbl_keys(M.verbs)
  table.sort(names)
  return names
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  if #vim.split(vim.trim(line), '%s+') > 2 or (lead == '' and line:find('%sIncident%s+%S+%s')) then
    return {}
  end
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, M.names())
end

return M
